"""The stage of a training and its time left, which moves on between two reports."""

from __future__ import annotations

import math
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from foretype_model.training.trainer import Progress, Stage


MAX_ESTIMATE: Final = 0.99
"""The most of a share that is estimated: a training that has outlasted its time has not ended."""


class TrainingClock:
    """The stage, the share that is done and the time left, from the latest report on.

    Attributes:
        began: when the training began, by `time.monotonic`.
        stage: what it is doing.
    """

    def __init__(self, seconds: float = math.inf) -> None:
        """Begin a training of so many seconds; infinity if they are unknown."""
        self.began = self._at = monotonic()
        self.stage: Stage = "reading"
        self._fraction, self._left = 0.0, seconds

    def update(self, progress: Progress) -> None:
        """Take over the stage, the share and the time left of a report."""
        self.stage, self._at = progress.stage, monotonic()
        self._fraction, self._left = progress.fraction, progress.seconds_left

    def seconds_left(self) -> float:
        """Return the seconds until the end; infinity if they are unknown."""
        return max(0.0, self._left - (monotonic() - self._at))

    def fraction(self) -> float:
        """Return the share of the training that is done, 0 to 1; 1 only if that was reported."""
        if not 0 < self._left < math.inf:
            return self._fraction
        elapsed = (monotonic() - self._at) / self._left
        done = self._fraction + (1 - self._fraction) * elapsed
        return max(self._fraction, min(MAX_ESTIMATE, done))
