"""The search for candidates: its order, its ends, and the bytes that it asks for."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.search import Hypothesis, Sampler, Search
from foretype_model.predictor import VOCABULARY
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.text.grammar import Word

GREEDY = Sampler(0.0, 0, 1.0, 0, b"go ")


class AskedPredictor(ScriptedPredictor):
    """A predictor that keeps the states that it was asked about."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__(texts)
        self.asked: list[bytes] = []

    def predict(self, states):
        self.asked.extend(states)
        return super().predict(states)


class UnsurePredictor(ScriptedPredictor):
    """A predictor that expects letters with under 2 % each, the first most, then a space."""

    def __init__(self, letters: str) -> None:
        super().__init__([])
        self._letters = list(letters.encode())

    def predict(self, states):
        rows = np.full((len(states), VOCABULARY), 1e-9, np.float32)
        for row, state in zip(rows, states, strict=True):
            if state.endswith(b" "):
                row[self._letters] = 0.0185 - 0.001 * np.arange(len(self._letters))
                row[1] = 1 - row.sum()  # a byte that nobody types
            else:
                row[ord(" ")] = 1
        return np.log(rows)


def found(predictor: ScriptedPredictor, count: int) -> list[Hypothesis]:
    """Return the best words after "go "."""
    state = predictor.feed(predictor.start(), b"go ")
    return Search(LookaheadCache(predictor, state), Word(), GREEDY, count).run()[0]


def test_probable_words_are_enough() -> None:
    """Words that are probable together end the search, before words that are improbable."""
    texts = [one.text for one in found(ScriptedPredictor(["go on"] * 60 + ["go up"]), 5)]
    assert texts[0] == b"on"
    assert all(text.startswith(b"o") for text in texts)


@pytest.mark.parametrize("first", range(17))
def test_improbable_words_are_ranked(first: int) -> None:
    """If hardly a word is likely, the best of the improbable words are found, the best first."""
    letters = "abcdefghijklmnopq"[first:] + "abcdefghijklmnopq"[:first]
    assert [one.text.decode() for one in found(UnsurePredictor(letters), 3)] == list(letters[:3])


def test_rank_is_log_probability() -> None:
    """At temperature 0 the rank of a word is its log-probability."""
    for one in found(ScriptedPredictor(["go on", "go up", "go up"]), 5):
        assert one.key == pytest.approx(one.log_p)
    assert math.exp(found(ScriptedPredictor(["go on"]), 1)[0].key) == pytest.approx(1, abs=0.1)


def test_hopeless_beginnings_are_not_read() -> None:
    """Once a word is found, a beginning that is less probable than it is not read on."""
    predictor = AskedPredictor(["go aa", "go aa", "go aa", "go bcdefghij"])
    assert [one.text for one in found(predictor, 1)] == [b"aa"]
    assert max(len(state.rpartition(b" ")[2]) for state in predictor.asked) == 2


def test_bytes_are_drawn_by_probability() -> None:
    """Above temperature 0 a byte is drawn as often as it is probable; at 0 it is the likeliest."""
    row = np.log(np.array([0.75, 0.25]))
    drawn = Counter(Sampler(1.0, 0, 1.0, seed, b"go ").sample(b"", row) for seed in range(400))
    assert drawn[1] / 400 == pytest.approx(0.25, abs=0.08)
    assert {Sampler(0.0, 0, 1.0, seed, b"go ").sample(b"", row) for seed in range(9)} == {0}
