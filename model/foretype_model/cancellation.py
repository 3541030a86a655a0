"""How work that nobody waits for any more is given up."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Stale = Callable[[], bool]
"""Whether the answer is no longer wanted; asked often, from the thread that works on it."""


class Superseded(Exception):
    """Nobody waits for this answer any more."""


def never() -> bool:
    """The staleness of work that nothing supersedes."""
    return False


@dataclass(frozen=True)
class Patience:
    """How long an answer is waited for.

    Attributes:
        stale: whether nobody waits any more.
        deadline: the moment, as `time.perf_counter` tells it, by which an answer of what was found
            has to do.
    """

    stale: Stale = never
    deadline: float = math.inf

    def is_over(self) -> bool:
        """Whether to answer with what there is. Raises Superseded where nobody waits."""
        if self.stale():
            raise Superseded
        return time.perf_counter() > self.deadline


ENDLESS: Final = Patience()
