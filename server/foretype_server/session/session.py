"""One client's session: the open documents, the settings, and the requests under way.

Everything here runs on the event loop and takes microseconds; the engine works on the worker's
thread, from snapshots taken when the request came. Loading is the worker's first job, so requests
wait for it in its queue.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from foretype_model.errors import ForetypeError
from foretype_model.files.uris import uri_to_real_path
from foretype_model.store.script_models import for_script
from foretype_model.store.store import Store
from foretype_model.text.rope import Rope
from foretype_server import logs
from foretype_server.document import CodeUnits, Point, Snapshot, Text
from foretype_server.session.document_sync import DocumentSync
from foretype_server.session.index_scheduler import IndexScheduler, Progress
from foretype_server.session.notebooks import Notebooks
from foretype_server.session.open_document import OpenDocument, SelectedItem
from foretype_server.session.worker import Job, Worker
from foretype_server.settings import Settings, read_settings
from foretype_server.usage.tally import UsageTally

if TYPE_CHECKING:
    from foretype_model.cancellation import IsCancelled
    from foretype_model.completion.candidates import Candidate
    from foretype_model.completion.explain import Explanation
    from foretype_model.predictor import Removed
    from foretype_server.session.loading import LoadResult
    from foretype_server.session.scoring import OutlookAnswer

T = TypeVar("T")

CONFIGURATION_DEADLINE: Final = 2.0
"""Seconds after `initialize` at which the models are loaded, even without the settings."""

RELOAD_SETTINGS: Final = ("model", "predictors", "learn_exclude", "prose", "memory_per_document")
"""The settings that change the predictors, or the files that they read."""

MEASURED_KINDS: Final = ("inline", "completion")
"""The kinds of requests whose speed the user is shown."""

log = logging.getLogger(__name__)


class ClientSession:
    """The open documents of one client, and the answers to its requests."""

    def __init__(
        self,
        encoding: CodeUnits,
        workspace: tuple[Path, ...],
        editor: str,
        warn: Callable[[str], None],
        progress: Progress,
    ) -> None:
        """`warn` shows the user a line of text; `progress` shows how far the workspace is
        indexed.
        """
        self.settings = Settings()
        self.workspace = workspace
        self.encoding = encoding
        self._warn = warn
        self._documents: dict[str, OpenDocument] = {}
        self.sync = DocumentSync(warn, self._documents)
        self.notebooks = Notebooks(self._documents)
        self._problems: list[str] = []
        self._loading = True
        self._ended = False
        self._loaded: LoadResult | None = None
        self._worker = Worker(warn)
        self._index_scheduler = IndexScheduler(warn, progress)
        self.tally = UsageTally(editor, self._worker.run_in_background)
        self._started = asyncio.Event()
        self._start_timer = asyncio.get_running_loop().call_later(
            CONFIGURATION_DEADLINE, self.start
        )

    def configure(self, *layers: object) -> None:
        """Merge `layers` of JSON into the settings; later layers override earlier ones. Warn of
        each invalid setting once.
        """
        before = self.settings
        self.settings, problems = read_settings(*layers)
        if new := [problem for problem in problems if problem not in self._problems]:
            self._warn(" ".join(new))
        self._problems = problems
        after = self.settings
        self.tally.is_recording = after.count_usage
        reload = any(getattr(before, name) != getattr(after, name) for name in RELOAD_SETTINGS)
        if reload and self._started.is_set():
            self._load()

    def set_workspace(self, workspace: tuple[Path, ...]) -> None:
        """Learn from these folders only, from now on."""
        if workspace != self.workspace:
            self.workspace = workspace
            if self._started.is_set():
                self._load()

    def start(self) -> None:
        """Load the models that the settings name, unless that has begun."""
        self._start_timer.cancel()
        if not self._started.is_set():
            self._started.set()
            self._load()

    def open(self, uri: str, language: str, version: int, text: str) -> None:
        """Open a document; it replaces an open one of the same URI."""
        self.close(uri)
        self._documents[uri] = OpenDocument(language, version, Text(text, self.encoding))
        self.tally.opened(uri, language)

    def open_notebook(self, uri: str, cells: Iterable[str]) -> None:
        """Open a notebook with these cells, which are opened as documents, too."""
        self.close_notebook(uri)
        self.notebooks.open(uri, cells)

    def close_notebook(self, uri: str) -> None:
        """Close a notebook and its cells, if it is open."""
        for cell in [*self.notebooks.cells(uri)]:
            self.close(cell)
        self.notebooks.close(uri)
        self.sync.forget(uri)
        self._worker.close(uri)

    def change(self, uri: str, version: int, changes: list[tuple[Point, Point, str] | str]) -> None:
        """Apply changes in their order: each replaces a range, or the whole text."""
        document = self._documents.get(uri)
        if document is None:
            log.warning("a change of a document that is not open was ignored")
            return
        document.cancel_requests()
        if 0 < version < document.version:
            self.sync.doubt(uri, "an older edit came after a newer one")
        # An offer is explained only for the version that it was made for.
        document.version = version or document.version + 1
        for change in changes:
            self._apply(uri, document, change)
        self.tally.edited(uri, document.text, changes)

    def _apply(
        self, uri: str, document: OpenDocument, change: tuple[Point, Point, str] | str
    ) -> None:
        if isinstance(change, str):
            document.text = Text(change, self.encoding)
            self.sync.restore(uri)
        elif not self._is_lost(uri):
            # Some clients append at the line after the last one.
            if min(change[:2]).line > document.text.last_line + 1:
                self.sync.doubt(uri, "an edit begins past its end")
            self.tally.before_edit(uri, document.text, change)
            document.text.edit(*change)

    def close(self, uri: str) -> None:
        """Close a document, if it is open."""
        document = self._documents.pop(uri, None)
        self.sync.forget(uri)
        if document:
            document.cancel_requests()
            self.tally.closed(uri)
            self._worker.close(uri)

    async def ghost_texts(self, uri: str, point: Point, count: int) -> list[Candidate]:
        """Return up to `count` texts to show at the cursor, the best first; none if no text is
        probable enough, or a newer request has superseded this one.
        """
        if not self.settings.inline_enable:
            return []
        ghosts = await self._request(
            "inline",
            uri,
            point,
            lambda engine, snapshot, settings, is_cancelled: engine.ghost_texts(
                snapshot, settings, count, is_cancelled
            ),
        )
        if ghosts:
            self.tally.shown("ghost", uri, self._documents[uri].text, point, ghosts)
        return ghosts or []

    async def ghost_text_beyond(
        self, uri: str, point: Point, item: SelectedItem
    ) -> tuple[str, Candidate] | None:
        """Return the typed part of the selected item, and the rest of the item with the ghost text
        after it; None as in `ghost_texts`, or if the cursor is outside of the item's range.
        """
        document = self._documents.get(uri)
        if document is None or not item.start <= point <= item.end:
            return None
        if not self.settings.inline_enable:
            return None
        accepted = self.notebooks.in_context(document.with_item(uri, item))
        typed = document.typed_part(item, point)
        ghost = await self._request(
            "inline",
            uri,
            point,
            lambda engine, _, settings, is_cancelled: engine.ghost_text_beyond(
                accepted, settings, is_cancelled
            ),
        )
        if ghost is None:
            return None
        whole = replace(ghost, text=item.text.removeprefix(typed) + ghost.text)
        self.tally.shown("ghost", uri, document.text, point, [whole])
        return typed, whole

    async def candidates(self, uri: str, point: Point) -> tuple[list[Candidate], Rope]:
        """Return next words, then next characters; and the text before the cursor at the time of
        the request.
        """
        answer = await self._request(
            "completion",
            uri,
            point,
            lambda engine, snapshot, *rest: (engine.candidates(snapshot, *rest), snapshot),
        )
        if answer is None:
            return [], Rope(())
        candidates, snapshot = answer
        self.tally.shown("menu", uri, self._documents[uri].text, point, candidates)
        return candidates, snapshot.before

    def version(self, uri: str) -> int | None:
        """Return the version of a document; None if it is not open."""
        document = self._documents.get(uri)
        return document.version if document else None

    def is_code(self, uri: str) -> bool:
        """Return whether an open document is code."""
        document = self._documents.get(uri)
        return document is not None and document.is_code

    def clamp(self, uri: str, point: Point) -> Point:
        """Return the position that `point` stands for in a document, as `Text.clamp` does;
        unchanged if that is not open.
        """
        document = self._documents.get(uri)
        return document.text.clamp(point) if document else point

    async def explain(self, uri: str, point: Point, text: str) -> Explanation | None:
        """Return the reasons for offering `text` at a point; None if no predictor is left, or a
        newer request has superseded this one.
        """
        return await self._request(
            "explanation",
            uri,
            point,
            lambda engine, snapshot, _, is_cancelled: engine.explain(snapshot, text, is_cancelled),
        )

    async def explain_offers(
        self, uri: str, point: Point, text: str | None
    ) -> tuple[list[Candidate], Explanation] | None:
        """Return all offers at a point, and the reasons for offering `text`, by default the first
        of them; None if there is nothing to explain, or a newer request has superseded this one.
        """
        # One request: of two, the second would wait behind an explanation that it supersedes.
        return await self._request(
            "explanation",
            uri,
            point,
            lambda engine, snapshot, settings, is_cancelled: engine.explain_offers(
                snapshot, settings, text, is_cancelled
            ),
        )

    async def outlook(
        self, uri: str, point: Point, span: tuple[Point, Point] | None
    ) -> OutlookAnswer | None:
        """Return the probability of each character in `span` when it was typed, and the next
        characters; None as in `explain`.
        """
        document = self._documents.get(uri)
        above = len(self.notebooks.above(uri))
        start, end = (
            (above + len(document.text.split_at(one)[0]) for one in span)
            if document and span
            else (0, 0)
        )
        return await self._request(
            "outlook",
            uri,
            point,
            lambda engine, snapshot, settings, is_cancelled: engine.outlook(
                snapshot, settings, (start, end), is_cancelled
            ),
        )

    async def forget(self, path: Path | None, word: str | None) -> Removed:
        """Forget the text of a file or folder, or a word; raise the errors of `Engine.forget`."""
        await self._started.wait()
        try:
            return await self._worker.forget(path, word)
        finally:
            self._index_scheduler.files_changed(())  # removes it from the disk, too

    def files_changed(self, paths: Iterable[Path]) -> None:
        """Schedule the reading of files that were saved, created or removed."""
        self._index_scheduler.files_changed(paths)

    def status(self, uri: str | None = None) -> dict[str, Any]:
        """Return the answer to `foretype.status`, with the model of the document `uri`."""
        return {
            "loading": self._loading,
            "model": str(model) if (model := self._model(uri)) else None,
            "predictors": list(self._loaded.predictors) if self._loaded else [],
            "problems": [*self._problems, *(self._loaded.problems if self._loaded else [])],
            "documents": len(self._documents),
            "accepted": self.tally.accepted,
            "speed": self._worker.speed.summary(),
        }

    def _model(self, uri: str | None) -> Path | None:
        """Return the model of a document; by default, of those without a model of their own."""
        if self._loaded and self.settings.model is None:
            file = uri_to_real_path(text := self.notebooks.text_of(uri or ""))
            with suppress(ForetypeError):
                model = Store().find(None, Path(file) if file else None)
                return for_script(model, self._worker.script(text))
        return self._loaded.model if self._loaded else None

    def end(self) -> None:
        """End the session, and the work under way."""
        self._start_timer.cancel()
        for document in self._documents.values():
            document.cancel_requests()
        if not self._ended:
            self.tally.end()
        self._ended = True
        self._index_scheduler.end()
        self._worker.end()

    async def _request(self, kind: str, uri: str, point: Point, job: Job[T]) -> T | None:
        document = self._documents.get(uri)
        if document is None or self._is_lost(uri) or not self._is_enabled_for(document):
            return None
        # Take the snapshot before the first await: the document changes while the request waits.
        token = document.supersede_previous(kind)
        snapshot = self.notebooks.in_context(
            Snapshot(uri, *document.text.split_at(point), document.is_code)
        )
        began = time.perf_counter()
        answer = asyncio.ensure_future(self._answer(job, snapshot, token.is_cancelled))
        futures: set[asyncio.Future[Any]] = {answer, token.cancelled}
        try:
            await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done() or token.is_cancelled():
                return None
            if kind in MEASURED_KINDS:
                self._worker.speed.answered(time.perf_counter() - began)
            return answer.result()
        finally:
            token.cancel()
            answer.cancel()

    async def _answer(self, job: Job[T], snapshot: Snapshot, is_cancelled: IsCancelled) -> T | None:
        await self._started.wait()
        return await self._worker.submit(job, snapshot, self.settings, is_cancelled)

    def _is_lost(self, uri: str) -> bool:
        """Return whether an edit of a document is lost, or an edit of its notebook."""
        return self.sync.is_lost(uri) or self.sync.is_lost(self.notebooks.text_of(uri))

    def _is_enabled_for(self, document: OpenDocument) -> bool:
        settings = self.settings
        allowed = settings.enable and document.language not in settings.languages_disabled
        return allowed and len(document.text) <= settings.max_file_size

    def _load(self) -> None:
        if self._ended:
            return
        self._loading = True
        self._worker.load(self.settings, self.workspace).add_done_callback(self._on_loaded)

    def _on_loaded(self, loading: asyncio.Future[LoadResult]) -> None:
        if loading.cancelled():
            return
        self._loading = False
        if error := loading.exception():
            self._warn(
                f"completions are off: the predictors failed to load ({logs.describe_error(error)})"
            )
            return
        self._loaded = loading.result()
        if self._worker.engine:
            self._index_scheduler.refresh(self._worker.engine)
        if self._loaded.problems:
            self._warn("; ".join(self._loaded.problems))
