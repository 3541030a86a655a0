"""The one thread that the engine lives on: what others want of it, and what it reads when nobody
wants anything.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from foretype_model.errors import ForetypeError
from foretype_server import logs
from foretype_server.document import Snapshot
from foretype_server.settings import Settings

if TYPE_CHECKING:
    from foretype_model.cancellation import IsCancelled
    from foretype_model.predictor import Removed
    from foretype_server.session.engine import Engine, LoadResult

T = TypeVar("T")
Job: TypeAlias = "Callable[[Engine, Snapshot, Settings, IsCancelled], T]"
"""What is to be done for a request."""

MAX_UNREAD_DOCUMENTS: Final = 4
"""Documents, those asked about last, that are read on for (up to a second each); the others wait to
be asked again.
"""

THREAD_SWITCH_INTERVAL: Final = 0.0005
"""Seconds after which a thread that computes lets another one on: at 0.005, as Python has it, a
request took 30 ms on its way through three threads, while a document was read for its own sake.
"""

log = logging.getLogger(__name__)


class Worker:
    """Made and asked on the event loop; what it is asked for is a future there.

    Attributes:
        engine: None until it has been loaded. For the loop to hand on, not to call.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        """`warn`, called on the loop, shows the user a line of text."""
        self.engine: Engine | None = None
        # The loop has to be heard while the worker computes.
        sys.setswitchinterval(THREAD_SWITCH_INTERVAL)
        self._warn = warn
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="foretype")
        # For what may wait for the disk, or for another server's lock on it.
        self._background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="foretype-aside")
        self._failed_predictors: set[str] = set()
        self._unread: OrderedDict[str, None] = OrderedDict()  # a set that knows its order
        self._slice_pending = False

    def load(self, settings: Settings, workspace: tuple[Path, ...]) -> asyncio.Future[LoadResult]:
        """Make the predictors that the settings name; requests that come meanwhile queue behind
        it.
        """
        return self._loop.run_in_executor(self._thread, self._load, settings, workspace)

    def submit(
        self, job: Job[T], snapshot: Snapshot, settings: Settings, is_cancelled: IsCancelled
    ) -> asyncio.Future[T | None]:
        """Do a job; the answer is None where it is stale before it begins, or nothing could be
        loaded.
        """
        return self._loop.run_in_executor(
            self._thread, self._run_job, job, snapshot, settings, is_cancelled
        )

    def forget(self, path: Path | None, word: str | None) -> asyncio.Future[Removed]:
        """As `Engine.forget`; raises what that does, or ForetypeError where nothing could be
        loaded.
        """
        return self._loop.run_in_executor(self._thread, self._forget, path, word)

    def close(self, uri: str) -> None:
        """Let go of a document."""
        self._thread.submit(self._close, uri)

    def run_in_background(self, job: Callable[[], None]) -> None:
        """Do something that has nothing to do with the engine, and that the loop must not wait
        for.
        """
        self._background.submit(job)

    def end(self) -> None:
        """Do what was asked for, and nothing any more."""
        if self.engine:
            with suppress(RuntimeError):  # it has ended before
                self._thread.submit(self.engine.release)
        self._thread.shutdown(wait=False)
        self._background.shutdown(wait=False)

    # On the thread:

    def _load(self, settings: Settings, workspace: tuple[Path, ...]) -> LoadResult:
        from foretype_server.session.engine import Engine  # noqa: PLC0415 (imports numpy and more, while the editor goes on)

        self._failed_predictors.clear()
        try:
            self.engine = self.engine or Engine(self._on_drop, self._warn_from_thread)
            return self.engine.load(settings, workspace)
        finally:
            _freeze_heap()

    def _run_job(
        self, job: Job[T], snapshot: Snapshot, settings: Settings, is_cancelled: IsCancelled
    ) -> T | None:
        if self.engine is None or is_cancelled():
            return None
        answer = job(self.engine, snapshot, settings, is_cancelled)
        self._unread[snapshot.uri] = None
        self._unread.move_to_end(snapshot.uri)
        if len(self._unread) > MAX_UNREAD_DOCUMENTS:
            self._unread.popitem(last=False)
        self._schedule_slice()
        return answer

    def _schedule_slice(self) -> None:
        """Read a slice once the loop has had its turn; one is under way however many documents
        wait.

        One slice right behind the other, the thread lets go of the interpreter so often and so
        shortly that the loop, which waits for it, never gets it: answers were sent 30 ms late.
        """
        if self._unread and not self._slice_pending:
            self._slice_pending = True
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._submit_slice)

    def _submit_slice(self) -> None:
        """On the loop."""
        with suppress(RuntimeError):  # the thread has ended
            self._thread.submit(self._read_slice)

    def _read_slice(self) -> None:
        """A slice of what was answered for without having been read: of the document that was asked
        about last.
        """
        self._slice_pending = False
        if self.engine and self._unread:
            uri = next(reversed(self._unread))
            if self.engine.catch_up(uri):
                del self._unread[uri]
            self._schedule_slice()

    def _forget(self, path: Path | None, word: str | None) -> Removed:
        if self.engine is None:
            raise ForetypeError(
                "nothing could be loaded, so nothing is forgotten: see the warnings before"
            )
        return self.engine.forget(path, word)

    def _close(self, uri: str) -> None:
        self._unread.pop(uri, None)
        if self.engine:
            self.engine.close(uri)

    def _on_drop(self, name: str, error: Exception) -> None:
        log.warning("the predictor %s failed", name, exc_info=error)
        if name in self._failed_predictors:  # said once, and not again for each document
            return
        self._failed_predictors.add(name)
        failure = f'The predictor "{name}" failed ({logs.describe_error(error)})'
        self._warn_from_thread(f"{failure}, and is left out of each document it fails in.")

    def _warn_from_thread(self, text: str) -> None:
        self._loop.call_soon_threadsafe(self._warn, text)


def _freeze_heap() -> None:
    """Have the garbage collector pass over what has been loaded: a full pass took 45 ms, in the
    middle of a key.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
