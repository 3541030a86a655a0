"""How work that nobody waits for any more is given up."""

from __future__ import annotations

from collections.abc import Callable

Stale = Callable[[], bool]
"""Whether the answer is no longer wanted; asked often, from the thread that works on it."""


class Superseded(Exception):
    """Nobody waits for this answer any more."""


def never() -> bool:
    """The staleness of work that nothing supersedes."""
    return False
