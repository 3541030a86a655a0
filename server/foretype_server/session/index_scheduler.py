"""The thread that keeps the workspace's index up to date, and the batching of file changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from foretype_model.errors import WorkspaceError
from foretype_server import logs

if TYPE_CHECKING:
    from foretype_server.session.engine import Engine

DEBOUNCE_SECONDS: Final = 1.0
"""Seconds without a further change before changed files are read: checking out a branch changes
many.
"""

MAX_DELAY: Final = 5.0
"""Seconds after the first change at which the files are read in any case: some programs write to a
log without a pause.
"""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the files read and their total."""


class IndexScheduler:
    """The scheduler of index updates. Lives on the event loop; the engine's `refresh` and `update`
    run on its thread.
    """

    def __init__(self, warn: Callable[[str], None], progress: Progress) -> None:
        """`warn` shows the user a line. The two numbers that `progress` gets are equal at the end
        of each job.
        """
        self._warn, self._progress = warn, progress
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="foretype-index")
        self._engine: Engine | None = None
        self._changed_paths: set[Path] = set()
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._last_warning = ""

    def refresh(self, engine: Engine) -> None:
        """Read new and changed files of the workspace, and follow its changes from now on."""
        self._engine = engine
        self._run(lambda: engine.refresh(self._report_progress))

    def files_changed(self, paths: Iterable[Path]) -> None:
        """Schedule the reading of files that were saved, created or removed, in one batch with
        those that change in the meantime.
        """
        self._changed_paths.update(paths)
        now = self._loop.time()
        if self._timer:
            self._timer.cancel()
        else:
            self._deadline = now + MAX_DELAY
        self._timer = self._loop.call_at(min(now + DEBOUNCE_SECONDS, self._deadline), self._update)

    def end(self) -> None:
        """Start no further job."""
        if self._timer:
            self._timer.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _update(self) -> None:
        paths, self._changed_paths, self._timer = self._changed_paths, set(), None
        if engine := self._engine:
            self._run(lambda: engine.update(paths))

    def _report_progress(self, done: int, total: int) -> None:
        """Pass progress on to the loop. Called on the thread."""
        self._loop.call_soon_threadsafe(self._progress, done, total)

    def _run(self, job: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the session has ended
            self._loop.run_in_executor(self._thread, job).add_done_callback(self._on_done)

    def _on_done(self, job: asyncio.Future[None]) -> None:
        self._progress(0, 0)
        if not job.cancelled() and (error := job.exception()):
            warning = (
                str(error)
                if isinstance(error, WorkspaceError)
                else f"indexing failed ({logs.describe_error(error)})"
            )
            if warning != self._last_warning:  # a full disk fails at each save
                self._last_warning = warning
                self._warn(warning)
