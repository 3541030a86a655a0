"""The limit on the time that a predictor's calls take."""

from __future__ import annotations

import time
from typing import Final

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

SLOW_SECONDS: Final = 0.1
"""Seconds beyond which a call is slow."""

MAX_SLOW_CALLS: Final = 3
"""Slow calls of one method in a row after which a predictor is dropped."""


class Stopwatch:
    """The times of some calls, one after the other; only the CPU time of a call counts if the
    system preempted the thread.
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
        is_slow = self._is_slow()
        self._start()
        return is_slow

    def _is_slow(self) -> bool:
        waited, preempted = (
            now - before
            for now, before in zip(context_switches(), self._context_switches, strict=True)
        )
        # A call that waits, for a file or another thread, is slow by itself.
        return waited > 0 or not preempted or time.thread_time() - self._cpu > SLOW_SECONDS


def context_switches() -> tuple[int, int]:
    """Return the voluntary and involuntary context switches of this thread; 0 if unknown."""
    if not hasattr(resource, "RUSAGE_THREAD"):
        return 0, 0
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return used.ru_nvcsw, used.ru_nivcsw
