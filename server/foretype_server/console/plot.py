"""Draws the picture of the keys saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from foretype_model.evaluation.plot import new_figure
from foretype_model.files.atomic import atomic_write
from foretype_server.usage.store import Count, Counts, sum_by


def draw_keys_saved(counts: Counts, path: Path) -> None:
    """Write a PNG of the keys saved each day, by language, to `path`."""
    figure = new_figure(9, 4)
    axes = figure.subplots()
    days = sorted({key.day for key in counts})
    bottom = dict.fromkeys(days, 0)
    for language in sorted(sum_by("language", counts)):
        by_day: Mapping[str, Count] = sum_by(
            "day", {key: count for key, count in counts.items() if key.language == language}
        )
        heights = [by_day.get(day, Count()).saved for day in days]
        axes.bar(days, heights, bottom=list(bottom.values()), label=language or "unknown")
        bottom = {day: bottom[day] + height for day, height in zip(days, heights, strict=True)}
    axes.set_title("Keys saved each day", loc="left")
    axes.tick_params(axis="x", rotation=45)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    with atomic_write(path) as partial:
        figure.savefig(partial, format="png", dpi=150)
