"""The indexes of all workspaces that were learnt from: what is forgotten in one of them is
forgotten in all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from threading import Lock

from foretype_model.errors import WorkspaceError
from foretype_model.files.lock import LOCK_FILE_NAME
from foretype_model.files.uris import real_path
from foretype_model.predictor import Removed
from foretype_model.predictors.copy.index.manifest import MANIFEST_FILE, SEGMENT_SUFFIX, Manifest
from foretype_model.predictors.copy.index.workspace import Workspace
from foretype_model.privacy.forget_list import ForgetList


class IndexRegistry:
    """Those below one folder, which has the list of what is forgotten. An `Indexer`, as what it
    does takes as long.

    Raises:
        WorkspaceError: from `open_all`, `forget`, `refresh` and `update`: it cannot be told what is
            forgotten.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._compacted_digest = ""
        self._lock = Lock()
        self._running: Workspace | None = None
        self._closed = False

    def open_all(self) -> list[Workspace]:
        """All of them, to forget something in each."""
        found = [Workspace((), folder) for folder in self._folders()]
        for index in found:
            index.open()
        return found

    def forget(self, path: Path | None, word: str | None) -> Removed:
        """Put a file or folder, or a word, on the list; what is open sees to itself, and the others
        to come are opened without it. From the disk it goes with the next `update`.
        """
        if path:
            name = real_path(path)
            ForgetList.change(self._folder, lambda forgotten: forgotten.with_path(name))
        if word:
            ForgetList.change(self._folder, lambda forgotten: forgotten.with_word(word))
        return Removed()

    def refresh(self, _progress: Callable[[int, int], None]) -> None:
        """Have what is forgotten leave the disk in each index where some of it is left; nothing
        else is renewed.
        """
        digest = ForgetList.read(self._folder).digest()
        # Tried once: where it cannot be done, it is told, and not at each save.
        if not digest or digest == self._compacted_digest:
            return
        self._compacted_digest = digest
        errors = [error for folder in self._folders() if (error := self._compact(folder, digest))]
        if errors:
            raise errors[0]

    def update(self, _paths: Collection[Path]) -> None:
        """As `refresh`, where more was forgotten since."""
        self.refresh(lambda _done, _total: None)

    def close(self) -> None:
        """End what `refresh` is at; it does nothing from now on."""
        with self._lock:
            self._closed = True
            if self._running:
                self._running.close()

    def _compact(self, folder: Path, digest: str) -> WorkspaceError | None:
        """What went wrong, if anything did."""
        manifest = Manifest.read(folder)
        # A shard that is no part of it, or a part of one, is what a renewal has left that was
        # killed.
        whole = {path.name for path in folder.glob(f"*{SEGMENT_SUFFIX}*")} <= set(
            manifest.segments()
        )
        if whole and manifest.purged == digest:
            return None
        with self._lock:
            if self._closed:
                return None
            self._running = Workspace((), folder)
        try:
            self._running.compact()
        except WorkspaceError as error:
            return error
        return None

    def _folders(self) -> list[Path]:
        """Where there is an index, or one was begun."""
        marks = (MANIFEST_FILE, LOCK_FILE_NAME, f"*{SEGMENT_SUFFIX}")
        return sorted({path.parent for mark in marks for path in self._folder.glob(f"*/{mark}")})
