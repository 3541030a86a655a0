"""A model's name, made into something that completes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from foretype_model.errors import PredictorError

if TYPE_CHECKING:
    from foretype_model.completer import Completer
    from foretype_model.predictor import Context, Predictor

PREDICTORS = ("network",)


def open_predictors(model: str | None) -> dict[str, Predictor]:
    """The predictors a document gets, with `model` (a name or a file; None: the one in use).

    Raises:
        ModelError: there is no such model, or it can't be opened.
        PredictorError: none of the predictors could be made.
    """
    from foretype_model.predictor import Context
    from foretype_model.predictors import load_predictors
    from foretype_model.store import Store

    context: Context = Context(model=Store().find(model))
    predictors, errors = load_predictors({name: {} for name in PREDICTORS}, context)
    if not predictors:
        raise errors[0]
    for error in errors:
        warn(str(error))
    return predictors


def open_completer(model: str | None) -> Completer:
    """A completer for one document, with `model`. Raises as `open_predictors` does."""
    from foretype_model.completer import Completer

    return Completer(open_predictors(model), dropped)


def dropped(name: str, error: Exception) -> None:
    """Tell the user that a predictor failed and is left out from here on."""
    warn(str(PredictorError(f"The predictor {name} failed and is left out: {error}")))


def warn(message: str) -> None:
    """One line on standard error."""
    typer.echo(f"foretype: {' '.join(message.split())}", err=True)
