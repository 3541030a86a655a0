"""Runs parts of the trust suite and prints a table: ``python -m tests.trust [PART ...]``."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from tests.trust.outcome import Outcome

PARTS = ("privacy", "secrets", "faults", "protocol", "load", "supply")


def main() -> int:
    """Exit status 1 when a promise did not hold every time, or a part broke; 130 when it was
    interrupted.
    """
    arguments = argparse.ArgumentParser(prog="python -m tests.trust", description=__doc__)
    arguments.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them unless named"
    )
    arguments.add_argument(
        "--scale", type=float, default=1.0, help="a share of the full number of trials"
    )
    given = arguments.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        arguments.error(
            f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}"
        )
    table = Table("part", "what was tried", "times", "survived", "seconds", "note")
    try:
        held = _run(given.parts or PARTS, given.scale, table)
    except KeyboardInterrupt:
        Console().print(table, "interrupted: the rest was not tried")
        return 130
    Console().print(table)
    return 0 if held else 1


def _run(parts: Sequence[str], scale: float, table: Table) -> bool:
    """Whether all that the parts promise has held; a row for each outcome, as soon as it is
    there.
    """
    held = True
    for part in parts:
        began = time.monotonic()
        for outcome in _outcomes(part, scale):
            took, began = time.monotonic() - began, time.monotonic()
            row = (
                part,
                outcome.what,
                f"{outcome.tried:,}",
                f"{outcome.survived:,}",
                f"{took:.0f}",
                outcome.note,
            )
            table.add_row(*row, style=None if outcome.held else "bold red")
            print(" · ".join(row), file=sys.stderr, flush=True)
            held &= outcome.held
    return held


def _outcomes(part: str, scale: float) -> Iterator[Outcome]:
    """What a part yields; where it raises instead, that is its last outcome, and the other parts go
    on.
    """
    try:
        yield from importlib.import_module(f"tests.trust.{part}").outcomes(scale)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is told)
        traceback.print_exc()
        yield Outcome("broke", 1, 0, f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.exit(main())
