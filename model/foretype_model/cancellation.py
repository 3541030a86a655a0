"""Cancellation of work whose answer is no longer wanted, and deadlines for answers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

IsCancelled = Callable[[], bool]
"""Returns whether the answer is no longer wanted. Called often, on the thread that works on it."""


class Cancelled(Exception):
    """The answer is no longer wanted."""


def never() -> bool:
    """The `IsCancelled` of work that nothing supersedes."""
    return False


@dataclass(frozen=True)
class Deadline:
    """A limit on the time of an answer.

    Attributes:
        is_cancelled: returns whether the answer is no longer wanted.
        expires_at: the moment, on the clock `time.perf_counter`, after which the candidates found
            so far are the answer.
    """

    is_cancelled: IsCancelled = never
    expires_at: float = math.inf

    def has_passed(self) -> bool:
        """Return whether to answer with the candidates found so far. Raises Cancelled if no answer
        is wanted.
        """
        if self.is_cancelled():
            raise Cancelled
        return time.perf_counter() > self.expires_at


NO_DEADLINE: Final = Deadline()
