"""The index of one workspace: kept on disk between sessions, updated by a child process."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Final

from foretype_model.errors import BrokenIndexError, WorkspaceError
from foretype_model.files.discovery import Tree
from foretype_model.files.gitignore import folder_of_rules
from foretype_model.files.stamp import Stamp
from foretype_model.files.uris import aliases, real_path
from foretype_model.predictor import Removed
from foretype_model.predictors.copy.index.erase import mask_word
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.manifest import MANIFEST_FILE, Manifest
from foretype_model.predictors.copy.index.update import Request
from foretype_model.privacy.forget_list import ForgetList, is_covered

# -P: modules in the working directory are not imported.
COMMAND: Final = (sys.executable, "-P", "-m", "foretype_model.predictors.copy.index.child")

OPEN_ATTEMPTS: Final = 3
"""Attempts to open the segments, while another server may replace them."""

MAX_SMALL_MANIFEST_BYTES: Final = 200_000
"""Bytes of the manifest of a small index: some 1,000 files. Opening takes 45 us a file."""

OnProgress = Callable[[int, int], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """The size of an index.

    Attributes:
        files: their number.
        size: of all files, in bytes.
        skipped: the number of skipped files and folders, by reason
            (`foretype_model.files.discovery.summarise_skipped` puts it into words).
    """

    files: int
    size: int
    skipped: Mapping[str, int]


class Workspace:
    """The indexed texts below some folders, as segments.

    The names of documents are absolute paths without links, as `real_path` returns them. Any thread
    may call any method. `refresh`, `update` and `compact` take long, and wait for one another;
    `forget` and `forget_word` take as long as `FMIndex.mask_documents`, and `open` takes 45 us more
    for each file.

    Args:
        folders: of the workspace; none to forget text in an index of unknown folders.
        folder: of the index, and of nothing else; the folder above it holds the forget list of all
            indexes.
        exclude: patterns of files that are not learnt from, as in a ``.gitignore`` in each folder.

    Raises:
        WorkspaceError: from every method but `close`: the forget list cannot be read.
    """

    def __init__(
        self, folders: tuple[Path, ...], folder: Path, exclude: tuple[str, ...] = ()
    ) -> None:
        self.folders = folders
        self.exclude = exclude
        self._folder = folder
        self._forget_list: ForgetList | None = None
        self._manifest = Manifest()
        self._outdated: frozenset[str] = frozenset()
        self._segments: dict[str, tuple[FMIndex, FMIndex]] = {}
        self._lock = Lock()
        self._child_lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    @property
    def segments(self) -> tuple[FMIndex, ...]:
        """The segments of the index at this moment, masked."""
        return tuple(masked for _, masked in self._segments.values())

    @property
    def summary(self) -> Summary:
        files = self._manifest.files
        return Summary(
            len(files), sum(entry.stamp.size for entry in files.values()), self._manifest.skipped
        )

    @property
    def forget_list(self) -> ForgetList | None:
        """The forget list as it was last read from the disk; None until it could be read."""
        return self._forget_list

    def is_small(self) -> bool:
        """Return whether `open` takes at most 50 ms: the index has about 1,000 files, or none."""
        try:
            return (self._folder / MANIFEST_FILE).stat().st_size <= MAX_SMALL_MANIFEST_BYTES
        except OSError:
            return True

    def read_forget_list(self) -> None:
        """Read the forget list alone, so that documents can be learnt from before `open`."""
        with self._lock:
            self._forget_list = ForgetList.read(self._folder.parent)

    def open(self) -> tuple[FMIndex, ...]:
        """Load the index from the disk, without files that are now changed, gone or excluded."""
        trees = [Tree(path, self.exclude) for path in self.folders]
        files = Manifest.read(self._folder).files.items()
        outdated = (
            name
            for name, entry in files
            if Stamp.of(name) != entry.stamp
            or (trees and not any(tree.includes(name) for tree in trees))
        )
        return self._load(frozenset(outdated))

    def refresh(self, progress: OnProgress = lambda _done, _total: None) -> tuple[FMIndex, ...]:
        """Visit every file, and index the changed ones.

        Args:
            progress: called with the number of files visited, and of all files; both are equal once
                the index is written.

        Raises:
            WorkspaceError: the index could not be updated; `segments` stay, without text that is
                forgotten by now.
        """
        try:
            self._run_child(None, progress)
        finally:
            self._load()
        return self.segments

    def update(self, paths: Collection[Path]) -> tuple[FMIndex, ...]:
        """Index the files or folders at `paths`, which were saved, created or removed.

        Raises:
            WorkspaceError: as `refresh`.
        """
        trees, indexed = [Tree(path, self.exclude) for path in self.folders], self._with_folders()
        # Files outside the index, such as installed packages and logs, start no process.
        relevant = tuple(str(path) for path in paths if _is_relevant(path, indexed, trees))
        try:
            if relevant or not paths:
                self._run_child(relevant)
        finally:
            self._load()
        return self.segments

    def compact(self) -> None:
        """Remove forgotten text from the disk, and index nothing; raise as `refresh` does."""
        self._run_child(())

    def forget(self, path: Path) -> Removed:
        """Offer nothing from a file or folder, and never learn from it again, in any workspace.

        The `segments` are without it at once, and so is every server that starts from now on. The
        next `update`, even of no paths, removes its text from the disk.
        """
        name = real_path(path)
        with self._lock:
            before = self._forget_list or ForgetList()
            self._forget_list = ForgetList.change(
                self._folder.parent, lambda forget_list: forget_list.with_path(name)
            )
            files = {
                known: entry
                for known, entry in self._manifest.files.items()
                if not before.covers(known)
            }
            gone = [known for known in files if is_covered(known, (name,))]
            self._mask(self._segments)
        return Removed(tuple(gone), sum(files[known].stamp.size for known in gone))

    def covers(self, path: Path) -> bool:
        """Return whether a file, or any file below a folder, is indexed or forgotten."""
        name, forget_list = real_path(path), self._forget_list or ForgetList()
        return forget_list.covers(name) or any(
            is_covered(known, (name,)) for known in self._manifest.files
        )

    def _with_folders(self) -> set[str]:
        """Return the names of all indexed files and of the folders above them."""
        names = set[str]()
        for name in self._manifest.files:
            while name not in names:
                names.add(name)
                name = os.path.dirname(name)  # noqa: PTH120, PLW2901 (for thousands of files, and a Path is slow)
        return names

    def forget_word(self, word: str) -> Removed:
        """Never offer the whole word `word` again, from any file; otherwise as `forget`."""
        with self._lock:
            self._forget_list = ForgetList.change(
                self._folder.parent, lambda forget_list: forget_list.with_word(word)
            )
            return Removed(occurrences=self._mask(self._segments))

    def close(self) -> None:
        """End the child process, if there is one, and start no other."""
        with self._lock:
            self._closed = True
            if self._child:
                self._child.kill()

    # The child process

    def _run_child(
        self, paths: tuple[str, ...] | None, progress: OnProgress = lambda _done, _total: None
    ) -> None:
        if not self.folders and not self._folder.exists():
            return
        folders = tuple(str(path.absolute()) for path in self.folders)
        request = json.dumps(
            asdict(Request(folders, str(self._folder.absolute()), self.exclude, paths))
        )
        with self._child_lock:
            try:
                with self._lock:
                    if self._closed:
                        return
                    self._child = _start()
                with self._child as child:
                    error = _send_request(child, request, progress)
            except OSError as problem:
                error = (
                    f"cannot start the indexer of the workspace ({problem.strerror}): close "
                    f"other programs"
                )
            if error and not self._closed:
                raise WorkspaceError(error)

    # The loaded segments

    def _load(self, outdated: frozenset[str] = frozenset()) -> tuple[FMIndex, ...]:
        """Load the index from the disk, and mask the files that are outdated or forgotten."""
        with self._lock:
            self._forget_list = ForgetList.read(self._folder.parent)
            self._outdated = outdated
            for _ in range(OPEN_ATTEMPTS):
                manifest = Manifest.read(self._folder)
                opened = {segment: self._opened(segment) for segment in manifest.segments()}
                if None not in opened.values():
                    break
            if broken := [segment for segment, pair in opened.items() if pair is None]:
                log.warning("rebuilding broken segments %s in %s", ", ".join(broken), self._folder)
            self._manifest = replace(manifest, skipped_files={})
            self._mask({segment: pair for segment, pair in opened.items() if pair})
            return self.segments

    def _opened(self, segment: str) -> tuple[FMIndex, FMIndex] | None:
        """Return a segment as it is on disk, and as last masked; None if it is broken."""
        if segment in self._segments:
            return self._segments[segment]
        try:
            opened = FMIndex.open(self._folder / segment)
        except BrokenIndexError:
            return None
        return opened, opened

    def _mask(self, segments: Mapping[str, tuple[FMIndex, FMIndex]]) -> int:
        """Mask outdated and forgotten text in these segments, and make them the index.

        Return the number of occurrences of words that were not masked before.
        """
        count, ready = 0, {}
        forget_list = self._forget_list or ForgetList()
        words = forget_list.encoded_words()
        for segment, (whole, masked) in segments.items():
            hidden = frozenset(
                name
                for name in whole.names
                if not self._is_current(name, segment) or forget_list.covers(name)
            )
            if (hidden or words) and not whole.is_intact:
                # Damaged positions would mask other text; the next `refresh` rebuilds the segment.
                continue
            # Start from the masked segment, if all of its masks still hold.
            current = (masked if masked.masked_names <= hidden else whole).mask_documents(hidden)
            for word in words:
                current, found = mask_word(current, word)
                count += found
            ready[segment] = whole, current
        self._segments = ready
        return count

    def _is_current(self, name: str, segment: str) -> bool:
        entry = self._manifest.files.get(name)
        return entry is not None and entry.segment == segment and name not in self._outdated


def _is_relevant(path: Path, indexed: set[str], trees: Collection[Tree]) -> bool:
    """Return whether a path is, was or may be indexed, or holds ignore rules."""
    names = aliases(path)
    if not indexed.isdisjoint(names):
        return True
    # An ignore file matters to the folder that it is in.
    folder = folder_of_rules(path)
    places = {real_path(folder)} if folder else names
    return any(tree.covers(place) for tree in trees for place in places)


def _start() -> subprocess.Popen[bytes]:
    # Low priority, and no Ctrl+C that is meant for the parent.
    if sys.platform == "win32":
        flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, creationflags=flags
        )
    return subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )


def _send_request(child: subprocess.Popen[bytes], request: str, progress: OnProgress) -> str | None:
    """Have the child run a request; return the error message, if there is one."""
    assert child.stdin and child.stdout
    with suppress(BrokenPipeError):
        child.stdin.write(request.encode() + b"\n")
        child.stdin.flush()
    error = None
    for line in child.stdout:
        message = json.loads(line)
        error = message.get("error", error)
        if "progress" in message:
            progress(*message["progress"])
    if child.wait() and not error:
        error = f"the indexer exited with status {child.returncode}: using the previous index"
    return error
