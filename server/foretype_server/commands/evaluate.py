"""``foretype evaluate``: the quality of the completions, scored on the user's own texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from foretype_model.errors import ForetypeError
from foretype_server.commands.options import (
    Json,
    Model,
    UsageError,
    Workspace,
    examples,
    print_json,
)
from foretype_server.console.format import table_width

if TYPE_CHECKING:
    from rich.table import Table

    from foretype_model.evaluation.calibration import Guess
    from foretype_model.evaluation.passage import Passage
    from foretype_model.evaluation.score import Advance, SystemScore
    from foretype_model.evaluation.systems import System
    from foretype_model.evaluation.typist import Mode
    from foretype_model.predictor import Predictor

EXAMPLES = examples(
    "foretype evaluate letters/*.txt  # score texts that the model has not read",
    "foretype evaluate notes.md --max-chars 1000  # one minute instead of several",
    "foretype evaluate src/new.py --workspace ../other-project  # learn from a folder first",
    "foretype evaluate notes.md --plot scores.png  # also draw a picture",
)
LEGEND: Final = """\
bits: per character; fewer are better.
word: share of words that are the first suggestion, or among the first three, at their start.
saved: share of keys that an ideal typist saves by accepting every right part of the ghost
  text (inline), or of the first five menu items (popup).
off by: mean error of the probabilities.  ms: mean time of an answer."""


class EvaluationMode(StrEnum):
    """The suggestions that the typist looks at."""

    inline = "inline"
    popup = "popup"
    both = "both"


class TypingPosition(StrEnum):
    """The part of a file that the typist types."""

    end = "end"
    middle = "middle"


def evaluate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Texts that the model has not read.")
    ],
    model: Model = None,
    mode: Annotated[
        EvaluationMode | None,
        typer.Option(
            help="Accept from the ghost text, the menu, or both at once.",
            show_default="inline, then popup",
        ),
    ] = None,
    at: Annotated[
        TypingPosition,
        typer.Option(help="Type each file from its start, or its middle third between the others."),
    ] = TypingPosition.end,
    max_chars: Annotated[
        int, typer.Option(min=1, help="Maximum number of characters per file.")
    ] = 6000,
    workspace: Workspace = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Also draw a picture of the scores.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score the completions on files, by typing them again.

    The table compares all predictors together, each one alone, and two
    baselines: the word completion of editors (words) and an n-gram model
    (n-gram). Ctrl-C shows the scores of the files finished so far.
    """
    _check_outside_workspace(files, workspace)
    if plot:
        from foretype_model.evaluation.plot import check_plotting

        check_plotting()
    passages = _passages(files, at, max_chars)
    modes: list[Mode] = [mode.value] if mode else ["inline", "popup"]
    rows = _score(model, workspace, passages, modes)
    scores = _totals(rows)
    if as_json:
        print_json(
            {
                "files": len(rows),
                "systems": [{"name": name, **one.figures()} for name, one in scores.items()],
            }
        )
    else:
        _print(scores, modes, len(rows))
    if plot:
        from foretype_model.evaluation.plot import plot as draw

        draw(scores, plot)
    if len(rows) < len(passages):
        raise KeyboardInterrupt


def _check_outside_workspace(files: Sequence[Path], workspace: Path | None) -> None:
    """Raise UsageError if a file lies in the workspace."""
    within = [
        file for file in files if workspace and file.resolve().is_relative_to(workspace.resolve())
    ]
    if within:
        raise UsageError(
            f"{within[0]} lies in {workspace} and would complete itself; give files outside of it."
        )


def _passages(files: Sequence[Path], at: TypingPosition, max_chars: int) -> list[Passage]:
    from foretype_model.evaluation.passage import Passage
    from foretype_server.console.text_file import read_text

    passages = [Passage.of(read_text(file), at.value, max_chars) for file in files]
    if not (typed := [passage for passage in passages if passage.typed]):
        raise ForetypeError("There is nothing in these files to score; give files with text.")
    return typed


