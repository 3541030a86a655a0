"""Options that several commands share, the examples under their help, and the usage error."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

MAX_EXAMPLE_COLUMNS: Final = 78
"""Columns of an example, so that it fits on a terminal of 80."""


class UsageError(typer.TyperException):
    """Wrong usage of a command: one line that says how to call it, exit status 2."""

    exit_code = 2


def require_finite(value: float | None) -> float | None:
    """Return `value`, unless it is ``nan`` or ``inf``: these pass the checks of an option's bounds.

    Raises:
        typer.BadParameter: `value` is not finite.
    """
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a finite number.")
    return value


def model_names(incomplete: str) -> list[str]:
    """Return the models whose names begin with `incomplete`, for the completion of a shell."""
    from foretype_model.store.store import Store

    return [name for name in Store().names() if name.startswith(incomplete)]


Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME|FILE",
        help="The name or the file of a model.",
        show_default="the model in use",
        autocompletion=model_names,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Workspace = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        exists=True,
        file_okay=False,
        help="Learn from this folder, as if it were open in an editor.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same result.")]
Temperature = Annotated[
    float,
    typer.Option(
        "--temperature",
        min=0,
        callback=require_finite,
        help="0 chooses the most probable text; higher values vary more.",
    ),
]


def examples(*lines: str) -> str:
    """Format the examples under a command's help.

    Each line is a command and its purpose: ``"foretype doctor  # check the installation"``. The
    purposes stand beside the commands, or below them if they would not fit.
    """
    rows = [line.partition("  # ") for line in lines]
    width = max(len(command) for command, _, _ in rows)
    fits = width + 2 + max(len(purpose) for _, _, purpose in rows) <= MAX_EXAMPLE_COLUMNS
    separator = "  " if fits else "\n    "
    body = [
        f"[cyan]{command.ljust(width if fits else 0)}[/cyan]{separator}[dim]{purpose}[/dim]"
        for command, _, purpose in rows
    ]
    return "\n".join(["[bold]Examples[/bold]", *body])


def print_json(figures: object) -> None:
    """Print `figures` as JSON; escape non-ASCII letters unless standard output is in a UTF."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    typer.echo(json.dumps(figures, ensure_ascii=not encoding.lower().startswith("utf"), indent=2))
