"""The predictors, and a warm completer for each open document. Only the worker thread uses them.

Importing this module imports numpy and, with the network, ONNX Runtime: the worker does that too.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from foretype_model.cancellation import Cancelled, IsCancelled
from foretype_model.completion import menu
from foretype_model.completion.candidates import BEFORE_BYTES, Candidate, Options
from foretype_model.completion.completer import Completer
from foretype_model.completion.explain import Explanation
from foretype_model.predictor import Forgetful, Indexer, Removed
from foretype_model.predictors import predictor_folder
from foretype_model.predictors.copy.index.registry import IndexRegistry
from foretype_model.privacy.forget_list import ForgetList, LiveForgetList
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.store.store import data_folder
from foretype_model.text import prose
from foretype_model.text.rope import Rope
from foretype_model.text.scripts import Script
from foretype_server import logs
from foretype_server.document import Snapshot
from foretype_server.session.ensembles import Ensemble, Ensembles
from foretype_server.session.loading import LoadResult, load_ensembles
from foretype_server.session.scoring import OutlookAnswer, ScoringSessions
from foretype_server.settings import Settings

MAX_ACTIVE_DOCUMENTS: Final = 8
"""Documents, the most recently asked about, that keep all their states (2 MB each for a document of
20 kB); the others keep a few.
"""

P = TypeVar("P")
T = TypeVar("T")

MAX_BLANK_BYTES: Final = 1024
"""Bytes of white space, at most, that count as an empty beginning of a document."""

MAX_SOURCES: Final = 3
"""Sources in an explanation at most."""


log = logging.getLogger(__name__)


class Engine:
    """Answers about documents, from the predictors that were loaded last."""

    def __init__(
        self, on_drop: Callable[[str, Exception], None], warn: Callable[[str], None]
    ) -> None:
        """`on_drop` is called with the name and the error of a predictor that is dropped for a
        document; `warn` shows the user a line.
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
        """Load the predictors that `settings` name; all documents start anew with them."""
        self.release()
        self._memory = 1_000_000 * settings.memory_per_document
        self._ensembles, loaded = load_ensembles(settings, workspace, self._warn)
        self._policy = LearningPolicy(workspace, settings.excluded_patterns, self._forget_list)
        self._scoring = ScoringSessions(
            lambda: load_ensembles(settings, workspace, self._warn)[0], self._on_drop, self._policy
        )
        self._indexes = IndexRegistry(_index_folder())
        self._completers.clear()
        return loaded

    def candidates(
        self, snapshot: Snapshot, settings: Settings, is_cancelled: IsCancelled
    ) -> list[Candidate]:
        """Return distinct next words, the most probable first, then next characters. Empty once
        `is_cancelled`.
        """
        completer, options = self._completer(snapshot), _options(snapshot, settings)
        words, characters = list[Candidate](), list[Candidate]()
        try:
            if settings.next_word:
                words = completer.next_words(snapshot.before, snapshot.after, options, is_cancelled)
            if settings.next_character and not settings.prose:
                characters = completer.next_characters(snapshot.before, snapshot.after, options)
        except Cancelled:
            return []
        if _is_blank(snapshot.before) and not options.is_code:
            words = [one for one in words if prose.has_word(one.text)]
            characters = [one for one in characters if prose.has_word(one.text)]
        return menu.merge(words, characters, snapshot.before[-BEFORE_BYTES:], options)

    def ghost_text(
        self, snapshot: Snapshot, settings: Settings, is_cancelled: IsCancelled
    ) -> Candidate | None:
        """Return the text to show at the cursor; None if no text is probable enough, or once
        `is_cancelled`.
        """
        return next(iter(self.ghost_texts(snapshot, settings, 1, is_cancelled)), None)

    def ghost_texts(
        self, snapshot: Snapshot, settings: Settings, count: int, is_cancelled: IsCancelled
    ) -> list[Candidate]:
        """Return up to `count` texts to show at the cursor, as `Completer.ghost_texts` does. Empty
        once `is_cancelled`, or if the document begins here and the user has not asked.
        """
        if count == 1 and _is_blank(snapshot.before):
            return []
        completer = self._completer(snapshot)
        try:
            return completer.ghost_texts(
                snapshot.before, snapshot.after, _options(snapshot, settings), count, is_cancelled
            )
        except Cancelled:
            return []

    def ghost_text_beyond(
        self, snapshot: Snapshot, settings: Settings, is_cancelled: IsCancelled
    ) -> Candidate | None:
        """Return the ghost text of a text that the document may become. None once
        `is_cancelled`.
        """
        completer = self._completer(snapshot)
        # The range is that of the item alone.
        options = replace(_options(snapshot, settings), replace_after_cursor=False)
        try:
            return completer.ghost_text_beyond(
                snapshot.before, snapshot.after, options, is_cancelled
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
        """Return the scores of the characters in `span` (byte offsets in the text), and the next
        characters. None once `is_cancelled`.
        """
        if (forget_list := self._forget_list()) != self._applied_forget_list:
            self._applied_forget_list = forget_list
            self._scoring.reset()
        return self._scoring.outlook(snapshot, settings, span, is_cancelled)

    def explain(
        self, snapshot: Snapshot, text: str, is_cancelled: IsCancelled
    ) -> Explanation | None:
        """Return the reasons for offering `text`. None once `is_cancelled`."""
        completer = self._completer(snapshot)
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
        """Have each `Forgetful` predictor forget the text learnt from `path`, or `word`; no
        predictor learns it again, in any workspace.

        Raises:
            Exception: the first error of a predictor, after all have had their turn.
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
            # Cached completions may contain the forgotten text.
            self._completers.clear()
            self._scoring.reset()

    def steps(self, uri: str) -> int:
        """Return the bytes that the predictors have read or tried for a document so far."""
        known = self._completers.get(uri)
        return known[1].steps if known else 0

    def script(self, uri: str) -> Script | None:
        """Return the script that chose the model of a document's last answer, if one did."""
        return self._ensembles.script(uri)

    def catch_up(self, uri: str) -> bool:
        """Read a slice of a long text whose last answer came from its end alone. Return whether all
        of the text is read.
        """
        known = self._completers.get(uri)
        return known is None or known[1].catch_up()

    def close(self, uri: str) -> None:
        """Discard the states of a document."""
        self._completers.pop(uri, None)
        self._scoring.close(uri)
        self._discard_unused_models()

    def release(self) -> None:
        """Save and close the predictors. A `close` that raises causes a warning: it must not keep
        the next settings from being loaded.
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
        """Save the predictors, then unload the models that no open document uses."""
        self._ensembles.save()
        self._ensembles.discard_unused(ensemble for ensemble, _ in self._completers.values())

    # On the thread that indexes, beside the worker:

    def refresh(self, progress: Callable[[int, int], None]) -> None:
        """Read new and changed files of the workspace; call `progress` with the files read and
        their total. Raises ForetypeError.
        """
        try:
            _call_each(self._indexers(), lambda indexer: indexer.refresh(progress))
        finally:
            self._index_changed = True

    def update(self, paths: Collection[Path]) -> None:
        """Read the changed files at `paths`. Raises ForetypeError."""
        try:
            _call_each(self._indexers(), lambda indexer: indexer.update(paths))
        finally:
            self._index_changed = True

    def _indexers(self) -> list[Indexer]:
        """Return the indexers of the base ensemble, then the indexes of all workspaces, from whose
        files forgotten text is removed.

        All ensembles share their indexers. The other ensembles may change while the indexing thread
        reads this list.
        """
        predictors = self._ensembles.base.predictors.values()
        return [
            *(predictor for predictor in predictors if isinstance(predictor, Indexer)),
            self._indexes,
        ]

    def _completer(self, snapshot: Snapshot) -> Completer:
        uri = snapshot.uri
        if self._index_changed:
            self._index_changed = False
            for _, completer in self._completers.values():
                completer.invalidate()
        ensemble = self._ensembles.for_document(uri, snapshot.near())
        if uri not in self._completers:
            self._completers[uri] = ensemble, self._new_completer(uri, ensemble)
        elif self._completers[uri][0] is not ensemble:
            self._completers[uri] = ensemble, self._new_completer(uri, ensemble)
            self._discard_outdated_completers()
        elif uri != next(reversed(self._completers)):
            # The predictors have learnt from other documents since.
            self._completers[uri][1].invalidate()
        self._completers.move_to_end(uri)
        if len(self._completers) > MAX_ACTIVE_DOCUMENTS:
            next(islice(reversed(self._completers.values()), MAX_ACTIVE_DOCUMENTS, None))[
                1
            ].release_memory()
        return self._completers[uri][1]

    def _discard_outdated_completers(self) -> None:
        """Discard the completers of documents that another model completes now, then unload the
        unused models.
        """
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


def _options(snapshot: Snapshot, settings: Settings) -> Options:
    return replace(settings.options(), is_code=snapshot.is_code)


def _is_blank(before: Rope) -> bool:
    """Return whether only white space stands before the cursor.

    Files begin with front matter, licences and headings more often than with any words of the
    user's, and `copy` knows nothing before the first of them.
    """
    return len(before) <= MAX_BLANK_BYTES and not before[:].strip()


def _call_each(predictors: Collection[P], call: Callable[[P], T]) -> list[T]:
    """Return the results of `call` for all predictors. Raise the first error after all have had
    their turn.
    """
    results, failures = list[T](), list[Exception]()
    for predictor in predictors:
        try:
            results.append(call(predictor))
        except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
            failures.append(error)
    if failures:
        raise failures[0]
    return results


def _index_folder() -> Path:
    """Return the folder of the indexes and of the forget list above them all."""
    return predictor_folder("copy", data_folder())
