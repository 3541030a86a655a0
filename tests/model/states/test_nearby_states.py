"""States at places that follow each other or lie far apart, with a bound on the bytes read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.states.nearby_states import MAX_UNREAD_BYTES, NearbyStates
from foretype_model.text.rope import Rope

TEXT = b"a line of some words\n" * 2000


class ReadingPredictor:
    """Its state is the text it has read. Counts the bytes."""

    read = 0

    def start(self):
        return b""

    def feed(self, state, text):
        self.read += len(text)
        return state + text


@given(st.lists(st.integers(0, len(TEXT)), max_size=8))
def test_state_bounds_bytes_read(places):
    """A state has read the text before its place, `MAX_UNREAD_BYTES` of it at most when asked."""
    predictor = ReadingPredictor()
    states = NearbyStates(predictor)
    for place in places:
        read = predictor.read
        state = states.at(Rope.of(TEXT).upto(place))
        assert TEXT[:place].endswith(state)
        assert predictor.read - read <= MAX_UNREAD_BYTES
        assert len(state) == place or TEXT[place - len(state) - 1 :].startswith(b"\n")


@pytest.mark.parametrize("text", [b"x" * 50_000, b"\n" + b"x" * 50_000])
def test_long_line_starts_inside(text):
    """A line without an end is read from `MAX_UNREAD_BYTES` before the place."""
    assert NearbyStates(ReadingPredictor()).at(Rope.of(text)) == b"x" * MAX_UNREAD_BYTES


def test_adopted_states_are_reused():
    """States from elsewhere are not computed again."""
    predictor = ReadingPredictor()
    states = NearbyStates(predictor)
    first = states.at(Rope.of(TEXT).upto(30_000))
    along = [first + TEXT[30_000 : 30_000 + count] for count in range(100)]
    along[0] = first
    read = predictor.read
    states.adopt(Rope.of(TEXT), 30_000, along)
    assert states.at(Rope.of(TEXT).upto(30_050)) is along[50]
    assert predictor.read == read
