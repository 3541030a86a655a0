"""Warm equals cold: after any edits, the cached state is that of replaying the text."""

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
def test_warm_equals_cold(network: Network, edits) -> None:
    """After any edits, the cached state is that of replaying the text."""
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


def test_released_cache_keeps_end(network: Network) -> None:
    """A released cache keeps few states, the one at the end among them."""
    counting = CountingNetwork(network)
    warm, text = StateCache(counting), b"left alone for a while " * 200
    warm.at(Rope.of(text))
    warm.release_memory(8)
    assert len(warm._positions) <= 9
    counting.read = 0
    warm.at(Rope.of(text))
    assert counting.read == 0
    assert warm.unread_bytes(Rope.of(text[: len(text) // 2])) <= len(text) // 8 + SNAPSHOT_SPACING


def test_typed_character_costs_own_bytes(network: Network) -> None:
    """A typed character costs the reading of its own bytes."""
    counting = CountingNetwork(network)
    warm, text = StateCache(counting), b"some text that stands there already"
    warm.at(Rope.of(text))
    for character in ("a", "é", "日", "👩"):
        counting.read = 0
        text += character.encode()
        warm.at(Rope.of(text))
        assert counting.read == len(character.encode())


def test_going_back_is_bounded(network: Network) -> None:
    """Going back reads at most the spacing of the snapshots."""
    counting = CountingNetwork(network)
    warm, text = StateCache(counting), b"x" * 1000
    warm.at(Rope.of(text))
    for length in (999, 700, 333, 1):
        counting.read = 0
        assert warm.unread_bytes(Rope.of(text[:length])) <= SNAPSHOT_SPACING
        warm.at(Rope.of(text[:length]))
        assert counting.read <= SNAPSHOT_SPACING


def test_cancelled_reading_resumes(network: Network) -> None:
    """Cancelled reading stops, and keeps the states computed by then."""
    counting = CountingNetwork(network)
    warm, text, asked = StateCache(counting), b"z" * 1000, iter([False] * 5 + [True])
    with pytest.raises(Cancelled):
        warm.at(Rope.of(text), lambda: next(asked))
    assert counting.read == 5 * SNAPSHOT_SPACING
    warm.at(Rope.of(text))
    assert counting.read == len(text)


def test_snapshots_respect_memory(network: Network) -> None:
    """The snapshots of a long text stay within the memory, at even distances."""
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


def test_typing_leaves_no_gaps(network: Network) -> None:
    """Snapshots of a text typed key by key have no wide gaps."""
    warm, text = StateCache(CountingNetwork(network)), b"typed by hand, " * 400
    for length in range(len(text)):
        warm.at(Rope.of(text[:length]))
    assert np.diff(warm._positions).max() <= 2 * SNAPSHOT_SPACING


def test_jump_and_return_is_free(network: Network) -> None:
    """A cursor that jumps up and comes back causes no reading."""
    counting = CountingNetwork(network)
    warm, text = StateCache(counting), b"there and back again " * 100
    warm.at(Rope.of(text))
    warm.at(Rope.of(text[:90]))
    counting.read = 0
    state = warm.at(Rope.of(text))
    assert counting.read == 0
    assert np.array_equal(state.h, network.feed(network.start(), text).h)


@given(st.binary(max_size=150), st.integers(0, 150), st.integers(0, 20), st.binary(max_size=20))
def test_adopted_states_equal_reading(text, start, count, edit) -> None:
    """Adopted states are those that reading would have computed."""
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


def test_foreign_states_are_rejected() -> None:
    """States that go on from another state than the cached one are not adopted."""
    predictor = ScriptedPredictor(["some text"])
    warm, text = StateCache(predictor), Rope.of(b"some text")
    warm.at(text.upto(4))
    warm.adopt(text, 4, [predictor.feed(predictor.start(), b"elsewhere"), "wrong"])
    assert warm.at(text.upto(5)) == predictor.feed(predictor.start(), b"some ")


def test_state_size_counts_arrays(network: Network) -> None:
    """The size of a state is about that of its arrays."""
    state = network.start()
    assert (
        state.h.nbytes + state.log_probabilities.nbytes
        < size_in_bytes((state, "copy"))
        < 1000 + 2 * state.h.nbytes + 2048
    )