def _systems(model: str | None, workspace: Path | None) -> list[System]:
    """Return the systems to compare, that of all predictors first."""
    from foretype_model.evaluation.ngram import NGramPredictor
    from foretype_model.evaluation.systems import PredictorSystem, ablations
    from foretype_model.evaluation.words import WordsSystem
    from foretype_model.evaluation.workspace import read_workspace
    from foretype_server.commands.opening import open_predictors, refresh
    from foretype_server.settings import Settings

    settings, folders = Settings(), (workspace,) if workspace else ()
    opened = open_predictors(model, settings.predictors, folders)  # warns of those it cannot open
    refresh(opened.values())

    def make(chosen: Sequence[str]) -> dict[str, Predictor]:
        return open_predictors(model, {name: settings.predictors[name] for name in chosen}, folders)

    texts = read_workspace(workspace) if workspace else []
    # One serves all documents, since it learns nothing from one for another.
    ngram = NGramPredictor(texts)
    return [
        *ablations(list(opened), make, settings.options()),
        PredictorSystem("n-gram", lambda: {"n-gram": ngram}, settings.options()),
        WordsSystem(text.decode() for text in texts),
    ]


def _score(
    model: str | None, workspace: Path | None, passages: Sequence[Passage], modes: Sequence[Mode]
) -> list[dict[str, SystemScore]]:
    """Score each passage with each system; Ctrl-C ends it early once one passage is scored."""
    from foretype_model.evaluation.score import Scorer
    from foretype_server.commands.opening import stdout_to_stderr

    rows: list[dict[str, SystemScore]] = []
    try:
        with stdout_to_stderr():
            scorers = {system.name: Scorer(system, modes) for system in _systems(model, workspace)}
            total_work = sum(
                scorer.work(passage) for scorer in scorers.values() for passage in passages
            )
            with _progress(total_work) as advance:
                for passage in passages:
                    row = {name: scorer.score(passage, advance) for name, scorer in scorers.items()}
                    rows.append(row)
    except KeyboardInterrupt:
        if not rows:
            raise
    return rows


@contextmanager
def _progress(total_work: int) -> Iterator[Advance]:
    """Show a progress bar on a terminal; yield the function that advances it."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        BarColumn(bar_width=32),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task("", total=total_work)
        yield lambda characters: bar.advance(task, characters)


def _totals(rows: Sequence[dict[str, SystemScore]]) -> dict[str, SystemScore]:
    from foretype_model.evaluation.score import combine

    return {name: combine([row[name] for row in rows]) for name in rows[0]}


def _print(scores: dict[str, SystemScore], modes: Sequence[Mode], files: int) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    table = _table(scores, modes)
    # A narrower terminal breaks the lines; Rich would cut the figures.
    console.width = max(console.width, table_width(table, console))
    console.print(table)
    characters = next(iter(scores.values())).characters
    console.print(
        f"[dim]On {characters:,} characters of {files} {'file' if files == 1 else 'files'}.[/dim]"
    )
    console.print(LEGEND, style="dim", soft_wrap=True)


def _table(scores: dict[str, SystemScore], modes: Sequence[Mode]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1), header_style="bold")
    table.add_column("\nsystem", no_wrap=True)
    saved = [f"saved\n{mode}" for mode in modes]
    for title in ("\nbits", "word\nfirst", "\nof 3", *saved, "off by\nword", "\nghost", "\nms"):
        table.add_column(title, justify="right")
    for name, score in scores.items():
        table.add_row(name, *_format_cells(score, modes))
    return table


def _format_cells(score: SystemScore, modes: Sequence[Mode]) -> Iterator[str]:
    """Yield the cells of a system's row; a dash is a figure that the system does not have."""
    from foretype_model.evaluation.typist import KeystrokeCounts

    yield "-" if score.bits_per_character is None else f"{score.bits_per_character:.3f}"
    yield from (_format_percent(score.top(among)) for among in (1, 3))
    yield from (
        _format_percent(score.typing[mode].savings if mode in score.typing else None)
        for mode in modes
    )
    yield from (
        _format_percent(_calibration_error(guesses)) for guesses in (score.words, score.ghosts)
    )
    yield (
        f"{sum(score.typing.values(), KeystrokeCounts()).milliseconds:.1f}" if score.typing else "-"
    )


def _calibration_error(guesses: Sequence[Guess]) -> float | None:
    from foretype_model.evaluation.calibration import expected_calibration_error

    return expected_calibration_error(guesses)


def _format_percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
