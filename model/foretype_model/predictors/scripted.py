"""A predictor that knows a few texts by heart, so that tests of everything above it need no model.

``{"predictors": {"scripted": {"texts": ["hello world"]}}}`` in the settings makes it offer " world"
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
"""Probability, in all, of the bytes that go on as in the texts; the rest is spread evenly."""


class ScriptedPredictor:
    """Goes on as its texts do, from the longest suffix of the context that stands in any of them.

    A state is the last `MAX_COMPARED_BYTES` bytes. Where several texts go on from there, they share
    the probability. After the last byte of a text comes END_OF_TEXT.
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
        """The bytes that follow the longest known suffix of `state`."""
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
    """The entry point: ``texts`` in the predictor's own settings, a list of strings."""
    texts = config.options.get("texts", [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise PredictorError('the scripted predictor takes {"texts": ["...", ...]}')
    return ScriptedPredictor(texts)
