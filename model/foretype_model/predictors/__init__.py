"""The built-in and installed predictors, all found by one entry-point group."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

from foretype_model.errors import ForetypeError, PredictorError
from foretype_model.predictor import Predictor, PredictorConfig
from foretype_model.predictors.sandbox import (
    CREATION_TIMEOUT,
    CallThread,
    PredictorTimeoutError,
    with_timeouts,
)

GROUP: Final = "foretype.predictors"


def installed() -> dict[str, EntryPoint]:
    """Return the entry points of all predictors on this machine, by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def load_predictors(
    wanted: Mapping[str, Mapping[str, Any]], config: PredictorConfig
) -> tuple[dict[str, Predictor], list[PredictorError]]:
    """Make the wanted predictors, each with its own options.

    Return those that could be made, by name, and the errors of the others.
    """
    known, made, errors = installed(), {}, []
    for name, options in wanted.items():
        try:
            folder = config.state_folder and predictor_folder(name, config.state_folder)
            made[name] = _load(name, known, replace(config, options=options, state_folder=folder))
        except PredictorError as error:
            errors.append(error)
    return made, errors


def predictor_folder(name: str, state_folder: Path) -> Path:
    """Return the folder in which a predictor keeps its learnt state."""
    return state_folder / "predictors" / name


def _load(name: str, known: Mapping[str, EntryPoint], config: PredictorConfig) -> Predictor:
    """Make one predictor; limit the time of each call if it comes from another package."""
    if name not in known or is_built_in(known[name]):
        return load_predictor(name, known, config)
    try:
        made: Predictor = CallThread(CREATION_TIMEOUT).call(load_predictor, name, known, config)
        return with_timeouts(made)
    except PredictorTimeoutError as error:
        raise PredictorError(f"the predictor {name!r} could not be made: {error}") from error


def is_built_in(entry: EntryPoint) -> bool:
    """Return whether a predictor came with Foretype."""
    # Reading the name of its package would take milliseconds.
    return entry.module.startswith("foretype_model.")


def load_predictor(
    name: str, known: Mapping[str, EntryPoint], config: PredictorConfig
) -> Predictor:
    """Make one predictor; raise PredictorError, one line for the user, for any failure in it."""
    if name not in known:
        raise PredictorError(
            f"no predictor is called {name!r}: there are {', '.join(sorted(known))}"
        )
    try:
        create: Callable[[PredictorConfig], Any] = known[name].load()
        predictor = create(config)
    except ForetypeError as error:
        raise PredictorError(str(error)) from error
    except BaseException as error:  # a plugin may raise anything, and must not end the server
        if (
            isinstance(error, KeyboardInterrupt)
            and threading.current_thread() is threading.main_thread()
        ):
            raise  # Ctrl+C, which reaches the main thread alone
        where = known[name].value
        raise PredictorError(
            f"the predictor {name!r} ({where}) could not be made", error
        ) from error
    if not isinstance(predictor, Predictor):
        raise PredictorError(
            f"the predictor {name!r} lacks one of start, feed, step, predict: update or remove it"
        )
    return predictor
