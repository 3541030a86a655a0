"""One client's session: the open documents, the settings, and who still waits for an answer.

Everything here happens on the event loop and takes microseconds; the engine's work happens on the
worker's thread, from snapshots taken when the request came. Loading is the worker's first job, so
requests wait for it in its queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from foretype_model.errors import ForetypeError
from foretype_model.store.store import Store
from foretype_model.text.rope import Rope
from foretype_server import logs
from foretype_server.document import Point, PositionEncoding, Snapshot, Text
from foretype_server.session.index_scheduler import IndexScheduler, Progress
from foretype_server.session.worker import Job, Worker
from foretype_server.settings import Settings, read_settings
from foretype_server.usage.tally import UsageTally

if TYPE_CHECKING:
    from foretype_model.cancellation import IsCancelled
    from foretype_model.completion.candidates import Candidate
    from foretype_model.completion.explain import Explanation
    from foretype_model.predictor import Removed
    from foretype_server.session.engine import LoadResult
    from foretype_server.session.scoring import OutlookAnswer

T = TypeVar("T")

CONFIGURATION_DEADLINE: Final = 2.0
"""Seconds after `initialize` at which the models are loaded, whether or not the client has sent its
settings.
"""

RELOAD_SETTINGS: Final = ("model", "predictors", "learn_exclude", "prose", "memory_per_document")
"""The settings that make other predictors, or have them read other files."""

log = logging.getLogger(__name__)


class CancellationToken:
    """A request's place in line: worthless once a newer request or edit has taken it."""

    def __init__(self) -> None:
        self.cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def cancel(self) -> None:
        """Make it stale, and wake who waits with it."""
        if not self.cancelled.done():
            self.cancelled.set_result(None)

    def is_cancelled(self) -> bool:
        """Safe to call on any thread."""
        return self.cancelled.done()


@dataclass
class OpenDocument:
    """An open document, and the ticket of the newest request of each kind for it."""

    language: str
    version: int
    text: Text
    tokens: dict[str, CancellationToken] = field(default_factory=dict)

    def supersede_previous(self, kind: str) -> CancellationToken:
        """A ticket for a new request, which makes an older one of its kind stale."""
        if kind in self.tokens:
            self.tokens[kind].cancel()
        self.tokens[kind] = CancellationToken()
        return self.tokens[kind]

    def cancel_requests(self) -> None:
        """Make all requests so far stale."""
        for token in self.tokens.values():
            token.cancel()


