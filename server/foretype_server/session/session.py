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
from foretype_server.document import Point, Snapshot, Text, Units
from foretype_server.session.index_scheduler import Progress, Upkeep
from foretype_server.session.worker import Job, Worker
from foretype_server.settings import Settings, read_settings
from foretype_server.usage.tally import Tally

if TYPE_CHECKING:
    from foretype_model.cancellation import Stale
    from foretype_model.completion.candidates import Candidate
    from foretype_model.completion.explain import Explanation
    from foretype_model.predictor import Removed
    from foretype_server.session.engine import Loaded
    from foretype_server.session.scoring import Outlook

T = TypeVar("T")

SLOWEST_CONFIGURATION: Final = 2.0
"""Seconds after `initialize` at which the models are loaded, whether or not the client has sent its
settings.
"""

RELOADED: Final = ("model", "predictors", "learn_exclude", "prose", "memory_per_document")
"""The settings that make other predictors, or have them read other files."""

log = logging.getLogger(__name__)


class Ticket:
    """A request's place in line: worthless once a newer request or edit has taken it."""

    def __init__(self) -> None:
        self.taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> None:
        """Make it stale, and wake who waits with it."""
        if not self.taken.done():
            self.taken.set_result(None)

    def stale(self) -> bool:
        """Safe to call on any thread."""
        return self.taken.done()


@dataclass
class Document:
    """An open document, and the ticket of the newest request of each kind for it."""

    language: str
    version: int
    text: Text
    tickets: dict[str, Ticket] = field(default_factory=dict)

    def renew(self, kind: str) -> Ticket:
        """A ticket for a new request, which makes an older one of its kind stale."""
        if kind in self.tickets:
            self.tickets[kind].take()
        self.tickets[kind] = Ticket()
        return self.tickets[kind]

    def supersede(self) -> None:
        """Make all requests so far stale."""
        for ticket in self.tickets.values():
            ticket.take()


class Session:
    """What one client has open, and the answers to what it asks."""

    def __init__(
        self,
        units: Units,
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
        self.units = units
        self._warn = warn
        self._documents: dict[str, Document] = {}
        self._problems: list[str] = []
        self._loading = True
        self._ended = False
        self._loaded: Loaded | None = None
        self._worker = Worker(warn)
        self._upkeep = Upkeep(warn, progress)
        self.tally = Tally(editor, self._worker.aside)
        self._started = asyncio.Event()
        self._start_timer = asyncio.get_running_loop().call_later(SLOWEST_CONFIGURATION, self.start)

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
        reload = any(getattr(before, name) != getattr(after, name) for name in RELOADED)
        if reload and self._started.is_set():
            self._load()

    def move(self, workspace: tuple[Path, ...]) -> None:
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
        self._documents[uri] = Document(language, version, Text(text, self.units))
        self.tally.opened(uri, language)

    def change(self, uri: str, version: int, changes: list[tuple[Point, Point, str] | str]) -> None:
        """Apply changes in their order: a text in the place of a range, or a whole new text."""
        document = self._documents.get(uri)
        if document is None:
            log.warning("a document was changed that is not open")
            return
        document.supersede()
        document.version = version
        for change in changes:
            if isinstance(change, str):
                document.text = Text(change, self.units)
            else:
                document.text.edit(*change)
        inserted = [change if isinstance(change, str) else change[2] for change in changes]
        self.tally.edited(uri, document.text, inserted)

    def close(self, uri: str) -> None:
        """Let go of a document, if it is open."""
        document = self._documents.pop(uri, None)
        if document:
            document.supersede()
            self.tally.closed(uri)
            self._worker.close(uri)

    async def ghost_text(self, uri: str, point: Point) -> Candidate | None:
        """What to show at the cursor, or None: nothing sure enough, or somebody asked again in the
        meantime.
        """
        if not self.settings.inline_enable:
            return None
        ghost = await self._ask(
            "inline", uri, point, lambda engine, *asked: engine.ghost_text(*asked)
        )
        if ghost is not None:
            self.tally.shown("ghost", uri, self._documents[uri].text, point, [ghost])
        return ghost

    async def candidates(self, uri: str, point: Point) -> tuple[list[Candidate], Rope]:
        """Next words, then next characters; and the text before the cursor, which they were made
        for.
        """
        answer = await self._ask(
            "completion",
            uri,
            point,
            lambda engine, asked, *how: (engine.candidates(asked, *how), asked),
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
        return await self._ask(
            "explanation", uri, point, lambda engine, asked, *_: engine.explain(asked, text)
        )

    async def outlook(
        self, uri: str, point: Point, span: tuple[Point, Point] | None
    ) -> Outlook | None:
        """How probable the characters in `span` were when they came, and the next ones are; or
        None, as above.
        """
        document = self._documents.get(uri)
        start, end = (
            (len(document.text.around(one)[0]) for one in span) if document and span else (0, 0)
        )
        return await self._ask(
            "outlook",
            uri,
            point,
            lambda engine, asked, how, stale: engine.outlook(asked, how, (start, end), stale),
        )

    async def offers(self, uri: str, point: Point) -> list[Candidate]:
        """All that is offered at a point, without regard to what else is asked."""
        return (
            await self._ask("offers", uri, point, lambda engine, *asked: engine.offers(*asked))
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
            self._upkeep.changed(())  # it leaves the disk, too

    def changed(self, paths: Iterable[Path]) -> None:
        """Files were saved, created or removed."""
        self._upkeep.changed(paths)

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
            document.supersede()
        if not self._ended:
            self.tally.end()
        self._ended = True
        self._upkeep.end()
        self._worker.end()

    async def _ask(self, kind: str, uri: str, point: Point, job: Job[T]) -> T | None:
        document = self._documents.get(uri)
        if document is None or not self._offers_in(document):
            return None
        # The snapshot is taken here, before anything is awaited: the document changes while the
        # request waits.
        ticket = document.renew(kind)
        snapshot = Snapshot(uri, *document.text.around(point))
        answer = asyncio.ensure_future(self._answer(job, snapshot, ticket.stale))
        either: set[asyncio.Future[Any]] = {answer, ticket.taken}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return answer.result() if answer.done() and not ticket.stale() else None
        finally:
            ticket.take()
            answer.cancel()

    async def _answer(self, job: Job[T], snapshot: Snapshot, stale: Stale) -> T | None:
        await self._started.wait()
        return await self._worker.ask(job, snapshot, self.settings, stale)

    def _offers_in(self, document: Document) -> bool:
        settings = self.settings
        allowed = settings.enable and document.language not in settings.languages_disabled
        return allowed and len(document.text) <= settings.max_file_size

    def _load(self) -> None:
        if self._ended:
            return
        self._loading = True
        self._worker.load(self.settings, self.workspace).add_done_callback(self._on_loaded)

    def _on_loaded(self, loading: asyncio.Future[Loaded]) -> None:
        if loading.cancelled():
            return
        self._loading = False
        if error := loading.exception():
            self._warn(
                f"nothing can be offered, for its parts cannot be loaded ({logs.told(error)})"
            )
            return
        self._loaded = loading.result()
        if self._worker.engine:
            self._upkeep.refresh(self._worker.engine)
        if self._loaded.problems:
            self._warn("; ".join(self._loaded.problems))
