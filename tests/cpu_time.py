"""Limits of processor time that hold on slow machines as well."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

STEPS: Final = 300_000
STEPS_SECONDS: Final = 0.012
"""Processor time of `_steps` on the machine for which limits are given, an AMD EPYC of 2024."""


@contextmanager
def cpu_seconds_below(limit: float) -> Iterator[None]:
    """Assert that the processor time of the block is below `limit` seconds; on a slower machine,
    or one with other work, below as many times more as simple steps take longer there.
    """
    before = _steps()
    start = time.process_time()
    yield
    seconds = time.process_time() - start
    slowness = max(before, _steps()) / STEPS_SECONDS
    assert seconds < limit * max(slowness, 1.0)


def _steps() -> float:
    """Return the processor time of STEPS steps of arithmetic."""
    start, number = time.process_time(), 0
    for step in range(STEPS):
        number = (number * 31 + step) % 65_521
    return time.process_time() - start
