"""The limit on the time that a predictor's calls take."""

from __future__ import annotations

import time
from typing import Final

from foretype_model.predictors.pulse import Pulse

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

SLOW_SECONDS: Final = 0.1
"""Seconds beyond which a call is slow."""

MAX_SLOW_CALLS: Final = 3
"""Slow calls of one method in a row after which a predictor is dropped."""


_PULSE: Final = Pulse()


class Stopwatch:
    """The times of some calls, one after the other. The CPU time of a call counts, and the time
    that it waits by itself; the time that it waits for a processor or the interpreter does not.
    """

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.thread_time()
        self._context_switches = context_switches()

    def lap_is_slow(self) -> bool:
        """Return whether the call since the last lap took more than `SLOW_SECONDS`."""
        # First the wall clock: it is cheap, and nearly always decides. The other clocks are system
        # calls, 5 % of a menu if they were read for each call of a predictor.
        now = time.perf_counter()
        before, self._wall = self._wall, now
        if now - before <= SLOW_SECONDS:
            return False
        is_slow = self._is_slow(before, now)
        self._start()
        return is_slow

    def _is_slow(self, before: float, now: float) -> bool:
        if time.thread_time() - self._cpu > SLOW_SECONDS:
            return True
        waited, preempted = (
            after - earlier
            for after, earlier in zip(context_switches(), self._context_switches, strict=True)
        )
        if preempted and not waited:
            return False
        # A call that waits for a file or another thread is slow by itself. A call that waits for
        # the interpreter is not: then the thread of the pulse is late, too.
        return now - before - _PULSE.seconds_late(before) > SLOW_SECONDS


def context_switches() -> tuple[int, int]:
    """Return the voluntary and involuntary context switches of this thread; 0 if unknown."""
    if not hasattr(resource, "RUSAGE_THREAD"):
        return 0, 0
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return used.ru_nvcsw, used.ru_nivcsw
