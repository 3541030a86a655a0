"""The warm states of one document: what a predictor knows along the text, kept, rewound, never
recomputed in full.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from foretype_model.cancellation import Stale, Superseded, never
from foretype_model.predictor import Predictor, State
from foretype_model.text.rope import Rope

SPACING: Final = 64
"""Bytes between snapshots while a longer text is read: going back costs at most so many steps (3 ms
at 512 units).
"""

MEMORY: Final = 4_000_000
"""Bytes that the states of a text take at most, unless it is said otherwise."""

_OBJECT: Final = 56
_REFERENCE: Final = 8
"""Bytes of an object, and of what refers to one."""

LEAST: Final = 64
"""States that are kept whatever they take."""

SAMPLE: Final = 16
"""States, the newest, that the size of all is told by."""


class WarmStates:
    """States at positions of one text, for one predictor.

    `at` gives the state after any text, reusing what the last text asked for has in common with it.
    The result is the state of replaying that text from its start, whatever was asked before: states
    are never approximated.
    """

    def __init__(self, predictor: Predictor, memory: int = MEMORY) -> None:
        """The states take about `memory` bytes at the most."""
        self._predictor = predictor
        self._memory = memory
        self._most = LEAST
        self._text = Rope(())
        self._positions = [0]
        self._states: list[State] = [predictor.start()]

    def at(self, text: Rope, stale: Stale = never) -> State:
        """The state after the last byte of `text`; one step where it is the last text and one byte
        more.

        Raises Superseded once `stale()` is true; what was read by then is kept.
        """
        self._follow(text)
        while self._nearest(text)[1] < len(text):
            if stale():
                raise Superseded
            self._read_on(text)
        return self._states[self._nearest(text)[0]]

    def catch_up(self, text: Rope, most: int) -> bool:
        """Read about `most` bytes towards `at(text)`; whether that is reached."""
        self._follow(text)
        enough = min(len(text), self._nearest(text)[1] + most)
        while self._nearest(text)[1] < enough:
            self._read_on(text)
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
                self._keep(end, state)

    def rest(self, most: int) -> None:
        """Keep `most` states, the newest and others at even distances: enough to come back soon."""
        count = len(self._positions)
        kept = (
            sorted({0, *(count - 1 - i * count // most for i in range(most))})
            if count > most
            else range(count)
        )
        self._keep_only(kept)

    def behind(self, text: Rope) -> int:
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

    def _read_on(self, text: Rope) -> None:
        """One snapshot further along the text."""
        index, position = self._nearest(text)
        end = min(len(text), position + SPACING)
        self._keep(end, self._predictor.feed(self._states[index], text[position:end]))

    def _keep(self, position: int, state: State) -> None:
        index = bisect_right(self._positions, position)
        self._states.insert(index, state)
        self._positions.insert(index, position)
        if len(self._positions) > self._most:
            # States grow when they are asked, so it is found out anew how many there may be.
            sample = self._states[-SAMPLE:]
            self._most = max(LEAST, self._memory * len(sample) // sum(map(size, sample)))
            if len(self._positions) > self._most:
                self._thin_out()

    def _thin_out(self) -> None:
        """Keep the newest quarter, and of the others those that lie a fair share of the text
        apart.
        """
        gap = max(SPACING, 4 * self._positions[-1] // self._most)
        newest, kept = len(self._positions) - self._most // 4, [0]
        for i in range(1, len(self._positions)):
            if i >= newest or self._positions[i + 1] - self._positions[kept[-1]] > gap:
                kept.append(i)
        self._keep_only(kept)

    def _keep_only(self, kept: Iterable[int]) -> None:
        kept = list(kept)
        self._positions = [self._positions[i] for i in kept]
        self._states = [self._states[i] for i in kept]


def size(state: State) -> int:
    """The bytes that a state takes, about: of numbers, arrays, text, and what holds them."""
    if isinstance(state, np.ndarray):
        return int(state.nbytes) + _OBJECT
    if isinstance(state, tuple | list):
        return _OBJECT + sum(_REFERENCE + size(part) for part in state)
    slots = getattr(type(state), "__slots__", ())
    return sys.getsizeof(state) + sum(size(getattr(state, name, None)) for name in slots)
