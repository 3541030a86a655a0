"""The state at any place of a text, however long it is: read from a point near enough to be read
soon.

A network has forgotten what stood some thousand bytes before. So each place has a *start point*,
which depends on the place alone, and the state there is that of replaying the text from that point:
the beginning of a text, or of one of its blocks, `MIN_CONTEXT_BYTES` bytes before at the least.
Until that is read, a few lines have to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from foretype_model.cancellation import IsCancelled, never
from foretype_model.predictor import Predictor, State
from foretype_model.states.state_cache import StateCache
from foretype_model.text.rope import Rope

MIN_CONTEXT_BYTES: Final = 8192
"""Bytes. With so many before it, a text took as many bits as with all of it; with 1,024, 0.004
more.
"""

ANCHOR_SPACING: Final = 32_768
"""Bytes between start points."""

IMMEDIATE_BYTES: Final = 64
"""Bytes that are read while somebody waits (2 ms at 768 units); up to twice as many, where a line
begins there. An answer from so many alone takes 0.1 bits more.
"""

INTERIM_BYTES: Final = 1024
"""Bytes that are read before all others, when nobody waits (40 ms)."""

MAX_CACHES: Final = 3
"""Readings of a text: from the start point, from nearby, and from some way before, or the start
point before.
"""


def anchor(place: int) -> int:
    """Where the text is read from, for the state at byte `place`."""
    return max(0, (place - MIN_CONTEXT_BYTES) // ANCHOR_SPACING * ANCHOR_SPACING)


class _Entry(NamedTuple):
    """The states of the text from byte `start` on."""

    start: int
    cache: StateCache


class AnchoredStates:
    """The states of one text that is edited anywhere and asked about anywhere, for one predictor.

    Attributes:
        start: where the text was read from, in bytes, for the state given last.
        is_exact: whether that is the text's start point.
    """

    def __init__(self, predictor: Predictor, memory: int) -> None:
        """The states take about `memory` bytes at the most."""
        self._predictor = predictor
        self._memory = memory // MAX_CACHES
        self._caches: list[_Entry] = []
        self.start = 0
        self.is_exact = True

    def at(self, text: Rope, is_cancelled: IsCancelled = never) -> State:
        """The state at the end of `text`: exact where that is to be had at once, and else from as
        far back as possible.

        Raises Cancelled once `is_cancelled()` is true.
        """
        entry = self._move_to_front(self._immediate(text))
        self.start = entry.start
        self.is_exact = entry.start == anchor(len(text))
        return entry.cache.at(text.since(entry.start), is_cancelled)

    def catch_up(self, text: Rope, max_bytes: int) -> bool:
        """Read about `max_bytes` bytes towards the exact state; whether that is reached."""
        near = self._immediate(text)
        aim = self._next_to_read(text, near)
        done = aim.cache.catch_up(text.since(aim.start), max_bytes)
        self._move_to_front(aim)
        if not done:
            self._move_to_front(near)
        return done and aim.start == anchor(len(text))

    def adopt(self, text: Rope, start: int, states: Sequence[State]) -> None:
        """Take over the states from `start` on, as `StateCache.adopt` does, where they go on from
        what `at` gave.
        """
        if self._caches and self._caches[0].start <= start:
            first = self._caches[0].start
            self._caches[0].cache.adopt(text.since(first), start - first, states)

    def release_memory(self, max_states: int) -> None:
        """Keep `max_states` states of what was read last: enough to come back soon."""
        del self._caches[1:]
        for entry in self._caches:
            entry.cache.release_memory(max_states)

    def _immediate(self, text: Rope) -> _Entry:
        """What the state can be had from at once: from the start point, or else from as far back as
        possible.
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
        """What to read next: a little more than what answers now, which is `near`, and then from
        the start point.
        """
        exact, end = self._cache_from(anchor(len(text))), len(text)
        if end - near.start >= INTERIM_BYTES or end - exact.start <= 2 * INTERIM_BYTES:
            return exact
        begun = (
            one for one in self._caches if INTERIM_BYTES <= end - one.start <= 4 * INTERIM_BYTES
        )
        return next(begun, None) or self._cache_from(_start_of_line(text, INTERIM_BYTES))

    def _cache_from(self, start: int) -> _Entry:
        known = (one for one in self._caches if one.start == start)
        return next(known, None) or _Entry(start, StateCache(self._predictor, self._memory))

    def _move_to_front(self, entry: _Entry) -> _Entry:
        """Keep it, before the others."""
        others = [one for one in self._caches if one.start != entry.start]
        self._caches = [entry, *others][:MAX_CACHES]
        return entry


def _start_of_line(text: Rope, least: int) -> int:
    """Where a line begins, so many bytes before the end of the text, or up to twice as many; else
    so many.
    """
    tail = text[-2 * least :]
    line = tail.rfind(b"\n", 0, -least) + 1
    return len(text) - (len(tail) - line if line else least)
