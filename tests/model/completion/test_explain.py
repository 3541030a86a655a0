"""Explanations of long texts, and cancelled ones."""

from __future__ import annotations

import pytest

from foretype_model.cancellation import Cancelled
from foretype_model.completion.completer import Completer
from foretype_model.completion.explain import MAX_EXPLAINED_CHARACTERS
from foretype_model.predictors.scripted import ScriptedPredictor

LONG_TEXT = "the mill – and the mint, " * 1000


class StepCounter(ScriptedPredictor):
    """Counts the bytes it is asked to step over."""

    steps = 0

    def step(self, states, following):
        self.steps += len(following)
        return super().step(states, following)


def test_long_text_is_bounded():
    """The beginning of a long text is explained, as if it were the whole text."""
    predictor = StepCounter([LONG_TEXT[:500]])
    completer = Completer({"scripted": predictor}, pytest.fail)
    why = completer.explain(b"see ", LONG_TEXT, 3)
    beginning = LONG_TEXT[:MAX_EXPLAINED_CHARACTERS]
    assert why == completer.explain(b"see ", beginning, 3)
    assert why.text == beginning
    assert predictor.steps == 2 * len(beginning.encode())


@pytest.mark.parametrize("checks", [1, 2, 100])
def test_explanation_stops_once_cancelled(checks):
    """An explanation checks between any two bytes whether it is cancelled."""
    predictor, asked = StepCounter(["the mill"]), 0

    def is_cancelled():
        nonlocal asked
        asked += 1
        return asked > checks

    completer = Completer({"scripted": predictor}, pytest.fail)
    with pytest.raises(Cancelled):
        completer.explain(b"", LONG_TEXT, 3, is_cancelled)
    assert predictor.steps == checks
    assert completer.explain(b"", "the mill", 3), "the next one is answered"
