"""Plots the scores: the keys that each system saves, the calibration of the first one, and the cost
of each language server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from foretype_model.errors import MissingExtraError
from foretype_model.evaluation.calibration import Guess, bins, expected_calibration_error
from foretype_model.evaluation.score import SystemScore
from foretype_model.evaluation.server_score import ServerScore
from foretype_model.evaluation.typist import Mode
from foretype_model.files.atomic import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODE_LABELS: Final[Mapping[Mode, str]] = {
    "inline": "ghost text",
    "popup": "menu",
    "both": "ghost text and menu",
}
"""The typist's modes, by the names that editors use."""

COLOURS: Final = ("#4878a8", "#e0923f", "#6a9e5b")
INK: Final = "#444444"


def check_plotting() -> None:
    """Raise MissingExtraError if matplotlib is missing; called before the scoring."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("a picture needs matplotlib", "plot")


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure with matplotlib's default settings; width and height are in inches."""
    import matplotlib  # noqa: PLC0415 (an extra, and half a second)
    from matplotlib.figure import Figure  # noqa: PLC0415

    # matplotlib has read a matplotlibrc in the working directory, which may make it run TeX.
    matplotlib.rcdefaults()
    return Figure(figsize=(width, height), layout="constrained")


def plot(scores: Mapping[str, SystemScore], servers: Mapping[str, ServerScore], path: Path) -> None:
    """Write a PNG of the scores, keyed by the names of systems and of servers, to `path`."""
    name, first = next(iter(scores.items()))
    bars = {**scores, **{name: server.score for name, server in servers.items()}}
    modes = list(dict.fromkeys(mode for score in bars.values() for mode in score.typing))
    heights = [1.4 + max(3.6, 0.62 * len(bars)), *([1.2 + 0.7 * len(servers)] if servers else [])]
    figure = new_figure(11, sum(heights))
    rows = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    left, right = rows[0].subplots(1, 2, width_ratios=(1.25, 1))
    _savings(left, bars, modes)
    _reliability(right, name, {"next word": first.words, "ghost text": first.ghosts})
    if servers:
        _costs(rows[1].subplots(1, 3, sharey=True), servers, modes)
    with atomic_write(path) as partial:
        figure.savefig(partial, format="png", dpi=150)


def _savings(axes: Axes, scores: Mapping[str, SystemScore], modes: Sequence[Mode]) -> None:
    height = 0.8 / max(1, len(modes))
    for i, mode in enumerate(modes):
        rows = [
            (row, score.typing[mode].savings)
            for row, score in enumerate(scores.values())
            if mode in score.typing
        ]
        drawn = axes.barh(
            _places([row for row, _ in rows], i, len(modes)),
            [100 * s for _, s in rows],
            0.9 * height,
            label=MODE_LABELS[mode],
            color=COLOURS[i],
        )
        axes.bar_label(drawn, fmt="%.0f %%", padding=3, color=INK)
    axes.set_yticks(range(len(scores)), list(scores))
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.set_xlabel("keys saved, % of the characters")
    axes.set_title("How many keys are saved", loc="left")
    # Above the axes: among the bars it would hide a figure.
    axes.legend(
        frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(modes), borderaxespad=0.2
    )
    axes.spines[["top", "right"]].set_visible(False)


def _places(rows: Sequence[int], i: int, bars: int) -> list[float]:
    """Return the heights of each row's bar number `i` of `bars`, which share 0.8 of the row."""
    return [row + (i - (bars - 1) / 2) * 0.8 / bars for row in rows]


def _costs(
    panels: Sequence[Axes], servers: Mapping[str, ServerScore], modes: Sequence[Mode]
) -> None:
    """Draw the times of the answers, their processor time, and the memory of each server."""
    answers, processor, memory = panels
    for i, mode in enumerate(modes):
        shown = [
            (row, s.answers[mode]) for row, s in enumerate(servers.values()) if mode in s.answers
        ]
        places = _places([row for row, _ in shown], i, len(modes))
        height, colour = 0.72 / len(modes), COLOURS[i]
        half, most = ([1000 * (one.quantile(q) or 0) for _, one in shown] for q in (0.5, 0.99))
        answers.barh(places, most, height, color=colour, alpha=0.35)
        answers.barh(places, half, height, color=colour)
        used = [_times(1000, one.processor_each) for _, one in shown]
        _labelled_bars(processor, list(zip(places, used, strict=True)), height, colour)
    peaks = [_times(1e-6, server.peak_memory) for server in servers.values()]
    _labelled_bars(memory, list(enumerate(peaks)), 0.7, "#8a8a8a")
    answers.set_yticks(range(len(servers)), list(servers))
    answers.invert_yaxis()
    titles = {
        answers: ("Half of the answers, and 99 %", "ms"),
        processor: ("Processor time of an answer", "ms"),
        memory: ("Memory at most", "MB"),
    }
    for axes, (title, unit) in titles.items():
        axes.set_title(title, loc="left")
        axes.set_xlabel(unit)
        axes.margins(x=0.16)
        axes.spines[["top", "right"]].set_visible(False)


def _times(scale: float, figure: float | None) -> float | None:
    return None if figure is None else scale * figure


def _labelled_bars(
    axes: Axes, rows: Sequence[tuple[float, float | None]], height: float, colour: str
) -> None:
    """Draw the figure of each row; no bar for one that the system does not tell."""
    told = [(row, figure) for row, figure in rows if figure is not None]
    drawn = axes.barh([row for row, _ in told], [x for _, x in told], height, color=colour)
    axes.bar_label(drawn, fmt="%.3g", padding=3, color=INK)


def _reliability(axes: Axes, name: str, kinds: Mapping[str, Sequence[Guess]]) -> None:
    axes.plot([0, 100], [0, 100], color="#bbbbbb", linestyle="--", label="as sure as right")
    for (kind, guesses), colour in zip(kinds.items(), COLOURS, strict=False):
        error = expected_calibration_error(guesses)
        if error is None:
            continue
        some = bins(guesses)
        x, y = [100 * one.probability for one in some], [100 * one.right for one in some]
        label = f"{kind} (off by {100 * error:.0f} points on average)"
        axes.plot(x, y, color=colour, alpha=0.6)
        # The area of a dot shows its number of guesses: a few may be off the line by chance.
        axes.scatter(
            x, y, [300 * one.guesses / len(guesses) + 12 for one in some], color=colour, label=label
        )
    axes.set(xlim=(-2, 102), ylim=(-2, 102), aspect="equal")
    axes.set_xlabel(f"how sure {name} was, %")
    axes.set_ylabel("how often it was right, %")
    axes.set_title("Calibration", loc="left")
    legend = axes.legend(frameon=False, loc="upper left", fontsize="small")
    for handle in legend.legend_handles[1:]:
        handle.set_sizes([40])  # type: ignore[union-attr]
    axes.spines[["top", "right"]].set_visible(False)
