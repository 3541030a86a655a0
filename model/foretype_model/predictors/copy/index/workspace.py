"""The index over the texts of one workspace: kept on disk between sessions, brought up to date by a
child process.
"""

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
from foretype_model.files.stamp import Stamp
from foretype_model.files.uris import aliases, real_path
from foretype_model.predictor import Removed
from foretype_model.predictors.copy.index.erase import mask_word
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.manifest import MANIFEST_FILE, Manifest
from foretype_model.predictors.copy.index.update import Request
from foretype_model.privacy.forget_list import ForgetList, is_covered

# -P: what lies in the working directory is not imported.
COMMAND: Final = (sys.executable, "-P", "-m", "foretype_model.predictors.copy.index.child")

OPEN_ATTEMPTS: Final = 3
"""At opening shards, while another server supersedes them."""

MAX_SMALL_MANIFEST_BYTES: Final = 200_000
"""Bytes of the manifest of a small index: some 1,000 files. Opening takes 45 us a file."""

OnProgress = Callable[[int, int], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """What an index holds.

    Attributes:
        files: how many.
        size: of them, in bytes.
        skipped: how many files and folders are left out, by reason
            (`foretype_model.files.discovery.summarise_skipped` says it).
    """

    files: int
    size: int
    skipped: Mapping[str, int]


class Workspace:
    """The texts below some folders, as shards.

    The names of documents are absolute paths without links, as `real_path` gives them. Every method
    may be called from any thread. `refresh`, `update` and `compact` take long, and wait for one
    another; `open`, `forget` and `forget_word` take as long as `FMIndex.mask_documents`.

    Args:
        folders: of the workspace; none where it is only to forget, whatever folders the index is
            of.
        folder: where its index is kept, and nothing else; above it lies the list of what is
            forgotten, in all indexes.
        exclude: patterns of what is not learnt from, as in a ``.gitignore`` in each of the folders.

    Raises:
        WorkspaceError: from every method but `close`: it cannot be told what is forgotten.
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
        """The index as it is known at this moment."""
        return tuple(masked for _, masked in self._segments.values())

    @property
    def summary(self) -> Summary:
        files = self._manifest.files
        return Summary(
            len(files), sum(entry.stamp.size for entry in files.values()), self._manifest.skipped
        )

    @property
    def forget_list(self) -> ForgetList | None:
        """What is never to be offered again, as it was last read from the disk; None until that
        could be told.
        """
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
        """What is on disk from last time, less the files that were changed or have gone, or are
        excluded by now.
        """
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
        """Look at every file, and index what has changed.

        Args:
            progress: called with how many files were looked at, of how many; both are equal once
                the index is made.

        Raises:
            WorkspaceError: that could not be done; `segments` are what they were, less what is
                forgotten by now.
        """
        try:
            self._run_child(None, progress)
        finally:
            self._load()
        return self.segments

    def update(self, paths: Collection[Path]) -> tuple[FMIndex, ...]:
        """Index the files or folders at `paths`, which were saved, created or removed; raises as
        `refresh` does.
        """
        trees, indexed = [Tree(path, self.exclude) for path in self.folders], self._with_folders()
        # Packages that are installed and logs that are written, which are none of ours, start no
        # process.
        relevant = tuple(str(path) for path in paths if _is_relevant(path, indexed, trees))
        try:
            if relevant or not paths:
                self._run_child(relevant)
        finally:
            self._load()
        return self.segments

    def compact(self) -> None:
        """Have what is forgotten leave the disk, and take nothing in; raises as `refresh` does."""
        self._run_child(())

    def forget(self, path: Path) -> Removed:
        """Offer nothing from a file, or from any below a folder, and never learn from it again, in
        any workspace.

        The `segments` are without it at once, and so is every server that starts from now on. Its
        text goes from the disk with the next `update`, of nothing if need be.
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
        """Whether a file, or any below a folder, is indexed or forgotten."""
        name, forget_list = real_path(path), self._forget_list or ForgetList()
        return forget_list.covers(name) or any(
            is_covered(known, (name,)) for known in self._manifest.files
        )

    def _with_folders(self) -> set[str]:
        """The names of all that is indexed, and of the folders that it is in."""
        names = set[str]()
        for name in self._manifest.files:
            while name not in names:
                names.add(name)
                name = os.path.dirname(name)  # noqa: PTH120, PLW2901 (of thousands of files, and a Path is slow)
        return names

    def unforget(self, path: Path) -> None:
        """Take `forget` back; an `update` of that path learns from it again."""
        name = real_path(path)
        with self._lock:
            self._forget_list = ForgetList.change(
                self._folder.parent, lambda forget_list: forget_list.without_path(name)
            )

    def forget_word(self, word: str) -> Removed:
        """Offer `word` never again where it stands whole, in any file; otherwise as `forget`."""
        with self._lock:
            self._forget_list = ForgetList.change(
                self._folder.parent, lambda forget_list: forget_list.with_word(word)
            )
            return Removed(occurrences=self._mask(self._segments))

    def close(self) -> None:
        """End the child process, if there is one; none is started from now on."""
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
                    f"cannot start what indexes the workspace ({problem.strerror}): close "
                    f"other programs"
                )
            if error and not self._closed:
                raise WorkspaceError(error)

    # What is loaded

    def _load(self, outdated: frozenset[str] = frozenset()) -> tuple[FMIndex, ...]:
        """Read what is on disk, with all files masked that are not to be found in it."""
        with self._lock:
            self._forget_list = ForgetList.read(self._folder.parent)
            self._outdated = outdated
            for _ in range(OPEN_ATTEMPTS):
                manifest = Manifest.read(self._folder)
                opened = {segment: self._opened(segment) for segment in manifest.segments()}
                if None not in opened.values():
                    break
            if broken := [segment for segment, pair in opened.items() if pair is None]:
                log.warning("broken and made again: %s in %s", ", ".join(broken), self._folder)
            self._manifest = replace(manifest, left_out={})
            self._mask({segment: pair for segment, pair in opened.items() if pair})
            return self.segments

    def _opened(self, segment: str) -> tuple[FMIndex, FMIndex] | None:
        """A shard as it is on disk, and masked as it was last; None where it is broken or
        superseded.
        """
        if segment in self._segments:
            return self._segments[segment]
        try:
            opened = FMIndex.open(self._folder / segment)
        except BrokenIndexError:
            return None
        return opened, opened

    def _mask(self, segments: Mapping[str, tuple[FMIndex, FMIndex]]) -> int:
        """Take these shards for the index, once all is hidden in them that is not to be offered.

        How many words were hidden, that were not before, is returned.
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
                # Something else would be hidden. The next `refresh` makes it again.
                continue
            # What is masked already need not be again.
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
    """Whether what is at a path is or was text of the user's, or says what is."""
    names = aliases(path)
    if not indexed.isdisjoint(names):
        return True
    # A rule matters where it holds.
    places = {real_path(path.parent)} if path.name == ".gitignore" else names
    return any(tree.covers(place) for tree in trees for place in places)


def _start() -> subprocess.Popen[bytes]:
    # Of low priority, and out of reach of a Ctrl+C that is meant for the parent.
    if sys.platform == "win32":
        flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, creationflags=flags
        )
    return subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )


def _send_request(child: subprocess.Popen[bytes], request: str, progress: OnProgress) -> str | None:
    """Have the child do what is requested; what went wrong, if anything did."""
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
        error = (
            f"what indexes the workspace ended with status {child.returncode}: what was "
            f"indexed before is in use"
        )
    return error
