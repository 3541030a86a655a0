"""Opens the predictors and the completer that a command works with."""

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
    text: str = "",
) -> dict[str, Predictor]:
    """Open predictors by name.

    Args:
        model: a name or a file; None for the model in use, for `document` if one is given.
        wanted: the options of each predictor, by its name.
        workspace: the folders to learn from.
        document: the file to complete.
        exclude: patterns of files in `workspace` that the predictors do not learn from.
        text: the known part of the text to complete, see `find_model`.

    Raises:
        ModelError: the model does not exist.
        PredictorError: no predictor could be opened; if `model` is given, any could not.
    """
    from foretype_model.predictor import PredictorConfig
    from foretype_model.predictors import load_predictors
    from foretype_model.store.store import data_folder

    config = PredictorConfig(
        model=find_model(model, document, text),
        workspace=workspace,
        exclude=exclude,
        state_folder=data_folder(),
    )
    predictors, errors = load_predictors(wanted, config)
    if errors and (model is not None or not predictors):
        raise errors[0]
    for error in errors:
        warn(str(error))
    return predictors


def find_model(model: str | None, document: Path | None, text: str) -> Path:
    """Return the file of `model`. If that is None, return the file of the model that completes
    `document`, which has `text`, in a server.

    Raises:
        ModelError: the model does not exist.
    """
    from foretype_model.store.script_models import for_text
    from foretype_model.store.store import Store

    found = Store().find(model, document)
    return for_text(found, text) if model is None else found


def open_completer(
    model: str | None,
    predictors: Sequence[str] = (),
    workspace: tuple[Path, ...] = (),
    document: Path | None = None,
    text: str = "",
) -> Completer:
    """Return a completer for one `document` with a `text`, with `model` and the named `predictors`.

    If `predictors` is empty, the default ones are used. They first read the `workspace`. Raises
    the errors of `open_predictors` and `refresh`.
    """
    from foretype_model.completion.completer import Completer

    wanted = {name: {} for name in predictors} or Settings().predictors
    opened = open_predictors(model, wanted, workspace, document, text=text)
    refresh(opened.values())
    return Completer(opened, warn_failure)


def refresh(predictors: Iterable[Predictor]) -> None:
    """Make the predictors read their workspace, with a progress bar if stderr is a terminal.

    Raises:
        WorkspaceError: the workspace or its index cannot be read.
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
    """Send the output of plugins, also from C, to standard error, apart from the results."""
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(stdout, 1)
        os.close(stdout)


def warn_failure(name: str, error: Exception) -> None:
    """Warn that a predictor has failed and is disabled."""
    warn(f"the predictor {name} failed and is disabled: {error}")


def warn(message: str) -> None:
    """Print one line on standard error."""
    typer.echo(f"foretype: {' '.join(message.split())}", err=True)
