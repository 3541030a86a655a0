"""Times that are comparable on a busy machine: the minimum of many short, alternating rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

ROUNDS = 60
ROUND_SECONDS = 0.004
"""Seconds of one call's round, short enough for all calls to run in one time slice."""


def best_times(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Return the shortest time of each call in seconds."""
    repeats = [_repeats(call) for call in calls]
    best = [float("inf")] * len(calls)
    for _ in range(ROUNDS):
        for i, call in enumerate(calls):
            best[i] = min(best[i], _timed(call, repeats[i]))
    return best


def _repeats(call: Callable[[], object]) -> int:
    call()
    return max(1, round(ROUND_SECONDS / _timed(call, 3)))


def _timed(call: Callable[[], object], repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - started) / repeats


def quantile(values: Iterable[float], q: float) -> float:
    """Return the value with a share `q` of the values below it."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(q * len(ranked)))]


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table in Markdown."""
    print(f"\n**{title}**\n\n| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
