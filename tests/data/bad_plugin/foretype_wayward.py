"""Faulty predictors, each with one fault, which must not affect any other predictor."""

import os
import sys
import time

import numpy as np

from foretype_model.predictor import VOCABULARY


class Uniform:
    """A correct predictor without knowledge: all next bytes are equally likely."""

    def __init__(self, config):
        self.options = config.options

    def start(self):
        return b""

    def feed(self, state, text):
        return (state + text)[-8:]

    def step(self, states, following):
        return [
            self.feed(state, bytes([byte])) for state, byte in zip(states, following, strict=True)
        ]

    def predict(self, states):
        return np.full((len(states), VOCABULARY), -np.log(VOCABULARY), np.float32)


class Raising(Uniform):
    def step(self, states, following):
        raise KeyError("the key is lost")


class Slow(Uniform):
    def step(self, states, following):
        time.sleep(self.options.get("seconds", 0.15))
        return super().step(states, following)


class Endless(Uniform):
    def step(self, states, following):
        while True:
            time.sleep(1)


class NotANumber(Uniform):
    def predict(self, states):
        return super().predict(states) * np.float32("nan")


class Misshapen(Uniform):
    def predict(self, states):
        return super().predict(states)[:, :128]


class Listing(Uniform):
    def predict(self, states):
        return super().predict(states).tolist()


class Forgetting(Uniform):
    def step(self, states, following):
        return super().step(states, following)[1:]


class Quitting(Uniform):
    def step(self, states, following):
        sys.exit("enough of this")


class NoLogarithms(Uniform):
    def predict(self, states):
        return np.exp(super().predict(states))


class Unnormalised(Uniform):
    def predict(self, states):
        return super().predict(states) + 1


class Changing(Uniform):
    """A predictor that changes the states that it is given."""

    def start(self):
        return bytearray()

    def feed(self, state, text):
        state += text
        return state

    def step(self, states, following):
        return [
            self.feed(state, bytes([byte])) for state, byte in zip(states, following, strict=True)
        ]

    def predict(self, states):
        rows = np.stack([np.arange(VOCABULARY) * (len(state) % 7) / 100.0 for state in states])
        return rows - np.log(np.exp(rows).sum(1, keepdims=True))


class Skipping(Changing):
    """A predictor whose feed differs from its steps."""

    def feed(self, state, text):
        return state + text[:1]


class Crashing(Uniform):
    def step(self, states, following):
        os._exit(3)


class Printing(Uniform):
    """A correct predictor that prints to standard output."""

    def __init__(self, config):
        super().__init__(config)
        print("{a plugin that prints}")
        os.write(1, b"{and one that prints from C}")


def leave(config):
    sys.exit("a script, not a library")


def nothing(config):
    return object()
