"""``foretype stats``: the counts of suggestions shown and accepted, and the keys saved."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foretype_server.commands.options import Json, examples, print_json

if TYPE_CHECKING:
    from foretype_server.usage.store import Count, Counts

EXAMPLES = examples(
    "foretype stats  # the last 30 days",
    "foretype stats --days 7 --plot week.png  # also draw a picture of the last week",
    "foretype stats --json  # print JSON",
)


def stats(
    days: Annotated[int, typer.Option(min=1, max=36500, help="Number of days, up to today.")] = 30,
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Also draw a picture of the days.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the keys saved, by day, language and editor.

    A suggestion counts as accepted if the editor reports it, or if an edit
    inserts it. Only numbers are kept, no text, and only on this machine.
    """
    from foretype_model.evaluation.plot import check_plotting
    from foretype_model.store.store import data_folder
    from foretype_server.usage.store import read

    if plot:
        check_plotting()
    first = datetime.date.today() - datetime.timedelta(days - 1)
    counts = read(data_folder(), first.isoformat())
    if as_json:
        print_json([key._asdict() | _to_json(count) for key, count in counts.items()])
    elif counts:
        _print(counts)
    else:
        typer.echo(f"No suggestions since {first}: open a file in your editor, and type.")
    if plot and counts:
        from foretype_server.console.plot import draw_keys_saved

        draw_keys_saved(counts, plot)


def _to_json(count: Count) -> dict[str, int]:
    return asdict(count) | {"saved": count.saved}


def _print(counts: Counts) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from foretype_server.usage.store import sum_by

    table = Table(box=None, pad_edge=False, show_header=False)
    for justify in ("left", *["right"] * 4):
        table.add_column(justify=justify)  # type: ignore[arg-type]
    for field in ("day", "language", "editor"):
        table.add_row(
            *(
                f"[dim]{heading}[/dim]"
                for heading in (field, "shown", "accepted", "characters", "keys saved")
            )
        )
        rows = sum_by(field, counts)
        for name in (
            sorted(rows) if field == "day" else sorted(rows, key=lambda name: -rows[name].saved)
        ):
            table.add_row(escape(name) or "unknown", *_format_cells(rows[name]))
        table.add_row()
    Console().print(table)


def _format_cells(count: Count) -> list[str]:
    return [
        f"{number:,}" for number in (count.shown, count.accepted, count.characters, count.saved)
    ]
