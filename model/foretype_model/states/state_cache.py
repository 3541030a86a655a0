"""The warm states of one document: what a predictor knows along the text, kept, rewound, never
recomputed in full.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from foretype_model.cancellation import Cancelled, IsCancelled, never
from foretype_model.predictor import Predictor, State
from foretype_model.text.rope import Rope

SNAPSHOT_SPACING: Final = 64
"""Bytes between snapshots while a longer text is read: going back costs at most so many steps (3 ms
at 512 units).
"""

MAX_STATE_BYTES: Final = 4_000_000
"""Bytes that the states of a text take at most, unless it is said otherwise."""

_OBJECT_BYTES: Final = 56
_REFERENCE_BYTES: Final = 8
"""Bytes of an object, and of what refers to one."""

MIN_STATES: Final = 64
"""States that are kept whatever they take."""

SIZE_SAMPLE: Final = 16
"""States, the newest, that the size of all is told by."""


class StateCache:
    """States at positions of one text, for one predictor.

    `at` gives the state after any text, reusing what the last text asked for has in common with it.
    The result is the state of replaying that text from its start, whatever was asked before: states
    are never approximated.
    """

    def __init__(self, predictor: Predictor, memory: int = MAX_STATE_BYTES) -> None:
        """The states take about `memory` bytes at the most."""
        self._predictor = predictor
        self._memory = memory
        self._max_states = MIN_STATES
        self._text = Rope(())
        self._positions = [0]
        self._states: list[State] = [predictor.start()]

    def at(self, text: Rope, is_cancelled: IsCancelled = never) -> State:
        """The state after the last byte of `text`; one step where it is the last text and one byte
        more.

        Raises Cancelled once `is_cancelled()` is true; what was read by then is kept.
        """
        self._follow(text)
        while self._nearest(text)[1] < len(text):
            if is_cancelled():
                raise Cancelled
            self._extend(text)
        return self._states[self._nearest(text)[0]]

    def catch_up(self, text: Rope, max_bytes: int) -> bool:
        """Read about `max_bytes` bytes towards `at(text)`; whether that is reached."""
        self._follow(text)
        enough = min(len(text), self._nearest(text)[1] + max_bytes)
        while self._nearest(text)[1] < enough:
            self._extend(text)
        return self._nearest(text)[1] == len(text)

    def adopt(self, text: Rope, start: int, states: Sequence[State]) -> None:
        """Take over the states from `start` on, the first one there and the others each a byte
        further.

        Somebody has read them already. Nothing is taken that does not go on from the very state
        there is at `start`.
        """
        self._follow(text)
        known = self._states[bisect_right(self._positions, start) - 1]
        if not states or known is not states[0]:
            return
        for end, state in enumerate(states[1:], start + 1):
            if self._positions[bisect_right(self._positions, end) - 1] != end:
                self._insert(end, state)

    def release_memory(self, max_states: int) -> None:
        """Keep `max_states` states, the newest and others at even distances: enough to come back
        soon.
        """
        count = len(self._positions)
        kept = (
            sorted({0, *(count - 1 - i * count // max_states for i in range(max_states))})
            if count > max_states
            else range(count)
        )
        self._retain(kept)

    def unread_bytes(self, text: Rope) -> int:
        """Bytes that `at(text)` would have to read."""
        shared = self._text.common_prefix(text)
        return len(text) - self._positions[bisect_right(self._positions, shared) - 1]

    def _follow(self, text: Rope) -> None:
        """Forget the states beyond what the last text and this one share.

        A text that the last one begins with (the cursor has moved up) forgets nothing: the cursor
        may come back.
        """
        shared = self._text.common_prefix(text)
        if shared < len(text):
            keep = bisect_right(self._positions, shared)
            del self._positions[keep:], self._states[keep:]
            self._text = text

    def _nearest(self, text: Rope) -> tuple[int, int]:
        """The last snapshot within `text`: its index and position."""
        index = bisect_right(self._positions, len(text)) - 1
        return index, self._positions[index]

    def _extend(self, text: Rope) -> None:
        """One snapshot further along the text."""
        index, position = self._nearest(text)
        end = min(len(text), position + SNAPSHOT_SPACING)
        self._insert(end, self._predictor.feed(self._states[index], text[position:end]))

    def _insert(self, position: int, state: State) -> None:
        index = bisect_right(self._positions, position)
        self._states.insert(index, state)
        self._positions.insert(index, position)
        if len(self._positions) > self._max_states:
            # States grow when they are asked, so it is found out anew how many there may be.
            sample = self._states[-SIZE_SAMPLE:]
            self._max_states = max(
                MIN_STATES, self._memory * len(sample) // sum(map(size_in_bytes, sample))
            )
            if len(self._positions) > self._max_states:
                self._evict()

    def _evict(self) -> None:
        """Keep the newest quarter, and of the others those that lie a fair share of the text
        apart.
        """
        gap = max(SNAPSHOT_SPACING, 4 * self._positions[-1] // self._max_states)
        newest, kept = len(self._positions) - self._max_states // 4, [0]
        for i in range(1, len(self._positions)):
            if i >= newest or self._positions[i + 1] - self._positions[kept[-1]] > gap:
                kept.append(i)
        self._retain(kept)

    def _retain(self, kept: Iterable[int]) -> None:
        kept = list(kept)
        self._positions = [self._positions[i] for i in kept]
        self._states = [self._states[i] for i in kept]


def size_in_bytes(state: State) -> int:
    """The bytes that a state takes, about: of numbers, arrays, text, and what holds them."""
    if isinstance(state, np.ndarray):
        return int(state.nbytes) + _OBJECT_BYTES
    if isinstance(state, tuple | list):
        return _OBJECT_BYTES + sum(_REFERENCE_BYTES + size_in_bytes(part) for part in state)
    slots = getattr(type(state), "__slots__", ())
    return sys.getsizeof(state) + sum(size_in_bytes(getattr(state, name, None)) for name in slots)
