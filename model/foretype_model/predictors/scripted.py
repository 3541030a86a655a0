"""A predictor that repeats given texts, so that tests of all layers above it need no model.

The setting ``{"predictors": {"scripted": {"texts": ["hello world"]}}}`` makes it offer " world"
after "hello".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foretype_model.errors import PredictorError
from foretype_model.predictor import END_OF_TEXT, VOCABULARY, LogProbabilities, PredictorConfig

MAX_COMPARED_BYTES = 32
"""Bytes of context that are compared with the texts."""

KNOWN_PROBABILITY = 0.98
"""Probability of all bytes that continue a text; the rest is spread evenly."""


class ScriptedPredictor:
    """A predictor that continues its texts after the longest suffix of the context in any of them.

    A state is the last `MAX_COMPARED_BYTES` bytes. Several continuations share the probability.
    END_OF_TEXT follows the last byte of a text.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [text.encode() + bytes([END_OF_TEXT]) for text in texts]

    def start(self) -> bytes:
        return b""

    def feed(self, state: bytes, text: bytes) -> bytes:
        return (state + text)[-MAX_COMPARED_BYTES:]

    def step(self, states: Sequence[bytes], following: Sequence[int]) -> list[bytes]:
        return [
            self.feed(state, bytes([byte])) for state, byte in zip(states, following, strict=True)
        ]

    def predict(self, states: Sequence[bytes]) -> LogProbabilities:
        return np.stack([self._predict(state) for state in states])

    def _predict(self, state: bytes) -> LogProbabilities:
        following = self._following(state)
        rest = (1 - KNOWN_PROBABILITY) if following else 1.0
        probabilities = np.full(VOCABULARY, rest / VOCABULARY, np.float32)
        for byte in following:
            probabilities[byte] += KNOWN_PROBABILITY / len(following)
        return np.log(probabilities)

    def _following(self, state: bytes) -> list[int]:
        """Return the bytes that follow the longest known suffix of `state`."""
        for length in range(len(state), 0, -1):
            suffix = state[-length:]
            found = [
                text[i + length]
                for text in self._texts
                for i in range(len(text) - length)
                if text.startswith(suffix, i)
            ]
            if found:
                return found
        return []


def create(config: PredictorConfig) -> ScriptedPredictor:
    """Make the predictor (the entry point) from the option ``texts``, a list of strings."""
    texts = config.options.get("texts", [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise PredictorError('the scripted predictor takes {"texts": ["...", ...]}')
    return ScriptedPredictor(texts)
