"""Warm equals cold: after any edits, the state at the cursor is that of replaying the text from its
start.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.cancellation import Cancelled
from foretype_model.predictors.network.runtime import Network
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.states.state_cache import (
    MIN_STATES,
    SNAPSHOT_SPACING,
    StateCache,
    size_in_bytes,
)
from foretype_model.text.rope import Rope

ALPHABET = [
    "a",
    "e",
    " ",
    "\n",
    "\r\n",
    "é",
    "日",
    "\u2028",
    "\f",
    "👩",
    "\u200d",
    "𝒳",
    "\u0301",
    "x = 1",
]
PIECES = st.lists(st.sampled_from(ALPHABET), max_size=90).map("".join)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1), PIECES, st.floats(0, 1)), min_size=1, max_size=8
)


class CountingNetwork:
    """The network, counting the bytes it reads."""

    def __init__(self, network: Network) -> None:
        self.network, self.read = network, 0

    def start(self):
        return self.network.start()

    def feed(self, state, text):
        self.read += len(text)
        return self.network.feed(state, text)

    def step(self, states, following):
        return self.network.step(states, following)

    def predict(self, states):
        return np.stack([state.log_probabilities for state in states])


class CountingReads(CountingNetwork):
    """Any predictor, counting the bytes it reads."""


@settings(max_examples=60, deadline=None)
@given(edits=EDITS)
def test_warm_equals_cold_after_any_edits(network: Network, edits) -> None:
    warm, text = StateCache(CountingNetwork(network)), ""
    for start, end, piece, cursor in edits:
        a, b = sorted((int(start * len(text)), int(end * len(text))))
        text = text[:a] + piece + text[b:]
        before = text[: int(cursor * len(text))].encode()
        cold = network.feed(network.start(), before)
        state = warm.at(Rope.of(before))
        assert np.array_equal(state.h, cold.h)
        assert np.array_equal(state.log_probabilities, cold.log_probabilities)
        if start < end:
            warm.release_memory(1 + int(10 * cursor))


def test_what_rests_has_few_states_and_its_end_among_them(network: Network) -> None:
    counting = CountingNetwork(network)
    warm, text = StateCache(counting), b"left alone for a while " * 200
    warm.at(Rope.of(text))
    warm.release_memory(8)
    assert len(warm._positions) <= 9
    counting.read = 0
    warm.at(Rope.of(text))
    assert counting.read == 0
    assert warm.unread_bytes(Rope.of(text[: len(text) // 2])) <= len(text) // 8 + SNAPSHOT_SPACING


def test_a_typed_character_costs_its_own_bytes(network: Network) -> None:
    counting = CountingNetwork(network)
    warm, text = StateCache(counting), b"some text that stands there already"
    warm.at(Rope.of(text))
    for character in ("a", "é", "日", "👩"):
        counting.read = 0
        text += character.encode()
        warm.at(Rope.of(text))
        assert counting.read == len(character.encode())


def test_going_back_costs_at_most_the_spacing(network: Network) -> None:
    counting = CountingNetwork(network)
    warm, text = StateCache(counting), b"x" * 1000
    warm.at(Rope.of(text))
    for length in (999, 700, 333, 1):
        counting.read = 0
        assert warm.unread_bytes(Rope.of(text[:length])) <= SNAPSHOT_SPACING
        warm.at(Rope.of(text[:length]))
        assert counting.read <= SNAPSHOT_SPACING


def test_reading_stops_when_nobody_waits_and_keeps_what_was_read(network: Network) -> None:
    counting = CountingNetwork(network)
    warm, text, asked = StateCache(counting), b"z" * 1000, iter([False] * 5 + [True])
    with pytest.raises(Cancelled):
        warm.at(Rope.of(text), lambda: next(asked))
    assert counting.read == 5 * SNAPSHOT_SPACING
    warm.at(Rope.of(text))
    assert counting.read == len(text)


def test_snapshots_of_a_long_text_stay_within_their_memory(network: Network) -> None:
    most = 4 * MIN_STATES
    memory = most * size_in_bytes(network.start())
    warm = StateCache(CountingNetwork(network), memory)
    text = b"y" * (SNAPSHOT_SPACING * most * 2)
    for length in range(0, len(text), len(text) // 8):
        warm.at(Rope.of(text[:length]))
        assert sum(map(size_in_bytes, warm._states)) <= memory
    gaps = np.diff(warm._positions)
    assert gaps.max() <= 4 * len(text) // most + SNAPSHOT_SPACING
    assert warm.unread_bytes(Rope.of(text[: length - 1])) <= SNAPSHOT_SPACING


def test_a_text_typed_key_by_key_leaves_no_wide_gaps(network: Network) -> None:
    warm, text = StateCache(CountingNetwork(network)), b"typed by hand, " * 400
    for length in range(len(text)):
        warm.at(Rope.of(text[:length]))
    assert np.diff(warm._positions).max() <= 2 * SNAPSHOT_SPACING


def test_a_cursor_that_jumps_up_and_comes_back_reads_nothing_again(network: Network) -> None:
    counting = CountingNetwork(network)
    warm, text = StateCache(counting), b"there and back again " * 100
    warm.at(Rope.of(text))
    warm.at(Rope.of(text[:90]))
    counting.read = 0
    state = warm.at(Rope.of(text))
    assert counting.read == 0
    assert np.array_equal(state.h, network.feed(network.start(), text).h)


@given(st.binary(max_size=150), st.integers(0, 150), st.integers(0, 20), st.binary(max_size=20))
def test_adopted_states_are_those_that_would_have_been_read(text, start, count, edit) -> None:
    predictor = ScriptedPredictor(["some text"])
    start = min(start, len(text))
    reads = CountingReads(predictor)
    warm = StateCache(reads)
    here = warm.at(Rope.of(text[:start]))
    ahead = [
        predictor.feed(predictor.start(), text[: start + n])
        for n in range(1, min(count, len(text) - start) + 1)
    ]
    warm.adopt(Rope.of(text), start, [here, *ahead])
    reads.read = 0
    assert warm.at(Rope.of(text)) == predictor.feed(predictor.start(), text)
    assert reads.read == len(text) - start - len(ahead)
    assert warm.at(Rope.of(text[:start] + edit)) == predictor.feed(
        predictor.start(), text[:start] + edit
    )


def test_what_goes_on_from_another_state_is_not_adopted() -> None:
    predictor = ScriptedPredictor(["some text"])
    warm, text = StateCache(predictor), Rope.of(b"some text")
    warm.at(text.upto(4))
    warm.adopt(text, 4, [predictor.feed(predictor.start(), b"elsewhere"), "wrong"])
    assert warm.at(text.upto(5)) == predictor.feed(predictor.start(), b"some ")


def test_the_size_of_a_state_is_about_that_of_its_arrays(network: Network) -> None:
    state = network.start()
    assert (
        state.h.nbytes + state.log_probabilities.nbytes
        < size_in_bytes((state, "copy"))
        < 1000 + 2 * state.h.nbytes + 2048
    )
