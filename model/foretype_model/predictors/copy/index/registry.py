"""The indexes of all workspaces; text forgotten in one of them is forgotten in all."""

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
    """The indexes below one folder, which holds their forget list; an `Indexer`.

    Raises:
        WorkspaceError: from `open_all`, `forget`, `refresh` and `update`: the forget list cannot
            be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._compacted_digest = ""
        self._lock = Lock()
        self._running: Workspace | None = None
        self._closed = False

    def open_all(self) -> list[Workspace]:
        """Open all indexes, to forget something in each."""
        found = [Workspace((), folder) for folder in self._folders()]
        for index in found:
            index.open()
        return found

    def forget(self, path: Path | None, word: str | None) -> Removed:
        """Add a file or folder, or a word, to the forget list.

        Open indexes mask it themselves, others when they are opened. The next `update` removes it
        from the disk.
        """
        if path:
            name = real_path(path)
            ForgetList.change(self._folder, lambda forgotten: forgotten.with_path(name))
        if word:
            ForgetList.change(self._folder, lambda forgotten: forgotten.with_word(word))
        return Removed()

    def refresh(self, _progress: Callable[[int, int], None]) -> None:
        """Remove forgotten text from the disk, in each index that still holds some."""
        digest = ForgetList.read(self._folder).digest()
        # Tried once for each list: a failure is reported once, not at each save.
        if not digest or digest == self._compacted_digest:
            return
        self._compacted_digest = digest
        errors = [error for folder in self._folders() if (error := self._compact(folder, digest))]
        if errors:
            raise errors[0]

    def update(self, _paths: Collection[Path]) -> None:
        """Do the same as `refresh`, if the forget list has changed since."""
        self.refresh(lambda _done, _total: None)

    def close(self) -> None:
        """Stop `refresh`, now and for good."""
        with self._lock:
            self._closed = True
            if self._running:
                self._running.close()

    def _compact(self, folder: Path, digest: str) -> WorkspaceError | None:
        """Remove forgotten text from one index; return the error, if there is one."""
        manifest = Manifest.read(folder)
        # Other segments, whole or partial, are leftovers of a killed update.
        whole = {path.name for path in folder.glob(f"*{SEGMENT_SUFFIX}*")} <= set(
            manifest.segments()
        )
        if whole and manifest.compacted == digest:
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
        """Return the folders that hold an index, or the beginning of one."""
        marks = (MANIFEST_FILE, LOCK_FILE_NAME, f"*{SEGMENT_SUFFIX}")
        return sorted({path.parent for mark in marks for path in self._folder.glob(f"*/{mark}")})
