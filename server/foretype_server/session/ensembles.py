"""The predictors of each document: the same for all documents, except for predictors that work with
the document's own model.

The model in use changes beside a running server, when one is trained or chosen; the next answer
follows the change.
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
from foretype_model.predictors.log_mixer import MixerWeights
from foretype_model.store.script_models import for_script
from foretype_model.store.store import Store
from foretype_model.text.scripts import Script, followed_script
from foretype_server import logs

ModelVersion: TypeAlias = tuple[Path, int]
"""A model's file, and its modification time in nanoseconds."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Predictors that work together, and the learnt mixer weights between them."""

    predictors: Mapping[str, Predictor]
    mixer_weights: MixerWeights = field(default_factory=MixerWeights)


class Ensembles:
    """The ensembles in use. For the worker thread alone.

    Attributes:
        base: the ensemble of all documents without a model of their own.
    """

    def __init__(
        self, predictors: Mapping[str, Predictor], model: Path | None, warn: Callable[[str], None]
    ) -> None:
        """`predictors` work with `model`; if that is None, they answer for every document. `warn`
        shows the user a line.
        """
        self.base = Ensemble(predictors)
        self._warn = warn
        self._store = Store()
        self._unsaved: set[str] = set()
        self._stamp = -1
        self._models: dict[str, Path | None] = {}
        self._scripts: dict[str, Script] = {}
        base_version = model and _version(model)
        self._has_models = bool(base_version)
        self._ensembles = {base_version: self.base} if base_version else {}

    def for_document(self, uri: str, text: str) -> Ensemble:
        """Return the ensemble that answers for a document now, whose `text` near the cursor is
        given.
        """
        self._follow_script(uri, text)
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

    def script(self, uri: str) -> Script | None:
        """Return the script that a document was in at its last answer, if it has its own model."""
        return self._scripts.get(uri)

    def discard_unused(self, used: Iterable[Ensemble]) -> None:
        """Unload each model whose ensemble is not in `used`, without saving; the base stays."""
        kept = {id(ensemble) for ensemble in (self.base, *used)}
        self._ensembles = {
            version: ensemble
            for version, ensemble in self._ensembles.items()
            if id(ensemble) in kept
        }

    def predictors(self) -> list[Predictor]:
        """Return the predictors of all ensembles, each once, although ensembles share some."""
        members = (
            one
            for ensemble in (self.base, *self._ensembles.values())
            for one in ensemble.predictors.values()
        )
        return list({id(predictor): predictor for predictor in members}.values())

    def name(self, predictor: object) -> str:
        """Return the name of a predictor; that of its class if it is in no ensemble."""
        for ensemble in (self.base, *self._ensembles.values()):
            for name, one in ensemble.predictors.items():
                if one is predictor:
                    return name
        return type(predictor).__name__

    def save(self) -> None:
        """Save the predictors; an error is a warning, and answers go on."""
        for predictor in self.predictors():
            if isinstance(predictor, Learner):
                try:
                    predictor.save()
                except BaseException as error:  # noqa: BLE001 (a plugin may raise anything)
                    self._warn_unsaved(predictor, error)

    def _warn_unsaved(self, predictor: Predictor, error: BaseException) -> None:
        """Warn once a predictor: the next save will probably fail as well."""
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
                    f"the predictor {name!r} cannot save its learning ({reason}): is the disk full?"
                )

    def _follow_script(self, uri: str, text: str) -> None:
        if script := followed_script(text, self._scripts.get(uri)):
            self._scripts[uri] = script
        else:
            self._scripts.pop(uri, None)

    def _document_version(self, uri: str) -> ModelVersion | None:
        """Return the model of a document; None if the base answers for it."""
        model = self._model(uri) if self._has_models else None
        return _version(for_script(model, self._scripts.get(uri))) if model else None

    def _model(self, uri: str) -> Path | None:
        """Return the model of a document; looked up again after each change of the models in
        use.
        """
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
        """Unload the older versions of `model`."""
        older = [version for version in self._ensembles if version[0] == model]
        if older:
            self.save()
        for version in older:
            del self._ensembles[version]

    def _new_ensemble(self, model: Path) -> Ensemble:
        """Return the predictors with another model; the base, with a warning, if that model cannot
        be used.
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
