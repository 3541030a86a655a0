"""Runs parts of the trust suite and prints a table: ``python -m tests.trust [PART ...]``."""

from __future__ import annotations

import argparse
import importlib
import sys
import time

from rich.console import Console
from rich.table import Table

PARTS = ("privacy", "secrets", "faults", "protocol", "load", "supply")


def main() -> int:
    """Exit status 1 when a promise did not hold every time."""
    arguments = argparse.ArgumentParser(prog="python -m tests.trust", description=__doc__)
    arguments.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them unless named")
    arguments.add_argument("--scale", type=float, default=1.0, help="a share of the full number of trials")
    given = arguments.parse_args()
    table = Table("part", "what was tried", "times", "survived", "seconds", "note")
    held = True
    for part in given.parts or PARTS:
        module = importlib.import_module(f"tests.trust.{part}")
        began = time.monotonic()
        for outcome in module.outcomes(given.scale):
            took, began = time.monotonic() - began, time.monotonic()
            row = (part, outcome.what, f"{outcome.tried:,}", f"{outcome.survived:,}", f"{took:.0f}", outcome.note)
            table.add_row(*row, style=None if outcome.held else "bold red")
            print(" · ".join(row), file=sys.stderr, flush=True)
            held &= outcome.held
    Console().print(table)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
