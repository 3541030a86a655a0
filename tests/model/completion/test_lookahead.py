"""Predictions beyond the cursor: computed once, exact, and kept while the user types."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.predictors.scripted import ScriptedPredictor

SCRIPT = ["the words that are said", "the wordless", "a wonder"]


class StepCounter(ScriptedPredictor):
    """Counts the states it is asked to step from."""

    def __init__(self, script):
        super().__init__(script)
        self.steps: Counter[int] = Counter()

    def step(self, states, following):
        for byte in following:
            self.steps[byte] += 1
        return super().step(states, following)


@given(st.lists(st.binary(max_size=6), max_size=12))
def test_predictions_equal_reading(continuations: list[bytes]) -> None:
    """Cached predictions equal those after reading the text."""
    predictor = ScriptedPredictor(SCRIPT)
    start = predictor.feed(predictor.start(), b"the ")
    lookahead = LookaheadCache(predictor, start)
    asked = [*continuations, b"words", b""]
    read = [predictor.feed(start, text) for text in asked]
    assert np.array_equal(lookahead.predict(asked), predictor.predict(read))
    assert np.array_equal(lookahead.predict(asked), predictor.predict(read)), "and once more"


def test_foreseen_keys_cost_nothing() -> None:
    """After foreseen keys were typed, the predictions beyond them are not computed again."""
    predictor = StepCounter(SCRIPT)
    lookahead = LookaheadCache(predictor, predictor.feed(predictor.start(), b"the "))
    lookahead.predict([b"w", b"wo", b"wor", b"word", b"a"])
    predictor.steps.clear()
    lookahead.advance(b"wo", predictor.feed(predictor.start(), b"the wo"))
    there = lookahead.predict([b"", b"r", b"rd", b"n"])
    assert predictor.steps == {ord("n"): 1}
    fresh = LookaheadCache(predictor, predictor.feed(predictor.start(), b"the wo"))
    assert np.array_equal(there, fresh.predict([b"", b"r", b"rd", b"n"]))


def test_cursor_prediction_is_new() -> None:
    """The prediction at the cursor itself is computed anew, with all that was learnt since."""
    old, new = ScriptedPredictor(["abc"]), ScriptedPredictor(["abd"])
    lookahead = LookaheadCache(old, old.feed(old.start(), b"a"))
    lookahead.predict([b"b"])
    lookahead._predictor = new  # as if it had learnt better since
    lookahead.advance(b"b", new.feed(new.start(), b"ab"))
    assert lookahead.predict([b""])[0].argmax() == ord("d")


def test_typing_through_offers_saves_steps() -> None:
    """Typing through offers takes less than 0.7 of the steps, for the same candidates."""

    def completer() -> tuple[Completer, StepCounter]:
        predictor = StepCounter(
            ["the words that are said to a wonderful audience", "the wordless song"]
        )
        return Completer({"scripted": predictor}, print), predictor

    one, predictor = completer()
    text, spent, fresh = b"the ", list[int](), list[int]()
    for _ in range(12):
        before = predictor.steps.total()
        offered = one.next_words(text, b"", Options())
        spent.append(predictor.steps.total() - before)
        other, others = completer()
        assert other.next_words(text, b"", Options()) == offered
        fresh.append(others.steps.total())
        text += offered[0].text[:1].encode()
    assert spent[0] == fresh[0]
    assert sum(spent[1:]) < 0.7 * sum(fresh[1:])