class ClientSession:
    """What one client has open, and the answers to what it asks."""

    def __init__(
        self,
        encoding: PositionEncoding,
        workspace: tuple[Path, ...],
        editor: str,
        warn: Callable[[str], None],
        progress: Progress,
    ) -> None:
        """`warn` shows the user a line of text; `progress` is told how far the workspace is
        indexed.
        """
        self.settings = Settings()
        self.workspace = workspace
        self.encoding = encoding
        self._warn = warn
        self._documents: dict[str, OpenDocument] = {}
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
        """Take the settings in `layers` of JSON, later ones before earlier ones; warn of what is
        wrong with them.
        """
        before = self.settings
        self.settings, problems = read_settings(*layers)
        if new := [problem for problem in problems if problem not in self._problems]:
            self._warn(" ".join(new))
        self._problems = problems
        after = self.settings
        reload = any(getattr(before, name) != getattr(after, name) for name in RELOAD_SETTINGS)
        if reload and self._started.is_set():
            self._load()

    def set_workspace(self, workspace: tuple[Path, ...]) -> None:
        """Learn from these folders from now on."""
        if workspace != self.workspace:
            self.workspace = workspace
            if self._started.is_set():
                self._load()

    def start(self) -> None:
        """Load the models that the settings name, if that has not begun yet."""
        self._start_timer.cancel()
        if not self._started.is_set():
            self._started.set()
            self._load()

    def open(self, uri: str, language: str, version: int, text: str) -> None:
        """Take a document in, in the place of one of the same name."""
        self.close(uri)
        self._documents[uri] = OpenDocument(language, version, Text(text, self.encoding))
        self.tally.opened(uri, language)

    def change(self, uri: str, version: int, changes: list[tuple[Point, Point, str] | str]) -> None:
        """Apply changes in their order: a text in the place of a range, or a whole new text."""
        document = self._documents.get(uri)
        if document is None:
            log.warning("a document was changed that is not open")
            return
        document.cancel_requests()
        document.version = version
        for change in changes:
            if isinstance(change, str):
                document.text = Text(change, self.encoding)
            else:
                document.text.edit(*change)
        inserted = [change if isinstance(change, str) else change[2] for change in changes]
        self.tally.edited(uri, document.text, inserted)

    def close(self, uri: str) -> None:
        """Let go of a document, if it is open."""
        document = self._documents.pop(uri, None)
        if document:
            document.cancel_requests()
            self.tally.closed(uri)
            self._worker.close(uri)

    async def ghost_text(self, uri: str, point: Point) -> Candidate | None:
        """What to show at the cursor, or None: nothing sure enough, or somebody asked again in the
        meantime.
        """
        if not self.settings.inline_enable:
            return None
        ghost = await self._request(
            "inline", uri, point, lambda engine, *arguments: engine.ghost_text(*arguments)
        )
        if ghost is not None:
            self.tally.shown("ghost", uri, self._documents[uri].text, point, [ghost])
        return ghost

    async def candidates(self, uri: str, point: Point) -> tuple[list[Candidate], Rope]:
        """Next words, then next characters; and the text before the cursor, which they were made
        for.
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
        """Of a document; None where it is not open."""
        document = self._documents.get(uri)
        return document.version if document else None

    async def explain(self, uri: str, point: Point, text: str) -> Explanation | None:
        """Why `text` is offered at a point, or would be; None where nothing is, or somebody asked
        again meanwhile.
        """
        return await self._request(
            "explanation", uri, point, lambda engine, snapshot, *_: engine.explain(snapshot, text)
        )

    async def outlook(
        self, uri: str, point: Point, span: tuple[Point, Point] | None
    ) -> OutlookAnswer | None:
        """How probable the characters in `span` were when they came, and the next ones are; or
        None, as above.
        """
        document = self._documents.get(uri)
        start, end = (
            (len(document.text.split_at(one)[0]) for one in span) if document and span else (0, 0)
        )
        return await self._request(
            "outlook",
            uri,
            point,
            lambda engine, snapshot, settings, is_cancelled: engine.outlook(
                snapshot, settings, (start, end), is_cancelled
            ),
        )

    async def all_candidates(self, uri: str, point: Point) -> list[Candidate]:
        """All that is offered at a point, without regard to what else is asked."""
        return (
            await self._request(
                "offers", uri, point, lambda engine, *arguments: engine.all_candidates(*arguments)
            )
            or []
        )

    async def forget(self, path: Path | None, word: str | None) -> Removed:
        """Offer nothing learnt from a file or folder any more, or never a word; raises what
        `Engine.forget` does.
        """
        await self._started.wait()
        try:
            return await self._worker.forget(path, word)
        finally:
            self._index_scheduler.files_changed(())  # it leaves the disk, too

    def files_changed(self, paths: Iterable[Path]) -> None:
        """Files were saved, created or removed."""
        self._index_scheduler.files_changed(paths)

    def status(self) -> dict[str, Any]:
        """What `foretype.status` answers."""
        return {
            "loading": self._loading,
            "model": str(model) if (model := self._model()) else None,
            "predictors": list(self._loaded.predictors) if self._loaded else [],
            "problems": [*self._problems, *(self._loaded.problems if self._loaded else [])],
            "documents": len(self._documents),
            "accepted": self.tally.accepted,
        }

    def _model(self) -> Path | None:
        """What completes documents without a model of their own."""
        if self._loaded and self.settings.model is None:
            with suppress(ForetypeError):
                return Store().find(None)
        return self._loaded.model if self._loaded else None

    def end(self) -> None:
        """Let the worker go, in the middle of its work where it has any."""
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
        if document is None or not self._is_enabled_for(document):
            return None
        # The snapshot is taken here, before anything is awaited: the document changes while the
        # request waits.
        token = document.supersede_previous(kind)
        snapshot = Snapshot(uri, *document.text.split_at(point))
        answer = asyncio.ensure_future(self._answer(job, snapshot, token.is_cancelled))
        futures: set[asyncio.Future[Any]] = {answer, token.cancelled}
        try:
            await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
            return answer.result() if answer.done() and not token.is_cancelled() else None
        finally:
            token.cancel()
            answer.cancel()

    async def _answer(self, job: Job[T], snapshot: Snapshot, is_cancelled: IsCancelled) -> T | None:
        await self._started.wait()
        return await self._worker.submit(job, snapshot, self.settings, is_cancelled)

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
                f"nothing can be offered, for its parts cannot be loaded "
                f"({logs.describe_error(error)})"
            )
            return
        self._loaded = loading.result()
        if self._worker.engine:
            self._index_scheduler.refresh(self._worker.engine)
        if self._loaded.problems:
            self._warn("; ".join(self._loaded.problems))
