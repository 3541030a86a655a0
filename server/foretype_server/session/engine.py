"""The predictors, and a warm completer for each open document. All of it is used by one thread, the
worker.

Importing this module imports numpy and, with the network, ONNX Runtime: that is for the worker to
do as well.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from foretype_model.cancellation import Cancelled, IsCancelled
from foretype_model.completion.candidates import Candidate
from foretype_model.completion.completer import Completer
from foretype_model.completion.explain import Explanation
from foretype_model.errors import ModelError
from foretype_model.predictor import Forgetful, Indexer, Predictor, PredictorConfig, Removed
from foretype_model.predictors import load_predictors, predictor_folder
from foretype_model.predictors.copy.index.registry import IndexRegistry
from foretype_model.privacy.forget_list import ForgetList, LiveForgetList
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.store.store import Store, data_folder
from foretype_server import logs
from foretype_server.document import Snapshot
from foretype_server.session.ensembles import Ensemble, Ensembles
from foretype_server.session.scoring import OutlookAnswer, ScoringSessions
from foretype_server.settings import Settings

MAX_ACTIVE_DOCUMENTS: Final = 8
"""Documents, those asked about last, whose states are kept closely (2 MB each where they are 20 kB
long); the others rest.
"""

P = TypeVar("P")
T = TypeVar("T")

MAX_SOURCES: Final = 3
"""Places at most that something is said to come from."""


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadResult:
    """What the engine works with, and a line for the user on each thing that it has to do
    without.
    """

    predictors: tuple[str, ...]
    model: Path | None
    problems: tuple[str, ...]


class Engine:
    """Answers questions about documents, from the predictors that were loaded last."""

    def __init__(
        self, on_drop: Callable[[str, Exception], None], warn: Callable[[str], None]
    ) -> None:
        """`on_drop` is told the predictor and its error when one is dropped for a document.

        `warn` is told what the user is to know of a model that came into use later.
        """
        self._on_drop, self._warn = on_drop, warn
        self._ensembles = Ensembles({}, None, warn)
        self._policy = LearningPolicy()
        self._scoring = ScoringSessions(lambda: Ensembles({}, None, warn), on_drop, self._policy)
        self._indexes = IndexRegistry(_index_folder())
        self._forget_list = LiveForgetList(_index_folder())
        self._applied_forget_list: ForgetList | None = None
        self._completers: OrderedDict[str, tuple[Ensemble, Completer]] = OrderedDict()
        self._memory = 0
        self._index_changed = False
        self._unclosed: set[str] = set()

    def load(self, settings: Settings, workspace: tuple[Path, ...]) -> LoadResult:
        """Make the predictors that `settings` name; all documents start anew with them."""
        self.release()
        self._memory = 1_000_000 * settings.memory_per_document
        self._ensembles, loaded = self._load_ensembles(settings, workspace)
        self._policy = LearningPolicy(workspace, settings.excluded_patterns, self._forget_list)
        self._scoring = ScoringSessions(
            lambda: self._load_ensembles(settings, workspace)[0], self._on_drop, self._policy
        )
        self._indexes = IndexRegistry(_index_folder())
        self._completers.clear()
        return loaded

    def _load_ensembles(
        self, settings: Settings, workspace: tuple[Path, ...]
    ) -> tuple[Ensembles, LoadResult]:
        predictors, loaded = _load(settings.model, settings, workspace)
        named = settings.model is not None
        if named and loaded.problems:
            others, default = _load(None, settings, workspace)
            if len(default.problems) < len(loaded.problems):
                predictors, named = others, False
                problems = (*loaded.problems, "the model in use takes its place")
                loaded = LoadResult(default.predictors, default.model, problems)
        # A model that the settings name serves everywhere.
        return Ensembles(predictors, None if named else loaded.model, self._warn), loaded

    def candidates(
        self, snapshot: Snapshot, settings: Settings, is_cancelled: IsCancelled
    ) -> list[Candidate]:
        """Distinct next words, the likeliest first, then next characters. Empty once
        `is_cancelled`.
        """
        completer, options, found = self._completer(snapshot.uri), settings.options(), []
        try:
            if settings.next_word:
                found += completer.next_words(
                    snapshot.before, snapshot.after, options, is_cancelled
                )
            if settings.next_character and not settings.prose:
                found += completer.next_characters(snapshot.before, snapshot.after, options)
        except Cancelled:
            return []
        return found

    def ghost_text(
        self, snapshot: Snapshot, settings: Settings, is_cancelled: IsCancelled
    ) -> Candidate | None:
        """What is sure enough to be shown at the cursor. None once `is_cancelled`."""
        completer = self._completer(snapshot.uri)
        try:
            return completer.ghost_text(
                snapshot.before, snapshot.after, settings.options(), is_cancelled
            )
        except Cancelled:
            return None

    def outlook(
        self,
        snapshot: Snapshot,
        settings: Settings,
        span: tuple[int, int],
        is_cancelled: IsCancelled,
    ) -> OutlookAnswer | None:
        """What came in `span`, bytes of the text from its start, and what may come next. None once
        `is_cancelled`.
        """
        if (forget_list := self._forget_list()) != self._applied_forget_list:
            self._applied_forget_list = forget_list
            self._scoring.reset()
        return self._scoring.outlook(snapshot, settings, span, is_cancelled)

    def explain(
        self, snapshot: Snapshot, text: str, is_cancelled: IsCancelled
    ) -> Explanation | None:
        """Return the reasons for offering `text`. None once `is_cancelled`."""
        completer = self._completer(snapshot.uri)
        try:
            return completer.explain(snapshot.before, text, MAX_SOURCES, is_cancelled)
        except Cancelled:
            return None

    def explain_offers(
        self, snapshot: Snapshot, settings: Settings, text: str | None, is_cancelled: IsCancelled
    ) -> tuple[list[Candidate], Explanation] | None:
        """Return the ghost text and the `candidates`, and the reasons for offering `text`, by
        default the first of them. None once `is_cancelled`, or if there is nothing to explain.
        """
        ghost = self.ghost_text(snapshot, settings, is_cancelled)
        offers = [*([ghost] if ghost else []), *self.candidates(snapshot, settings, is_cancelled)]
        text = text or (offers[0].text if offers else "")
        explanation = self.explain(snapshot, text, is_cancelled) if text else None
        return (offers, explanation) if explanation else None

    def forget(self, path: Path | None, word: str | None) -> Removed:
        """Have each predictor that can forget what was learnt from `path`, or `word`; none learns
        it again anywhere.

        Raises:
            Exception: one of them could not, whatever it raised; the others have.
        """
        able = [
            predictor
            for predictor in self._ensembles.predictors()
            if isinstance(predictor, Forgetful)
        ]
        forgetful: list[Forgetful] = [self._indexes, *able]
        try:
            return sum(
                _call_each(forgetful, lambda predictor: predictor.forget(path, word)), Removed()
            )
        finally:
            # What they had in mind of each document may be of it.
            self._completers.clear()
            self._scoring.reset()

    def catch_up(self, uri: str) -> bool:
        """Read a slice of a long text that was answered for from its end alone; whether all of it
        is read.
        """
        known = self._completers.get(uri)
        return known is None or known[1].catch_up()

    def close(self, uri: str) -> None:
        """Let go of a document."""
        self._completers.pop(uri, None)
        self._scoring.close(uri)
        self._discard_unused_models()

    def release(self) -> None:
        """Save what the predictors have learnt, and close them. A `close` that raises is a warning:
        it must not keep the next settings from being loaded.
        """
        self._ensembles.save()
        for indexer in self._indexers():
            try:
                indexer.close()
            except BaseException as error:  # noqa: BLE001 (a plugin may raise anything)
                self._warn_unclosed(indexer, error)

    def _warn_unclosed(self, indexer: Indexer, error: BaseException) -> None:
        name = self._ensembles.name(indexer)
        log.warning("the predictor %s could not be closed", name, exc_info=error)
        if name in self._unclosed:
            return
        self._unclosed.add(name)
        with suppress(RuntimeError):  # the client has gone
            self._warn(
                f'The predictor "{name}" could not be closed ({logs.describe_error(error)}): its '
                f"files or memory may stay in use until the editor restarts."
            )

    def _discard_unused_models(self) -> None:
        """Save what was learnt, then unload the models that no open document uses."""
        self._ensembles.save()
        self._ensembles.discard_unused(ensemble for ensemble, _ in self._completers.values())

    # On the thread that indexes, beside the worker:

    def refresh(self, progress: Callable[[int, int], None]) -> None:
        """Read what is new in the workspace; tell how many files are done, of how many. Raises
        ForetypeError.
        """
        try:
            _call_each(self._indexers(), lambda indexer: indexer.refresh(progress))
        finally:
            self._index_changed = True

    def update(self, paths: Collection[Path]) -> None:
        """Read files that have changed. Raises ForetypeError."""
        try:
            _call_each(self._indexers(), lambda indexer: indexer.update(paths))
        finally:
            self._index_changed = True

    def _indexers(self) -> list[Indexer]:
        """They are the same in all ensembles, whose number may change while the other thread looks.

        Those of other workspaces come last: what is forgotten leaves the disk there, too.
        """
        predictors = self._ensembles.base.predictors.values()
        return [
            *(predictor for predictor in predictors if isinstance(predictor, Indexer)),
            self._indexes,
        ]

    def _completer(self, uri: str) -> Completer:
        if self._index_changed:
            self._index_changed = False
            for _, completer in self._completers.values():
                completer.invalidate()
        ensemble = self._ensembles.for_document(uri)
        if uri not in self._completers:
            self._completers[uri] = ensemble, self._new_completer(uri, ensemble)
        elif self._completers[uri][0] is not ensemble:
            self._completers[uri] = ensemble, self._new_completer(uri, ensemble)
            self._discard_outdated_completers()
        elif uri != next(reversed(self._completers)):
            # Meanwhile the predictors have learnt from what was typed elsewhere.
            self._completers[uri][1].invalidate()
        self._completers.move_to_end(uri)
        if len(self._completers) > MAX_ACTIVE_DOCUMENTS:
            next(islice(reversed(self._completers.values()), MAX_ACTIVE_DOCUMENTS, None))[
                1
            ].release_memory()
        return self._completers[uri][1]

    def _discard_outdated_completers(self) -> None:
        """Discard the completers of documents that another model completes now, and its memory."""
        for uri, (ensemble, _) in list(self._completers.items()):
            if not self._ensembles.is_current(ensemble, uri):
                del self._completers[uri]
        self._discard_unused_models()

    def _new_completer(self, uri: str, ensemble: Ensemble) -> Completer:
        return Completer(
            ensemble.predictors,
            self._on_drop,
            uri,
            ensemble.mixer_weights,
            self._memory,
            policy=self._policy,
        )


def _call_each(predictors: Collection[P], call: Callable[[P], T]) -> list[T]:
    """What it comes to with each of them; what one raises is raised when all have had their
    turn.
    """
    done, failures = list[T](), list[Exception]()
    for predictor in predictors:
        try:
            done.append(call(predictor))
        except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
            failures.append(error)
    if failures:
        raise failures[0]
    return done


def _load(
    model: str | None, settings: Settings, workspace: tuple[Path, ...]
) -> tuple[dict[str, Predictor], LoadResult]:
    path, missing = _find_model(model)
    context = PredictorConfig(
        model=path,
        workspace=workspace,
        exclude=settings.excluded_patterns,
        state_folder=data_folder(),
    )
    predictors, errors = load_predictors(settings.predictors, context)
    problems = [logs.describe_error(error) for error in errors]
    # The lack of a default model matters only to predictors that use one, and they say so.
    if missing and model is not None:
        problems = [missing, *problems]
    return predictors, LoadResult(tuple(predictors), path, tuple(problems))


def _index_folder() -> Path:
    """Where the indexes are, and the list of what is forgotten in all of them."""
    return predictor_folder("copy", data_folder())


def _find_model(model: str | None) -> tuple[Path | None, str | None]:
    """The model's file, or why there is none."""
    try:
        return Store().find(model), None
    except ModelError as error:
        return None, str(error)
