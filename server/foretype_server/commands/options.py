"""What the commands have in common: their options, the examples under their help, and wrong
usage.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Annotated

import typer


class UsageError(typer.TyperException):
    """The command was called wrongly: one line that says how to call it, exit status 2."""

    exit_code = 2


def require_finite(value: float | None) -> float | None:
    """Turn away ``nan`` and ``inf``, which pass every comparison with a bound or make no sense as
    one.
    """
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a finite number.")
    return value


Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME|FILE",
        help="A model's name or file.",
        show_default="the model in use",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Workspace = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        exists=True,
        file_okay=False,
        help="A folder that is open in the editor meanwhile.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same answer.")]
Temperature = Annotated[
    float,
    typer.Option(
        "--temperature",
        min=0,
        callback=require_finite,
        help="0 takes the most probable; higher dares more.",
    ),
]


def examples(*lines: str) -> str:
    """The examples under a command's help, each with what it does: ``"foretype doctor  # is all
    well?"``.
    """
    rows = [line.partition("  # ") for line in lines]
    width = max(len(command) for command, _, _ in rows)
    body = [
        f"  [cyan]{command.ljust(width)}[/cyan]  [dim]{purpose}[/dim]".rstrip()
        for command, _, purpose in rows
    ]
    return "\n".join(["[bold]Examples[/bold]", *body])


def print_json(figures: object) -> None:
    """Print `figures` as JSON on standard output: letters as they are, or escaped where that isn't
    in UTF.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    typer.echo(json.dumps(figures, ensure_ascii=not encoding.lower().startswith("utf"), indent=2))
