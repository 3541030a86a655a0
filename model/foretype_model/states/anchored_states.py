"""The state at any place of a text of any length, read from an anchor near enough to be read soon.

Text some thousand bytes back no longer affects a network. So each place has an *anchor*, which
depends on the place alone: the beginning of the text, or of one of its blocks, at least
`MIN_CONTEXT_BYTES` bytes before the place. The exact state is that of replaying the text from the
anchor. Until that has been read, a few lines have to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from foretype_model.cancellation import IsCancelled, never
from foretype_model.predictor import Predictor, State
from foretype_model.states.state_cache import StateCache
from foretype_model.text.rope import Rope

MIN_CONTEXT_BYTES: Final = 8192
"""Bytes before a place that are read for its exact state, at least. With 8,192 a text took as many
bits as with the whole text before it; with 1,024 it took 0.004 more.
"""

ANCHOR_SPACING: Final = 32_768
"""Bytes between anchors."""

IMMEDIATE_BYTES: Final = 256
"""Bytes read while a request waits (5 ms at 768 units); up to twice as many, to begin with a line.
From these bytes alone, a character takes 0.03 bits more. From 64, it took 0.13 more, and what was
offered first in a document could be nonsense.
"""

INTERIM_BYTES: Final = 1024
"""Bytes read first when no request waits (40 ms)."""

MAX_CACHES: Final = 3
"""Caches of a text: from the anchor, from nearby, and from `INTERIM_BYTES` before or from the last
anchor.
"""


def anchor(place: int) -> int:
    """Return the byte from which the text is read for the exact state at byte `place`."""
    return max(0, (place - MIN_CONTEXT_BYTES) // ANCHOR_SPACING * ANCHOR_SPACING)


class _Entry(NamedTuple):
    """The states of the text from byte `start` on."""

    start: int
    cache: StateCache


class AnchoredStates:
    """The states of one text, for one predictor. The text may be edited anywhere, and states
    returned for any place.

    Attributes:
        start: the byte from which the text was read for the state returned last.
        is_exact: whether that is the anchor of its place.
    """

    def __init__(self, predictor: Predictor, memory: int) -> None:
        """The states take about `memory` bytes at most."""
        self._predictor = predictor
        self._memory = memory // MAX_CACHES
        self._caches: list[_Entry] = []
        self.start = 0
        self.is_exact = True

    def at(self, text: Rope, is_cancelled: IsCancelled = never) -> State:
        """Return the state at the end of `text`: exact if it can be had at once, else read from as
        far back as possible.

        Raises Cancelled once `is_cancelled()` is true.
        """
        entry = self._move_to_front(self._immediate(text))
        self.start = entry.start
        self.is_exact = entry.start == anchor(len(text))
        return entry.cache.at(text.since(entry.start), is_cancelled)

    def catch_up(self, text: Rope, max_bytes: int) -> bool:
        """Read about `max_bytes` bytes towards the exact state. Return whether it is reached."""
        near = self._immediate(text)
        aim = self._next_to_read(text, near)
        done = aim.cache.catch_up(text.since(aim.start), max_bytes)
        self._move_to_front(aim)
        if not done:
            self._move_to_front(near)
        return done and aim.start == anchor(len(text))

    def adopt(self, text: Rope, start: int, states: Sequence[State]) -> None:
        """Take over the states from byte `start` on, see `StateCache.adopt`, if they go on from the
        state that `at` returned last.
        """
        if self._caches and self._caches[0].start <= start:
            first = self._caches[0].start
            self._caches[0].cache.adopt(text.since(first), start - first, states)

    def release_memory(self, max_states: int) -> None:
        """Keep `max_states` states of the last cache: enough to come back soon."""
        del self._caches[1:]
        for entry in self._caches:
            entry.cache.release_memory(max_states)

    def _immediate(self, text: Rope) -> _Entry:
        """Return the cache that gives the state at once: the one from the anchor, or else one from
        as far back as possible.
        """
        exact, end = self._cache_from(anchor(len(text))), len(text)
        others = sorted(
            one
            for one in self._caches
            if end - 2 * ANCHOR_SPACING < one.start <= end - IMMEDIATE_BYTES
        )
        for entry in (exact, *others):
            if entry.cache.unread_bytes(text.since(entry.start)) <= IMMEDIATE_BYTES:
                return entry
        return self._cache_from(_start_of_line(text, IMMEDIATE_BYTES))

    def _next_to_read(self, text: Rope, near: _Entry) -> _Entry:
        """Return the cache to extend next: one from a little before `near`, the cache that answers
        now, and then the one from the anchor.
        """
        exact, end = self._cache_from(anchor(len(text))), len(text)
        if end - near.start >= INTERIM_BYTES or end - exact.start <= 2 * INTERIM_BYTES:
            return exact
        interim = (
            one for one in self._caches if INTERIM_BYTES <= end - one.start <= 4 * INTERIM_BYTES
        )
        return next(interim, None) or self._cache_from(_start_of_line(text, INTERIM_BYTES))

    def _cache_from(self, start: int) -> _Entry:
        """Return the cache from byte `start` on, or an empty one."""
        known = (one for one in self._caches if one.start == start)
        return next(known, None) or _Entry(start, StateCache(self._predictor, self._memory))

    def _move_to_front(self, entry: _Entry) -> _Entry:
        """Keep the cache, before the others."""
        others = [one for one in self._caches if one.start != entry.start]
        self._caches = [entry, *others][:MAX_CACHES]
        return entry


def _start_of_line(text: Rope, least: int) -> int:
    """Return the start of the first line that begins `least` to twice `least` bytes before the end
    of the text. If there is none, return the place `least` bytes before the end.
    """
    tail = text[-2 * least :]
    line = tail.rfind(b"\n", 0, -least) + 1
    return len(text) - (len(tail) - line if line else least)
