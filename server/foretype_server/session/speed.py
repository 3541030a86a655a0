"""Measures the speed of the suggestions, for the editor's status."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

MEASURED_ANSWERS: Final = 100
"""Answers, the last ones, of which the speed is told."""


class Speed:
    """The times of one client's last answers."""

    def __init__(self) -> None:
        self._answers = deque[float]((), MEASURED_ANSWERS)
        self._work = deque[tuple[float, int]]((), MEASURED_ANSWERS)

    def answered(self, seconds: float) -> None:
        """Add the time from a request to its answer."""
        self._answers.append(seconds)

    def worked(self, seconds: float, steps: int) -> None:
        """Add the work for a request: the steps are bytes that the predictors have read or tried.
        Safe to call on any thread.
        """
        if steps > 0:
            self._work.append((seconds, steps))

    def summary(self) -> dict[str, float] | None:
        """Return the milliseconds of the last answer and their median, and the steps a second; None
        before the first answer.
        """
        if not self._answers:
            return None
        work = list(self._work)
        seconds = sum(taken for taken, _ in work)
        return {
            "last": round(1000 * self._answers[-1], 1),
            "median": round(1000 * median(self._answers), 1),
            "stepsPerSecond": round(sum(steps for _, steps in work) / seconds) if seconds else 0,
        }
