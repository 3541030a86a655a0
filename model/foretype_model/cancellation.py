"""How work that nobody waits for any more is given up."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

IsCancelled = Callable[[], bool]
"""Whether the answer is no longer wanted; asked often, from the thread that works on it."""


class Cancelled(Exception):
    """Nobody waits for this answer any more."""


def never() -> bool:
    """The staleness of work that nothing supersedes."""
    return False


@dataclass(frozen=True)
class Deadline:
    """How long an answer is waited for.

    Attributes:
        is_cancelled: whether nobody waits any more.
        expires_at: the moment, as `time.perf_counter` tells it, by which an answer of what was
            found has to do.
    """

    is_cancelled: IsCancelled = never
    expires_at: float = math.inf

    def has_passed(self) -> bool:
        """Whether to answer with what there is. Raises Cancelled where nobody waits."""
        if self.is_cancelled():
            raise Cancelled
        return time.perf_counter() > self.expires_at


NO_DEADLINE: Final = Deadline()
