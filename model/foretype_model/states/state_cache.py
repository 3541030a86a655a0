"""The cached states of a predictor along one text. After an edit, reading goes on from the last
state before it.
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
"""Bytes between snapshots while a longer text is read. Going back costs at most this many steps
(3 ms at 512 units).
"""

MAX_STATE_BYTES: Final = 4_000_000
"""The default memory for the states of a text, in bytes."""

_OBJECT_BYTES: Final = 56
_REFERENCE_BYTES: Final = 8
"""Bytes of an object, and of a reference to one."""

MIN_STATES: Final = 64
"""States that are kept whatever their size."""

SIZE_SAMPLE: Final = 16
"""The newest states, from which the size of all is estimated."""


class StateCache:
    """States at positions of one text, for one predictor.

    `at` returns the state after any text, and reuses the states of the prefix that it shares with
    the last text. The result equals the state of replaying the text from its start, whatever was
    requested before: states are never approximated.
    """

    def __init__(self, predictor: Predictor, memory: int = MAX_STATE_BYTES) -> None:
        """The states take about `memory` bytes at most."""
        self._predictor = predictor
        self._memory = memory
        self._max_states = MIN_STATES
        self._text = Rope(())
        self._positions = [0]
        self._states: list[State] = [predictor.start()]

    def at(self, text: Rope, is_cancelled: IsCancelled = never) -> State:
        """Return the state after the last byte of `text`. It takes one step if `text` is the last
        text and one byte more.

        Raises Cancelled once `is_cancelled()` is true. The states computed by then are kept.
        """
        self._follow(text)
        while self._nearest(text)[1] < len(text):
            if is_cancelled():
                raise Cancelled
            self._extend(text)
        return self._states[self._nearest(text)[0]]

    def catch_up(self, text: Rope, max_bytes: int) -> bool:
        """Read about `max_bytes` bytes towards `at(text)`. Return whether it is reached."""
        self._follow(text)
        enough = min(len(text), self._nearest(text)[1] + max_bytes)
        while self._nearest(text)[1] < enough:
            self._extend(text)
        return self._nearest(text)[1] == len(text)

    def adopt(self, text: Rope, start: int, states: Sequence[State]) -> None:
        """Take over states that were computed elsewhere: the first one at byte `start`, the others
        a byte further each.

        They are discarded unless the first one is the very state in the cache at `start`.
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
        """Return the number of bytes that `at(text)` would read."""
        shared = self._text.common_prefix(text)
        return len(text) - self._positions[bisect_right(self._positions, shared) - 1]

    def _follow(self, text: Rope) -> None:
        """Discard the states beyond the common prefix of the last text and this one.

        A prefix of the last text (the cursor has moved up) discards nothing, as the cursor may come
        back.
        """
        shared = self._text.common_prefix(text)
        if shared < len(text):
            keep = bisect_right(self._positions, shared)
            del self._positions[keep:], self._states[keep:]
            self._text = text

    def _nearest(self, text: Rope) -> tuple[int, int]:
        """Return the index and the position of the last snapshot within `text`."""
        index = bisect_right(self._positions, len(text)) - 1
        return index, self._positions[index]

    def _extend(self, text: Rope) -> None:
        """Add the next snapshot along the text."""
        index, position = self._nearest(text)
        end = min(len(text), position + SNAPSHOT_SPACING)
        self._insert(end, self._predictor.feed(self._states[index], text[position:end]))

    def _insert(self, position: int, state: State) -> None:
        """Add a snapshot, and evict others if they take too much memory."""
        index = bisect_right(self._positions, position)
        self._states.insert(index, state)
        self._positions.insert(index, position)
        if len(self._positions) > self._max_states:
            # States grow when they predict, so their size is estimated anew.
            sample = self._states[-SIZE_SAMPLE:]
            self._max_states = max(
                MIN_STATES, self._memory * len(sample) // sum(map(size_in_bytes, sample))
            )
            if len(self._positions) > self._max_states:
                self._evict()

    def _evict(self) -> None:
        """Keep the newest quarter of the allowed states, and of the others those at even distances
        along the text.
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
    """Return the approximate size of a state: numbers, arrays, text, and their containers."""
    if isinstance(state, np.ndarray):
        return int(state.nbytes) + _OBJECT_BYTES
    if isinstance(state, tuple | list):
        return _OBJECT_BYTES + sum(_REFERENCE_BYTES + size_in_bytes(part) for part in state)
    slots = getattr(type(state), "__slots__", ())
    return sys.getsizeof(state) + sum(size_in_bytes(getattr(state, name, None)) for name in slots)
