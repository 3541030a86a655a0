"""``foretype stats``: what it has saved so far."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretype_server.commands.options import Json, examples, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from foretype_server.statistics import Count, Counts

EXAMPLES = examples(
    "foretype stats  # the last thirty days",
    "foretype stats --days 7 --plot week.png  # a picture of a week",
    "foretype stats --json  # for programs",
)


def stats(
    days: Annotated[int, typer.Option(min=1, max=36500, help="How many days, today the last.")] = 30,
    plot: Annotated[Path | None, typer.Option(metavar="PNG", help="Draw the days as a picture, too.")] = None,
    as_json: Json = False,
) -> None:
    """Show the keys saved, by day, language and editor.

    An offer counts as taken where the editor says so. The numbers are kept on
    this machine alone, and no text is kept with them.
    """
    from foretype_model.evaluation.plot import check_plotting
    from foretype_model.store import data_folder
    from foretype_server.statistics import read

    if plot:
        check_plotting()
    first = datetime.date.today() - datetime.timedelta(days - 1)
    counts = read(data_folder(), first.isoformat())
    if as_json:
        print_json([key._asdict() | _figures(count) for key, count in counts.items()])
    elif counts:
        _print(counts)
    else:
        typer.echo(f"Nothing was offered since {first}: open a file in your editor, and type.")
    if plot and counts:
        _draw(counts, plot)


def _figures(count: Count) -> dict[str, int]:
    return asdict(count) | {"saved": count.saved}


def _print(counts: Counts) -> None:
    from rich.console import Console
    from rich.table import Table

    from foretype_server.statistics import by

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "shown", "taken", "characters", "keys saved"):
        table.add_column(heading, justify="right" if heading else "left")
    for field in ("day", "language", "editor"):
        rows = by(field, counts)
        for name in sorted(rows) if field == "day" else sorted(rows, key=lambda name: -rows[name].saved):
            table.add_row(name or f"no {field} named", *_cells(rows[name]))
        table.add_section()
    Console().print(table)


def _cells(count: Count) -> list[str]:
    return [f"{number:,}" for number in (count.shown, count.accepted, count.characters, count.saved)]


def _draw(counts: Counts, path: Path) -> None:
    """A PNG of the keys saved each day, by language."""
    from matplotlib.figure import Figure

    from foretype_model.atomic import replacing
    from foretype_server.statistics import by

    figure = Figure(figsize=(9, 4), layout="constrained")
    axes: Any = figure.subplots()
    days = sorted({key.day for key in counts})
    bottom = dict.fromkeys(days, 0)
    for language in sorted(by("language", counts)):
        some: Mapping[str, Count] = by("day", {k: count for k, count in counts.items() if k.language == language})
        heights = [some[day].saved if day in some else 0 for day in days]
        axes.bar(days, heights, bottom=list(bottom.values()), label=language or "no language named")
        bottom = {day: bottom[day] + height for day, height in zip(days, heights, strict=True)}
    axes.set_title("Keys saved each day", loc="left")
    axes.tick_params(axis="x", rotation=45)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    with replacing(path) as partial:
        figure.savefig(partial, format="png", dpi=150)
