"""The warm states of one document: what a predictor knows along the text, kept, rewound, never recomputed in full."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from foretype_model.predictor import Predictor, State
from foretype_model.staleness import Stale, Superseded, never

SPACING: Final = 64
"""Bytes between snapshots while a longer text is read: going back costs at most so many steps (3 ms at 512 units)."""

MOST: Final = 1024
"""Snapshots of a document at most (3 kB each for a network of 512 units: 3 MB)."""


class WarmStates:
    """States at positions of one text, for one predictor.

    `at` gives the state after any text, reusing what the last text asked for has in common with it. The result is
    the state of replaying that text from its start, whatever was asked before: states are never approximated.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._text = b""
        self._positions = [0]
        self._states: list[State] = [predictor.start()]

    def at(self, text: bytes, stale: Stale = never) -> State:
        """The state after the last byte of `text`; one step where it is the last text and one byte more.

        Raises Superseded once `stale()` is true; what was read by then is kept.
        """
        self._follow(text)
        while self._nearest(text)[1] < len(text):
            if stale():
                raise Superseded
            self._read_on(text)
        return self._states[self._nearest(text)[0]]

    def catch_up(self, text: bytes, most: int) -> bool:
        """Read about `most` bytes towards `at(text)`; whether that is reached."""
        self._follow(text)
        enough = min(len(text), self._nearest(text)[1] + most)
        while self._nearest(text)[1] < enough:
            self._read_on(text)
        return self._nearest(text)[1] == len(text)

    def adopt(self, text: bytes, start: int, states: Sequence[State]) -> None:
        """Take over the states after each byte of `text` from `start` on, as far as somebody has read them already."""
        self._follow(text)
        for end, state in enumerate(states, start + 1):
            if self._positions[bisect_right(self._positions, end) - 1] != end:
                self._keep(end, state)

    def rest(self, most: int) -> None:
        """Keep `most` states, the newest and others at even distances: enough to come back soon."""
        count = len(self._positions)
        kept = sorted({0, *(count - 1 - i * count // most for i in range(most))}) if count > most else range(count)
        self._keep_only(kept)

    def behind(self, text: bytes) -> int:
        """Bytes that `at(text)` would have to read."""
        shared = common_prefix(self._text, text)
        return len(text) - self._positions[bisect_right(self._positions, shared) - 1]

    def _follow(self, text: bytes) -> None:
        """Forget the states beyond what the last text and this one share.

        A text that the last one begins with (the cursor has moved up) forgets nothing: the cursor may come back.
        """
        shared = common_prefix(self._text, text)
        if shared < len(text):
            keep = bisect_right(self._positions, shared)
            del self._positions[keep:], self._states[keep:]
            self._text = text

    def _nearest(self, text: bytes) -> tuple[int, int]:
        """The last snapshot within `text`: its index and position."""
        index = bisect_right(self._positions, len(text)) - 1
        return index, self._positions[index]

    def _read_on(self, text: bytes) -> None:
        """One snapshot further along the text."""
        index, position = self._nearest(text)
        end = min(len(text), position + SPACING)
        self._keep(end, self._predictor.feed(self._states[index], text[position:end]))

    def _keep(self, position: int, state: State) -> None:
        index = bisect_right(self._positions, position)
        self._states.insert(index, state)
        self._positions.insert(index, position)
        if len(self._positions) > MOST:
            self._thin_out()

    def _thin_out(self) -> None:
        """Keep the newest quarter, and of the others those that lie a fair share of the text apart."""
        gap = max(SPACING, 4 * self._positions[-1] // MOST)
        newest, kept = len(self._positions) - MOST // 4, [0]
        for i in range(1, len(self._positions)):
            if i >= newest or self._positions[i + 1] - self._positions[kept[-1]] > gap:
                kept.append(i)
        self._keep_only(kept)

    def _keep_only(self, kept: Iterable[int]) -> None:
        kept = list(kept)
        self._positions = [self._positions[i] for i in kept]
        self._states = [self._states[i] for i in kept]


def common_prefix(a: bytes, b: bytes) -> int:
    """The length of the longest common prefix, by bisection over equal slices: 21 us for 100,000 bytes."""
    low, high = 0, min(len(a), len(b))
    if a[:high] == b[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
