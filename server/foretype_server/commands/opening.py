"""A model's name, made into something that completes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from foretype_server.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress, TaskID

    from foretype_model.completion.completer import Completer
    from foretype_model.predictor import Predictor


def open_predictors(
    model: str | None,
    wanted: Mapping[str, Mapping[str, Any]],
    workspace: tuple[Path, ...] = (),
    document: Path | None = None,
    exclude: tuple[str, ...] = (),
) -> dict[str, Predictor]:
    """The predictors `wanted`, each with its own options, and with `model`.

    That is a name or a file; None is the one in use, for the `document` where there is one.
    `exclude` has patterns of what they do not learn from in the `workspace`.

    Raises:
        ModelError: there is no such model.
        PredictorError: none of the predictors could be made; or not all of them, for a model that
            was named.
    """
    from foretype_model.predictor import PredictorConfig
    from foretype_model.predictors import load_predictors
    from foretype_model.store.store import Store, data_folder

    found = Store().find(model, document)
    context = PredictorConfig(
        model=found, workspace=workspace, exclude=exclude, state_folder=data_folder()
    )
    predictors, errors = load_predictors(wanted, context)
    if errors and (model is not None or not predictors):
        raise errors[0]
    for error in errors:
        warn(str(error))
    return predictors


def open_completer(
    model: str | None,
    predictors: Sequence[str] = (),
    workspace: tuple[Path, ...] = (),
    document: Path | None = None,
) -> Completer:
    """What completes one `document`, with `model` and the `predictors` of those names (none: the
    default ones).

    What they know of the `workspace` is brought up to date first. Raises as `open_predictors` and
    `refresh` do.
    """
    from foretype_model.completion.completer import Completer

    wanted = {name: {} for name in predictors} or Settings().predictors
    opened = open_predictors(model, wanted, workspace, document)
    refresh(opened.values())
    return Completer(opened, warn_failure)


def refresh(predictors: Iterable[Predictor]) -> None:
    """Have the predictors read the workspace that they were opened with, behind a bar on a
    terminal.

    Raises:
        WorkspaceError: that cannot be done.
    """
    from rich import progress
    from rich.console import Console

    from foretype_model.predictor import Indexer

    console = Console(stderr=True)
    columns = (
        progress.TextColumn("reading the workspace"),
        progress.BarColumn(32),
        progress.MofNCompleteColumn(),
    )
    with progress.Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        for predictor in predictors:
            if isinstance(predictor, Indexer):
                task = bar.add_task("", total=None)
                predictor.refresh(partial(_update_bar, bar, task))


def _update_bar(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Whatever plugins print in here, from C too, goes to standard error, and not among the
    figures.
    """
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(stdout, 1)
        os.close(stdout)


def warn_failure(name: str, error: Exception) -> None:
    """Tell the user that a predictor failed and is left out from here on."""
    warn(f"the predictor {name} failed and is left out: {error}")


def warn(message: str) -> None:
    """One line on standard error."""
    typer.echo(f"foretype: {' '.join(message.split())}", err=True)
