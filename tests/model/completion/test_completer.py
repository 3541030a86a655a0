"""A completer's states, whatever was requested and read in between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.completion.document_state import CATCH_UP_BYTES
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.states.anchored_states import anchor
from foretype_model.text.rope import Rope

LETTERS = b"abcdefghi "
TEXT = LETTERS * 2000 + b"abc"


class WholeTextPredictor:
    """Its state is the text it has read. It expects the letters in turn."""

    def start(self):
        return b""

    def feed(self, state, text):
        return state + text

    def step(self, states, following):
        return [state + bytes((byte,)) for state, byte in zip(states, following, strict=True)]

    def predict(self, states):
        rows = np.full((len(states), 256), 1e-5, np.float32)
        for row, state in zip(rows, states, strict=True):
            row[LETTERS[(LETTERS.find(state[-1:]) + 1) % len(LETTERS)]] = 0.9
        return np.log(rows / rows.sum(1, keepdims=True))


def caught_up(completer: Completer) -> int:
    """Catch up, and return the number of slices."""
    slices = 1
    while not completer.catch_up():
        slices += 1
    return slices


def asked_once() -> Completer:
    completer = Completer({"whole": WholeTextPredictor()}, pytest.fail)
    completer.ghost_text(TEXT, b"", Options())
    return completer


SLICES = caught_up(asked_once())
"""Slices until all of the text has been read."""


@settings(max_examples=30, deadline=None)
@given(st.integers(-3, 1), st.lists(st.integers(0, 1), min_size=2, max_size=12))
def test_exact_state_is_exact(more: int, then: list[int]) -> None:
    """A state that is said to be exact is, whatever was read between the keys."""
    completer = Completer({"whole": WholeTextPredictor()}, pytest.fail)
    text = TEXT
    for slices in (SLICES + more, *then):
        completer.ghost_text(text, b"", Options())
        completer.next_words(text, b"", Options())
        (state,) = completer._document.peek(Rope.of(text)).members
        if completer._document._anchored.is_exact:
            assert state == text[anchor(len(text)) :]
        for _ in range(slices):
            completer.catch_up()
        text += bytes((LETTERS[len(text) % len(LETTERS)],))


def test_characters_alone_catch_up() -> None:
    """A document with requests for next characters alone is read and observed as well."""
    copy = CopyPredictor()
    completer = Completer({"whole": WholeTextPredictor(), "copy": copy}, pytest.fail, "file:///a")
    assert completer.next_characters(TEXT, b"", Options())
    assert caught_up(completer) > len(TEXT) // CATCH_UP_BYTES
    assert copy.predict([copy.feed(copy.start(), b"abcde")])[0].argmax() == ord("f")


def test_explanation_keeps_catching_up() -> None:
    """An explanation of another place does not end the reading of the text of the last request."""
    completer = asked_once()
    assert completer.explain(TEXT[:20], "x", 3)
    assert caught_up(completer) >= SLICES
