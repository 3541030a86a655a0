"""The state at any place of a text, however long it is: read from a point near enough to be read
soon.

A network has forgotten what stood some thousand bytes before. So each place has a *start point*,
which depends on the place alone, and the state there is that of replaying the text from that point:
the beginning of a text, or of one of its blocks, `MEMORY` bytes before at the least. Until that is
read, a few lines have to do.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from foretype_model.cancellation import Stale, never
from foretype_model.predictor import Predictor, State
from foretype_model.states.state_cache import WarmStates
from foretype_model.text.rope import Rope

MEMORY: Final = 8192
"""Bytes. With so many before it, a text took as many bits as with all of it; with 1,024, 0.004
more.
"""

BLOCK: Final = 32_768
"""Bytes between start points."""

AT_ONCE: Final = 64
"""Bytes that are read while somebody waits (2 ms at 768 units); up to twice as many, where a line
begins there. An answer from so many alone takes 0.1 bits more.
"""

SOON: Final = 1024
"""Bytes that are read before all others, when nobody waits (40 ms)."""

KEPT: Final = 3
"""Readings of a text: from the start point, from nearby, and from some way before, or the start
point before.
"""


def start_point(place: int) -> int:
    """Where the text is read from, for the state at byte `place`."""
    return max(0, (place - MEMORY) // BLOCK * BLOCK)


class _Reading(NamedTuple):
    """The states of the text from byte `start` on."""

    start: int
    warm: WarmStates


class LongText:
    """The states of one text that is edited anywhere and asked about anywhere, for one predictor.

    Attributes:
        start: where the text was read from, in bytes, for the state given last.
        is_exact: whether that is the text's start point.
    """

    def __init__(self, predictor: Predictor, memory: int) -> None:
        """The states take about `memory` bytes at the most."""
        self._predictor = predictor
        self._memory = memory // KEPT
        self._readings: list[_Reading] = []
        self.start = 0
        self.is_exact = True

    def at(self, text: Rope, stale: Stale = never) -> State:
        """The state at the end of `text`: exact where that is to be had at once, and else from as
        far back as possible.

        Raises Superseded once `stale()` is true.
        """
        reading = self._use(self._soon(text))
        self.start = reading.start
        self.is_exact = reading.start == start_point(len(text))
        return reading.warm.at(text.since(reading.start), stale)

    def catch_up(self, text: Rope, most: int) -> bool:
        """Read about `most` bytes towards the exact state; whether that is reached."""
        near = self._soon(text)
        aim = self._aim(text, near)
        done = aim.warm.catch_up(text.since(aim.start), most)
        self._use(aim)
        if not done:
            self._use(near)
        return done and aim.start == start_point(len(text))

    def adopt(self, text: Rope, start: int, states: list[State]) -> None:
        """Take over the states from `start` on, as `WarmStates.adopt` does, where they go on from
        what `at` gave.
        """
        if self._readings and self._readings[0].start <= start:
            first = self._readings[0].start
            self._readings[0].warm.adopt(text.since(first), start - first, states)

    def rest(self, most: int) -> None:
        """Keep `most` states of what was read last: enough to come back soon."""
        del self._readings[1:]
        for reading in self._readings:
            reading.warm.rest(most)

    def _soon(self, text: Rope) -> _Reading:
        """What the state can be had from at once: from the start point, or else from as far back as
        possible.
        """
        exact, end = self._reading(start_point(len(text))), len(text)
        others = sorted(
            one for one in self._readings if end - 2 * BLOCK < one.start <= end - AT_ONCE
        )
        for reading in (exact, *others):
            if reading.warm.behind(text.since(reading.start)) <= AT_ONCE:
                return reading
        return self._reading(_line_start(text, AT_ONCE))

    def _aim(self, text: Rope, near: _Reading) -> _Reading:
        """What to read next: a little more than what answers now, which is `near`, and then from
        the start point.
        """
        exact, end = self._reading(start_point(len(text))), len(text)
        if end - near.start >= SOON or end - exact.start <= 2 * SOON:
            return exact
        begun = (one for one in self._readings if SOON <= end - one.start <= 4 * SOON)
        return next(begun, None) or self._reading(_line_start(text, SOON))

    def _reading(self, start: int) -> _Reading:
        known = (one for one in self._readings if one.start == start)
        return next(known, None) or _Reading(start, WarmStates(self._predictor, self._memory))

    def _use(self, reading: _Reading) -> _Reading:
        """Keep it, before the others."""
        others = [one for one in self._readings if one.start != reading.start]
        self._readings = [reading, *others][:KEPT]
        return reading


def _line_start(text: Rope, least: int) -> int:
    """Where a line begins, so many bytes before the end of the text, or up to twice as many; else
    so many.
    """
    tail = text[-2 * least :]
    line = tail.rfind(b"\n", 0, -least) + 1
    return len(text) - (len(tail) - line if line else least)
