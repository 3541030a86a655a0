"""The state at any place of a long text becomes that of a replay from the place's anchor."""

from __future__ import annotations

import random
from zlib import crc32

import pytest

from foretype_model.states.anchored_states import (
    ANCHOR_SPACING,
    IMMEDIATE_BYTES,
    INTERIM_BYTES,
    MAX_CACHES,
    MIN_CONTEXT_BYTES,
    AnchoredStates,
    anchor,
)
from foretype_model.states.state_cache import size_in_bytes
from foretype_model.text.rope import Rope

MEMORY_OF_STATES = 4_000_000


class ChecksumPredictor:
    """Its state is a checksum of the text it has read. Counts the bytes."""

    def __init__(self) -> None:
        self.read = 0

    def start(self) -> int:
        return 0

    def feed(self, state: int, text: bytes) -> int:
        self.read += len(text)
        return crc32(text, state)


def prose(size_in_bytes: int) -> bytes:
    draw = random.Random(1)
    words = [b"river", b"morning", b"the", b"of", b"question", b"\n", b"a"]
    return b" ".join(draw.choices(words, k=size_in_bytes // 3))[:size_in_bytes]


def replayed(text: bytes) -> int:
    return crc32(text[anchor(len(text)) :])


@pytest.mark.parametrize(
    "place",
    [
        0,
        MIN_CONTEXT_BYTES,
        ANCHOR_SPACING,
        ANCHOR_SPACING + MIN_CONTEXT_BYTES - 1,
        ANCHOR_SPACING + MIN_CONTEXT_BYTES,
        10 * ANCHOR_SPACING,
    ],
)
def test_anchor_distance_is_bounded(place: int) -> None:
    """An anchor lies at least the least context before its place, and at most a block more."""
    start = anchor(place)
    assert start % ANCHOR_SPACING == 0
    assert start == 0 or MIN_CONTEXT_BYTES <= place - start < MIN_CONTEXT_BYTES + ANCHOR_SPACING
    assert start or place < MIN_CONTEXT_BYTES + ANCHOR_SPACING


def test_distant_place_becomes_exact() -> None:
    """A state far on is read from nearby at first, and is exact once the text has been read."""
    counting = ChecksumPredictor()
    text, states = prose(3 * ANCHOR_SPACING), AnchoredStates(counting, MEMORY_OF_STATES)
    near = states.at(Rope.of(text))
    assert counting.read <= 2 * IMMEDIATE_BYTES
    assert not states.is_exact
    assert near != replayed(text)
    slices, answers = 1, [near]
    while not states.catch_up(Rope.of(text), 512):
        slices += 1
        counting.read = 0
        answers.append(states.at(Rope.of(text)))
        assert counting.read <= IMMEDIATE_BYTES
    assert slices <= (MIN_CONTEXT_BYTES + ANCHOR_SPACING) // 512 + 4
    # The states from nearby and from some way before, and no mixture of the two.
    assert len(set(answers)) == 2
    assert answers.index(answers[-1]) <= 2 * INTERIM_BYTES // 512
    assert states.at(Rope.of(text)) == replayed(text)
    assert states.is_exact


def test_paragraph_is_exact_at_once() -> None:
    """Of a text of one paragraph, the first state is exact: it is read from its beginning."""
    text, states = (
        b"Please ask Philippa Wainwright for the key. " * 5,
        AnchoredStates(ChecksumPredictor(), MEMORY_OF_STATES),
    )
    assert states.at(Rope.of(text)) == replayed(text)
    assert states.is_exact


def test_edits_end_in_replayed_state() -> None:
    """After any edits, the caught-up state at any place is that of a replay from its anchor."""
    draw = random.Random(2)
    text, states = prose(2 * ANCHOR_SPACING), AnchoredStates(ChecksumPredictor(), MEMORY_OF_STATES)
    for _ in range(12):
        at = draw.randrange(len(text))
        text = text[:at] + prose(draw.choice([1, 30, 3000])) + text[at + draw.choice([0, 1, 500]) :]
        place = Rope.of(text[: draw.choice([at, at + 1, len(text), draw.randrange(len(text))])])
        states.at(place)
        while not states.catch_up(place, 4096):
            pass
        assert states.at(place) == replayed(bytes(place))


def test_crossing_blocks_reads_little() -> None:
    """Typing over the border of a block reads little before the answer."""
    counting = ChecksumPredictor()
    text, states = (
        prose(2 * ANCHOR_SPACING + MIN_CONTEXT_BYTES + 40),
        AnchoredStates(counting, MEMORY_OF_STATES),
    )
    for end in range(2 * ANCHOR_SPACING + MIN_CONTEXT_BYTES - 40, len(text)):
        counting.read = 0
        states.at(Rope.of(text[:end]))
        assert counting.read <= 2 * IMMEDIATE_BYTES
        counting.read = 0
        for _ in range(3):
            states.catch_up(Rope.of(text[:end]), 512)


def test_caches_respect_memory() -> None:
    """The caches of a text stay within the memory."""
    text, states = (
        Rope.of(prose(8 * ANCHOR_SPACING)),
        AnchoredStates(ChecksumPredictor(), 30 * MAX_CACHES * size_in_bytes(2**31)),
    )
    for place in (8 * ANCHOR_SPACING, ANCHOR_SPACING, 100, 5 * ANCHOR_SPACING, 3 * ANCHOR_SPACING):
        states.at(text.upto(place))
        while not states.catch_up(text.upto(place), 4096):
            pass
    readings = states._caches
    assert len(readings) <= MAX_CACHES
    assert all(len(one.cache._states) <= 65 for one in readings)


def test_jump_back_keeps_context() -> None:
    """After a jump back close to the start of a cache, the state still has the least context."""
    text, states = (
        Rope.of(prose(3 * ANCHOR_SPACING)),
        AnchoredStates(ChecksumPredictor(), MEMORY_OF_STATES),
    )
    states.at(text)
    start = states._caches[0].start
    states.at(text.upto(start + 10))
    assert states._caches[0].start <= start + 10 - IMMEDIATE_BYTES
