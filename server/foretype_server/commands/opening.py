"""A model's name, made into something that completes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from foretype_server.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from foretype_model.completer import Completer
    from foretype_model.predictor import Predictor


def open_predictors(
    model: str | None, wanted: Mapping[str, Mapping[str, Any]], workspace: tuple[Path, ...] = ()
) -> dict[str, Predictor]:
    """The predictors `wanted`, each with its own options, and with `model` (a name or a file; None: the one in use).

    Raises:
        ModelError: there is no such model.
        PredictorError: none of the predictors could be made.
    """
    from foretype_model.predictor import Context
    from foretype_model.predictors import load_predictors
    from foretype_model.store import Store, data_folder

    context = Context(model=Store().find(model), workspace=workspace, state_folder=data_folder())
    predictors, errors = load_predictors(wanted, context)
    if not predictors:
        raise errors[0]
    for error in errors:
        warn(str(error))
    return predictors


def open_completer(model: str | None, predictors: Sequence[str] = ()) -> Completer:
    """What completes one document, with `model` and the `predictors` of those names (none: the default ones).

    Raises as `open_predictors` does.
    """
    from foretype_model.completer import Completer

    wanted = {name: {} for name in predictors} or Settings().predictors
    return Completer(open_predictors(model, wanted), dropped)


@contextmanager
def prints_aside() -> Iterator[None]:
    """Whatever plugins print in here, from C too, goes to standard error, and not among the figures."""
    own = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(own, 1)
        os.close(own)


def dropped(name: str, error: Exception) -> None:
    """Tell the user that a predictor failed and is left out from here on."""
    warn(f"the predictor {name} failed and is left out: {error}")


def warn(message: str) -> None:
    """One line on standard error."""
    typer.echo(f"foretype: {' '.join(message.split())}", err=True)
