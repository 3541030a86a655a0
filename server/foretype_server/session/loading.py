"""Loads the predictors that the settings name, with their model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from foretype_model.errors import ModelError
from foretype_model.predictor import Predictor, PredictorConfig
from foretype_model.predictors import load_predictors
from foretype_model.store.store import Store, data_folder
from foretype_server import logs
from foretype_server.session.ensembles import Ensembles
from foretype_server.settings import Settings


@dataclass(frozen=True)
class LoadResult:
    """The loaded predictors and model, and a line for the user on each problem."""

    predictors: tuple[str, ...]
    model: Path | None
    problems: tuple[str, ...]


def load_ensembles(
    settings: Settings, workspace: tuple[Path, ...], warn: Callable[[str], None]
) -> tuple[Ensembles, LoadResult]:
    """Load the predictors that `settings` name. If their model cannot be used, the model in use
    replaces it.
    """
    predictors, loaded = _load(settings.model, settings, workspace)
    is_named = settings.model is not None
    if is_named and loaded.problems:
        others, default = _load(None, settings, workspace)
        if len(default.problems) < len(loaded.problems):
            predictors, is_named = others, False
            problems = (*loaded.problems, "the model in use takes its place")
            loaded = LoadResult(default.predictors, default.model, problems)
    # A model that the settings name serves everywhere.
    return Ensembles(predictors, None if is_named else loaded.model, warn), loaded


def _load(
    model: str | None, settings: Settings, workspace: tuple[Path, ...]
) -> tuple[dict[str, Predictor], LoadResult]:
    path, missing = _find_model(model)
    config = PredictorConfig(
        model=path,
        workspace=workspace,
        exclude=settings.excluded_patterns,
        state_folder=data_folder(),
    )
    predictors, errors = load_predictors(settings.predictors, config)
    problems = [logs.describe_error(error) for error in errors]
    # The lack of a default model matters only to predictors that use one, and their errors name it.
    if missing and model is not None:
        problems = [missing, *problems]
    return predictors, LoadResult(tuple(predictors), path, tuple(problems))


def _find_model(model: str | None) -> tuple[Path | None, str | None]:
    """Return the model's file, or the reason why there is none."""
    try:
        return Store().find(model), None
    except ModelError as error:
        return None, str(error)
