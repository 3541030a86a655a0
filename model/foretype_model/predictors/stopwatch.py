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
    """The time of one call; only its CPU time counts if the system preempted the thread."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.thread_time()
        self._context_switches = context_switches()

    def is_slow(self) -> bool:
        """Return whether more than `SLOW_SECONDS` have passed since the stopwatch was made."""
        # First the wall clock: it is cheap, and nearly always decides.
        if time.perf_counter() - self._wall <= SLOW_SECONDS:
            return False
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
