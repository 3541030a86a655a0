"""Plots the scores: the keys that each system saves, and the calibration of the first one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from foretype_model.errors import MissingExtraError
from foretype_model.evaluation.calibration import Guess, bins, expected_calibration_error
from foretype_model.evaluation.score import SystemScore
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


def plot(scores: Mapping[str, SystemScore], path: Path) -> None:
    """Write a PNG of `scores`, keyed by the systems' names, to `path`."""
    name, first = next(iter(scores.items()))
    figure = new_figure(11, 1.4 + max(3.6, 0.62 * len(scores)))
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    _savings(left, scores)
    _reliability(right, name, {"next word": first.words, "ghost text": first.ghosts})
    with atomic_write(path) as partial:
        figure.savefig(partial, format="png", dpi=150)


def _savings(axes: Axes, scores: Mapping[str, SystemScore]) -> None:
    modes = list(dict.fromkeys(mode for score in scores.values() for mode in score.typing))
    height = 0.8 / max(1, len(modes))
    for i, mode in enumerate(modes):
        rows = [
            (row, score.typing[mode].savings)
            for row, score in enumerate(scores.values())
            if mode in score.typing
        ]
        places = [row + (i - (len(modes) - 1) / 2) * height for row, _ in rows]
        drawn = axes.barh(
            places,
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
    axes.legend(title="accepted from the", frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)


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
