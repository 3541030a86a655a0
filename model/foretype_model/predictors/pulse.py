"""How late the machine and the interpreter let a thread run."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Final

PERIOD_SECONDS: Final = 0.01
"""Seconds that the thread sleeps at a time: a shorter delay than this can escape it."""

LIFETIME_SECONDS: Final = 60.0
"""Seconds after the last question at which the thread ends, so that an idle server sleeps."""

_KEPT_SLEEPS: Final = 1000


class Pulse:
    """A thread that does nothing but sleep: if it wakes late, the machine or the interpreter was
    busy, and other threads of the process are late for the same reason.

    The thread starts with the first question. It knows nothing of the time before.
    """

    def __init__(self) -> None:
        # When each sleep was due to end, and when it ended: infinity while it lasts.
        self._sleeps: deque[list[float]] = deque(maxlen=_KEPT_SLEEPS)
        self._end = 0.0
        self._thread: threading.Thread | None = None

    def seconds_late(self, since: float) -> float:
        """Return the seconds after `since`, of `time.perf_counter`, that the thread was ready to
        run and did not; 0 if it was not running.
        """
        now = time.perf_counter()
        self._end = now + LIFETIME_SECONDS
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._beat, name="foretype-pulse", daemon=True)
            self._thread.start()
        return sum(max(0.0, min(woke, now) - max(due, since)) for due, woke in list(self._sleeps))

    def _beat(self) -> None:
        while (now := time.perf_counter()) < self._end:
            sleep = [now + PERIOD_SECONDS, float("inf")]
            self._sleeps.append(sleep)
            time.sleep(PERIOD_SECONDS)
            sleep[1] = time.perf_counter()
