"""Random typing over ten documents for a given time, to find growth or slowdown of the server."""

from __future__ import annotations

import random
import time

from .clock import quantile, table
from .editing import TimedDocument, prose, run_server

SLICES = 10


def run(minutes: float) -> None:
    """Print the latencies and the memory of each tenth of the time."""
    draw = random.Random(0)
    rows = []
    with run_server() as (client, process):
        documents = [
            TimedDocument(client, f"day{i}", prose(10_000 * (i + 1), i)) for i in range(10)
        ]
        for part in range(SLICES):
            took: list[float] = []
            end = time.monotonic() + 60 * minutes / SLICES
            while time.monotonic() < end:
                took += draw.choice(documents).burst(draw, _some_words(draw))
            milliseconds = [1000 * t for t in took]
            p50, p99 = quantile(milliseconds, 0.5), quantile(milliseconds, 0.99)
            rows.append((part + 1, len(took), f"{p50:.1f}", f"{p99:.0f}", f"{process.memory:.0f}"))
    table(
        f"{minutes:g} minutes of typing in ten documents, by tenths",
        ("tenth", "keys", "p50", "p99", "MB"),
        rows,
    )


def _some_words(draw: random.Random) -> str:
    return prose(draw.randrange(5, 40), draw.randrange(10_000)).partition("\n")[0][:40]
