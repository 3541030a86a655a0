"""The indexes of all workspaces that were learnt from: what is forgotten in one of them is
forgotten in all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from threading import Lock

from foretype_model.errors import WorkspaceError
from foretype_model.files.lock import LOCK
from foretype_model.files.uris import real_path
from foretype_model.predictor import Removed
from foretype_model.predictors.copy.index.manifest import MANIFEST, SHARD, Manifest
from foretype_model.predictors.copy.index.workspace import Workspace
from foretype_model.privacy.forget_list import Forgotten


class Indexes:
    """Those below one folder, which has the list of what is forgotten. An `Indexer`, as what it
    does takes as long.

    Raises:
        WorkspaceError: from `opened`, `forget`, `refresh` and `update`: it cannot be told what is
            forgotten.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._purged = ""
        self._state = Lock()
        self._at_work: Workspace | None = None
        self._closed = False

    def opened(self) -> list[Workspace]:
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
            Forgotten.change(self._folder, lambda forgotten: forgotten.with_path(name))
        if word:
            Forgotten.change(self._folder, lambda forgotten: forgotten.with_word(word))
        return Removed()

    def refresh(self, _progress: Callable[[int, int], None]) -> None:
        """Have what is forgotten leave the disk in each index where some of it is left; nothing
        else is renewed.
        """
        digest = Forgotten.read(self._folder).digest()
        # Tried once: where it cannot be done, it is told, and not at each save.
        if not digest or digest == self._purged:
            return
        self._purged = digest
        errors = [error for folder in self._folders() if (error := self._purge(folder, digest))]
        if errors:
            raise errors[0]

    def update(self, _paths: Collection[Path]) -> None:
        """As `refresh`, where more was forgotten since."""
        self.refresh(lambda _done, _total: None)

    def close(self) -> None:
        """End what `refresh` is at; it does nothing from now on."""
        with self._state:
            self._closed = True
            if self._at_work:
                self._at_work.close()

    def _purge(self, folder: Path, digest: str) -> WorkspaceError | None:
        """What went wrong, if anything did."""
        manifest = Manifest.read(folder)
        # A shard that is no part of it, or a part of one, is what a renewal has left that was
        # killed.
        whole = {path.name for path in folder.glob(f"*{SHARD}*")} <= set(manifest.shards())
        if whole and manifest.purged == digest:
            return None
        with self._state:
            if self._closed:
                return None
            self._at_work = Workspace((), folder)
        try:
            self._at_work.purge()
        except WorkspaceError as error:
            return error
        return None

    def _folders(self) -> list[Path]:
        """Where there is an index, or one was begun."""
        marks = (MANIFEST, LOCK, f"*{SHARD}")
        return sorted({path.parent for mark in marks for path in self._folder.glob(f"*/{mark}")})
