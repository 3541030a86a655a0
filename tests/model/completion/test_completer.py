"""What one document's completer knows, after whatever was asked of it and read in between."""

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
    """Its state is all that it has read; it expects the letters in turn."""

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
    """The slices that took."""
    slices = 1
    while not completer.catch_up():
        slices += 1
    return slices


def asked_once() -> Completer:
    completer = Completer({"whole": WholeTextPredictor()}, pytest.fail)
    completer.ghost_text(TEXT, b"", Options())
    return completer


SLICES = caught_up(asked_once())
"""Until all of the text is read."""


@settings(max_examples=30, deadline=None)
@given(st.integers(-3, 1), st.lists(st.integers(0, 1), min_size=2, max_size=12))
def test_a_state_that_is_said_to_be_exact_is_whatever_was_read_between_the_keys(
    more: int, then: list[int]
) -> None:
    completer = Completer({"whole": WholeTextPredictor()}, pytest.fail)
    text = TEXT
    for slices in (SLICES + more, *then):
        completer.ghost_text(text, b"", Options())
        completer.next_words(text, b"", Options())
        (state,) = completer._document.peek(Rope.of(text))
        if completer._document._anchored.is_exact:
            assert state == text[anchor(len(text)) :]
        for _ in range(slices):
            completer.catch_up()
        text += bytes((LETTERS[len(text) % len(LETTERS)],))


def test_what_is_asked_for_characters_alone_is_read_and_shown_too() -> None:
    copy = CopyPredictor()
    completer = Completer({"whole": WholeTextPredictor(), "copy": copy}, pytest.fail, "file:///a")
    assert completer.next_characters(TEXT, b"", Options())
    assert caught_up(completer) > len(TEXT) // CATCH_UP_BYTES
    assert copy.predict([copy.feed(copy.start(), b"abcde")])[0].argmax() == ord("f")


def test_an_explanation_elsewhere_does_not_end_the_reading() -> None:
    completer = asked_once()
    assert completer.explain(TEXT[:20], "x", 3)
    assert caught_up(completer) >= SLICES
