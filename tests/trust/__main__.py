"""Run parts of the trust suite and print a table: ``python -m tests.trust [PART ...]``."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tests.trust.outcome import Outcome

PARTS = ("privacy", "secrets", "faults", "protocol", "load", "supply")


def main() -> int:
    """Return 1 if a promise was broken or a part failed, 130 after an interruption, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}; all if none is named"
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="fraction of the full number of trials"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    table = Table("part", "claim", "trials", "held", "seconds", "note")
    try:
        held, untried = _run(arguments.parts or PARTS, arguments.scale, table)
    except KeyboardInterrupt:
        Console().print(table, "interrupted: the remaining claims were not tried")
        return 130
    Console().print(table)
    if untried:
        print(
            f"{untried} {'claim was' if untried == 1 else 'claims were'} not tried: see the notes"
        )
    return 0 if held else 1


def _run(parts: Sequence[str], scale: float, table: Table) -> tuple[bool, int]:
    """Return whether all promises of the parts held, and how many claims were not tried.

    A row is added as soon as its outcome is there.
    """
    held, untried = True, 0
    for part in parts:
        began = time.monotonic()
        for outcome in _outcomes(part, scale):
            took, began = time.monotonic() - began, time.monotonic()
            row = (
                part,
                outcome.claim,
                f"{outcome.tried:,}",
                f"{outcome.survived:,}",
                f"{took:.0f}",
                outcome.note,
            )
            table.add_row(*map(escape, row), style=_style(outcome))
            print(" · ".join(row), file=sys.stderr, flush=True)
            held &= outcome.held
            untried += outcome.tried == 0
    return held, untried


def _style(outcome: Outcome) -> str | None:
    if outcome.tried == 0:
        return "dim"
    return None if outcome.held else "bold red"


def _outcomes(part: str, scale: float) -> Iterator[Outcome]:
    """Yield the outcomes of a part; if it raises, the error is its last outcome."""
    try:
        yield from importlib.import_module(f"tests.trust.{part}").outcomes(scale)
    except Exception as error:  # noqa: BLE001 (the row reports any error)
        traceback.print_exc()
        yield Outcome("broke", 1, 0, f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.exit(main())
