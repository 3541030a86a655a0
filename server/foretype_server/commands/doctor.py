"""``foretype doctor``: the checks of this installation, printed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from foretype_server.commands.options import Json, examples, print_json

if TYPE_CHECKING:
    from foretype_server.doctor.checks import Check

EXAMPLES = examples(
    "foretype doctor  # a line per check: ok, or the problem and its remedy",
    "foretype doctor --json  # print JSON, for instance for a bug report",
)


def doctor(as_json: Json = False) -> None:
    """Check this installation, and print a remedy for each problem.

    The checks cover the packages, the data folder, the model, the predictors,
    the server with its speed, and the editors. The exit status is 1 if there
    is a problem.
    """
    from foretype_server.doctor.checks import run_checks

    checks: list[Check] = []
    for check in run_checks():
        checks.append(check)
        if not as_json:
            _print(check)
    if as_json:
        print_json([asdict(check) for check in checks])
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _print(check: Check) -> None:
    from rich.console import Console
    from rich.text import Text

    verdict = Text("ok     ", "green") if check.ok else Text("problem", "bold red")
    line = Text.assemble(verdict, " ", (f"{check.name:<28}", "bold"), " ", check.found)
    if not check.ok and check.remedy:
        line.append(f"  → {check.remedy}", "yellow")
    Console(soft_wrap=True).print(line)
