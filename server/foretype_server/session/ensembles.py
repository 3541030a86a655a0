"""Which predictors answer for which document: the same for all, but for those that work with the
document's own model.

What is in use changes beside a running server, when a model has been trained or chosen; the next
answer goes by it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from foretype_model.errors import ForetypeError
from foretype_model.files.uris import uri_to_real_path
from foretype_model.predictor import Learner, Modelled, Predictor
from foretype_model.predictors.mixture import MixerWeights
from foretype_model.store.store import Store
from foretype_server import logs

ModelVersion: TypeAlias = tuple[Path, int]
"""A model's file, and when it was written (nanoseconds)."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Predictors that work together, and how far each has proved to be trusted."""

    predictors: Mapping[str, Predictor]
    mixer_weights: MixerWeights = field(default_factory=dict)


class Ensembles:
    """The ensembles in use. Lives on the worker thread.

    Attributes:
        base: what answers for all documents that have no model of their own.
    """

    def __init__(
        self, predictors: Mapping[str, Predictor], model: Path | None, warn: Callable[[str], None]
    ) -> None:
        """`predictors` work with `model`, and there is no other while that is None; `warn` shows
        the user a line.
        """
        self.base = Ensemble(predictors)
        self._warn = warn
        self._store = Store()
        self._unsaved: set[str] = set()
        self._stamp = -1
        self._models: dict[str, Path | None] = {}
        base_version = model and _version(model)
        self._has_models = bool(base_version)
        self._ensembles = {base_version: self.base} if base_version else {}

    def for_document(self, uri: str) -> Ensemble:
        """Return the ensemble that answers for a document now."""
        version = self._document_version(uri)
        if not version:
            return self.base
        if version not in self._ensembles:
            self._discard_older(version[0])
            self._ensembles[version] = self._new_ensemble(version[0])
        return self._ensembles[version]

    def is_current(self, ensemble: Ensemble, uri: str) -> bool:
        """Return whether `ensemble` still answers for a document. Loads nothing."""
        version = self._document_version(uri)
        return ensemble is (self._ensembles.get(version) if version else self.base)

    def discard_unused(self, used: Iterable[Ensemble]) -> None:
        """Unload each model whose ensemble is not in `used`, without saving; the base stays."""
        kept = {id(ensemble) for ensemble in (self.base, *used)}
        self._ensembles = {
            version: ensemble
            for version, ensemble in self._ensembles.items()
            if id(ensemble) in kept
        }

    def predictors(self) -> list[Predictor]:
        """All that answer for some document, or may; each of them once, although it may work in
        several ensembles.
        """
        made = (
            one
            for ensemble in (self.base, *self._ensembles.values())
            for one in ensemble.predictors.values()
        )
        return list({id(predictor): predictor for predictor in made}.values())

    def name(self, predictor: object) -> str:
        """Return the name of a predictor; that of its class if it is in no ensemble."""
        for ensemble in (self.base, *self._ensembles.values()):
            for name, one in ensemble.predictors.items():
                if one is predictor:
                    return name
        return type(predictor).__name__

    def save(self) -> None:
        """Keep what they have learnt; what cannot be kept costs nobody an answer."""
        for predictor in self.predictors():
            if isinstance(predictor, Learner):
                try:
                    predictor.save()
                except BaseException as error:  # noqa: BLE001 (a plugin may raise anything)
                    self._warn_unsaved(predictor, error)

    def _warn_unsaved(self, predictor: Predictor, error: BaseException) -> None:
        """Once: the next time it may well be the same."""
        name = self.name(predictor)
        if name not in self._unsaved:
            self._unsaved.add(name)
            reason = (
                os.strerror(error.errno)
                if isinstance(error, OSError) and error.errno
                else type(error).__name__
            )
            with suppress(RuntimeError):  # the client has gone
                self._warn(
                    f"what the predictor {name!r} has learnt is not kept ({reason}): is there room on "
                    f"the disk?"
                )

    def _document_version(self, uri: str) -> ModelVersion | None:
        """Return the model of a document; None if the base answers for it."""
        model = self._model(uri) if self._has_models else None
        return _version(model) if model else None

    def _model(self, uri: str) -> Path | None:
        """The model of a document; looked up again when something else has come into use."""
        stamp = self._store.stamp()
        if stamp != self._stamp:
            self._stamp, self._models = stamp, {}
        if uri not in self._models:
            try:
                file = uri_to_real_path(uri)
                self._models[uri] = self._store.find(None, Path(file) if file else None)
            except ForetypeError:
                self._models[uri] = None
        return self._models[uri]

    def _discard_older(self, model: Path) -> None:
        """Let go of what works with an older version of `model`."""
        older = [version for version in self._ensembles if version[0] == model]
        if older:
            self.save()
        for version in older:
            del self._ensembles[version]

    def _new_ensemble(self, model: Path) -> Ensemble:
        """The predictors with another model; those that there are already where it cannot be
        used.
        """
        try:
            return Ensemble(
                {
                    name: _with_model(predictor, model)
                    for name, predictor in self.base.predictors.items()
                }
            )
        except BaseException as error:  # noqa: BLE001 (a plugin may raise anything)
            self._warn(
                f"{model.stem} is not used ({logs.describe_error(error)}); another model takes its "
                f"place"
            )
            return self.base


def _with_model(predictor: Predictor, model: Path) -> Predictor:
    return predictor.with_model(model) if isinstance(predictor, Modelled) else predictor


def _version(model: Path) -> ModelVersion | None:
    try:
        return model, model.stat().st_mtime_ns
    except OSError:
        return None
