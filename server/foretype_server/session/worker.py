"""The one thread of the engine: it runs the requests, and reads long documents between them."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from foretype_model.errors import ForetypeError
from foretype_server import logs
from foretype_server.document import Snapshot
from foretype_server.session.speed import Speed
from foretype_server.settings import Settings

if TYPE_CHECKING:
    from foretype_model.cancellation import IsCancelled
    from foretype_model.predictor import Removed
    from foretype_model.text.scripts import Script
    from foretype_server.session.engine import Engine
    from foretype_server.session.loading import LoadResult

T = TypeVar("T")
Job: TypeAlias = "Callable[[Engine, Snapshot, Settings, IsCancelled], T]"
"""The work for a request, on the worker thread."""

MAX_UNREAD_DOCUMENTS: Final = 4
"""Documents, the most recently asked about, that are read to their end in the background (up to a
second each); the others wait for their next request.
"""

THREAD_SWITCH_INTERVAL: Final = 0.0005
"""Thread switch interval in seconds. With Python's default of 0.005, a request took 30 ms to cross
three threads during background reading.
"""

log = logging.getLogger(__name__)


class Worker:
    """The worker thread and its queue. Create and call it on the event loop, where its answers are
    futures.

    Attributes:
        engine: None until it is loaded. The loop passes it on, and leaves its calls to the thread.
        speed: of the answers.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        """`warn` shows the user a line of text; it is called on the loop."""
        self.engine: Engine | None = None
        self.speed = Speed()
        # The loop must get the interpreter while the worker computes.
        sys.setswitchinterval(THREAD_SWITCH_INTERVAL)
        self._warn = warn
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="foretype")
        # For jobs that may wait for the disk, or for another server's lock.
        self._background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="foretype-aside")
        self._failed_predictors: set[str] = set()
        self._unread: OrderedDict[str, None] = OrderedDict()  # an ordered set
        self._slice_pending = False

    def load(self, settings: Settings, workspace: tuple[Path, ...]) -> asyncio.Future[LoadResult]:
        """Load the predictors that the settings name; later requests queue behind the loading."""
        return self._loop.run_in_executor(self._thread, self._load, settings, workspace)

    def submit(
        self, job: Job[T], snapshot: Snapshot, settings: Settings, is_cancelled: IsCancelled
    ) -> asyncio.Future[T | None]:
        """Run a job. The answer is None if it is cancelled before it begins, or if the engine
        could not be loaded.
        """
        return self._loop.run_in_executor(
            self._thread, self._run_job, job, snapshot, settings, is_cancelled
        )

    def script(self, uri: str) -> Script | None:
        """Return the script that chose the model of a document's last answer, if one did. Does not
        wait for the thread: it reads one entry of a dictionary.
        """
        return self.engine.script(uri) if self.engine else None

    def forget(self, path: Path | None, word: str | None) -> asyncio.Future[Removed]:
        """Run `Engine.forget` and raise its errors; ForetypeError if the engine could not be
        loaded.
        """
        return self._loop.run_in_executor(self._thread, self._forget, path, word)

    def close(self, uri: str) -> None:
        """Discard the states of a document."""
        self._thread.submit(self._close, uri)

    def run_in_background(self, job: Callable[[], None]) -> None:
        """Run a job without the engine on another thread; the loop does not wait for it."""
        self._background.submit(job)

    def end(self) -> None:
        """Finish the queued jobs, then end both threads."""
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
        began, steps = time.perf_counter(), self.engine.steps(snapshot.uri)
        answer = job(self.engine, snapshot, settings, is_cancelled)
        self.speed.worked(time.perf_counter() - began, self.engine.steps(snapshot.uri) - steps)
        self._unread[snapshot.uri] = None
        self._unread.move_to_end(snapshot.uri)
        if len(self._unread) > MAX_UNREAD_DOCUMENTS:
            self._unread.popitem(last=False)
        self._schedule_slice()
        return answer

    def _schedule_slice(self) -> None:
        """Queue the next slice by way of the loop; at most one is queued at a time.

        With slices back to back, the thread released the interpreter so often and so briefly that
        the waiting loop never got it, and answers were sent 30 ms late.
        """
        if self._unread and not self._slice_pending:
            self._slice_pending = True
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._submit_slice)

    def _submit_slice(self) -> None:
        """Queue a slice. Called on the loop."""
        with suppress(RuntimeError):  # the thread has ended
            self._thread.submit(self._read_slice)

    def _read_slice(self) -> None:
        """Read a slice of the unread text of the document that was asked about last."""
        self._slice_pending = False
        if self.engine and self._unread:
            uri = next(reversed(self._unread))
            if self.engine.catch_up(uri):
                del self._unread[uri]
            self._schedule_slice()

    def _forget(self, path: Path | None, word: str | None) -> Removed:
        if self.engine is None:
            raise ForetypeError(
                "the predictors failed to load, so nothing is forgotten: see the earlier warnings"
            )
        return self.engine.forget(path, word)

    def _close(self, uri: str) -> None:
        self._unread.pop(uri, None)
        if self.engine:
            self.engine.close(uri)

    def _on_drop(self, name: str, error: Exception) -> None:
        log.warning("the predictor %s failed", name, exc_info=error)
        if name in self._failed_predictors:  # one warning, not one for each document
            return
        self._failed_predictors.add(name)
        failure = f'The predictor "{name}" failed ({logs.describe_error(error)})'
        self._warn_from_thread(f"{failure}, and is dropped in each document where it fails.")

    def _warn_from_thread(self, text: str) -> None:
        self._loop.call_soon_threadsafe(self._warn, text)


def _freeze_heap() -> None:
    """Exclude the loaded objects from garbage collection: a full pass took 45 ms, in the middle of
    a key.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
