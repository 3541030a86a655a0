"""Update the index of a workspace on disk: select the files, and assign each to a segment.

Most of a workspace seldom changes. It lies in a base segment, as in an LSM tree; files that have
changed since lie in a delta segment, which is small enough to be sorted anew at each save. Readers
mask the files of the base segment that have changed or gone.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foretype_model.errors import BrokenIndexError
from foretype_model.files.discovery import (
    DUPLICATE,
    EMPTY,
    MINIFIED,
    NOT_TEXT,
    Tree,
    is_folder,
)
from foretype_model.files.gitignore import folder_of_rules
from foretype_model.files.reading import SkippedFile, read_text
from foretype_model.files.stamp import Stamp
from foretype_model.files.uris import aliases, real_path
from foretype_model.predictors.copy.index.erase import contains_word
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.manifest import (
    MANIFEST_FILE,
    SEGMENT_SUFFIX,
    Entry,
    Manifest,
    SkippedEntry,
)
from foretype_model.privacy.forget_list import FORGET_LIST_FILE, ForgetList, is_covered
from foretype_model.privacy.forgotten_words import redact_words
from foretype_model.privacy.secret_scanner import redact

MAX_FILE_BYTES: Final = 1_000_000
"""Most bytes of a file. A larger one is data or generated, and would displace a hundred files that
the user wrote.
"""

MAX_TOTAL_BYTES: Final = 20_000_000
"""Most bytes of all files, the newest first: twenty novels, or half a million lines of code. They
take 30 s to sort.
"""

MAX_DELTA_BYTES: Final = 1_000_000
"""Most bytes of the delta segment; they take a second to sort."""

MAX_ENTRIES: Final = 50_000
"""Most entries of folders that are visited, in some seconds. A folder with more is a home folder,
not a project.
"""

OLDER: Final = "older than the newest 20 MB"

CONTENT_REASONS: Final = frozenset({EMPTY, MINIFIED, NOT_TEXT})
"""Reasons to skip a file that hold until the file changes."""

_PARTIAL: Final = re.compile(rf"\..*({re.escape(SEGMENT_SUFFIX)}|{re.escape(MANIFEST_FILE)})\..*")
"""The names of partial files, which an interrupted write leaves behind."""


@dataclass(frozen=True)
class Request:
    """A request to update an index.

    Attributes:
        folders: of the workspace, absolute.
        folder: of the index; the forget list lies in the folder above it.
        exclude: patterns of files that are not learnt from.
        paths: the changed files and folders; None for a full scan.
    """

    folders: Sequence[str]
    folder: str
    exclude: Sequence[str]
    paths: Sequence[str] | None


class IndexUpdate:
    """One update of an index on disk.

    Args:
        report: called with the number of files visited, and of all files.

    Raises:
        WorkspaceError: the forget list cannot be read.
    """

    def __init__(self, request: Request, report: Callable[[int, int], None]) -> None:
        self._folder = Path(request.folder)
        self._trees = [Tree(Path(path), request.exclude) for path in request.folders]
        self._report = report
        self._forget_list = ForgetList.read(self._folder.parent)
        self._before = Manifest.read(self._folder)
        self._words = self._forget_list.encoded_words()
        self._stored_names = {
            segment: _stored_names(self._folder / segment, self._words)
            for segment in self._before.segments()
        }
        self._changed = _changed(request.paths) if self._before.files else None
        self._skipped: Counter[str] = Counter()
        self._files: dict[str, Entry] = {}
        self._skipped_files: dict[str, SkippedEntry] = {}
        self._texts: dict[str, bytes] = {}

    def run(self) -> None:
        """Write the segments that are missing, and remove those that they supersede.

        Raises:
            OSError: the index cannot be written; the previous index is still there.
        """
        # Collect garbage first, too: leftovers of killed updates must not fill the disk.
        _collect_garbage(self._folder, self._before.segments())
        # The index may itself lie in the workspace, as in a home folder.
        index = Path(real_path(self._folder))
        unwanted = (*self._forget_list.paths, str(index), str(index.parent / FORGET_LIST_FILE))
        found = {
            name: stamp for name, stamp in self._find().items() if not is_covered(name, unwanted)
        }
        self._select(found)
        base, delta = self._assign_segments(found)
        skipped = self._before.skipped
        if self._changed is None:
            skipped = dict(
                self._skipped + Counter(entry.reason for entry in self._skipped_files.values())
            )
        after = Manifest(
            self._files, self._skipped_files, skipped, base, delta, self._forget_list.digest()
        )
        if after != self._before:
            after.write(self._folder)
        _collect_garbage(self._folder, after.segments())
        self._report(len(found), len(found))

    # Finding

    def _find(self) -> dict[str, Stamp]:
        """Return the files that may be indexed, with their stamps."""
        if self._changed is None:
            return _stamped(
                name for tree in self._trees for name in tree.walk(self._skipped, MAX_ENTRIES)
            )
        known: dict[str, Entry | SkippedEntry] = {
            **self._before.files,
            **self._before.skipped_files,
        }
        found = {
            name: entry.stamp
            for name, entry in known.items()
            if not is_covered(name, self._changed)
        }
        return found | _stamped(
            name
            for tree in self._trees
            for path in self._changed
            for name in _files_below(tree, path)
        )

    # Selecting

    def _select(self, found: Mapping[str, Stamp]) -> None:
        """Select the files to index, the newest first, up to `MAX_TOTAL_BYTES`."""
        digests: set[str] = set()
        total = 0
        newest_first = sorted(found, key=lambda name: (-found[name].mtime_ns, name))
        for count, name in enumerate(newest_first):
            size = found[name].size
            if size <= MAX_FILE_BYTES and total + size > MAX_TOTAL_BYTES:
                self._skipped[OLDER] += len(newest_first) - count
                break
            self._report(count, len(newest_first))
            try:
                entry = self._reuse(name, found[name]) or self._read(name, found[name])
                _check_distinct(entry.sha256, digests)
            except SkippedFile as error:
                self._skipped_files[name] = SkippedEntry(found[name], error.reason)
                self._texts.pop(name, None)
                continue
            self._files[name] = entry
            total += size

    def _reuse(self, name: str, stamp: Stamp) -> Entry | None:
        """Return the entry of an unchanged file, or None; raise `SkippedFile` if it was skipped."""
        if self._changed is not None and is_covered(name, self._changed):
            return None
        skipped = self._before.skipped_files.get(name)
        if skipped and skipped.stamp == stamp and skipped.reason in CONTENT_REASONS:
            raise SkippedFile(skipped.reason)
        entry = self._before.files.get(name)
        return self._entry(name, stamp, entry.sha256) if entry and entry.stamp == stamp else None

    def _read(self, name: str, stamp: Stamp) -> Entry:
        self._texts[name] = read_text(Path(name), max_bytes=MAX_FILE_BYTES)
        return self._entry(name, stamp, hashlib.sha256(self._texts[name]).hexdigest())

    def _entry(self, name: str, stamp: Stamp, sha256: str) -> Entry:
        """Return an entry in the segment that already holds this text, or in none yet."""
        before = self._before.files.get(name)
        if (
            before
            and before.sha256 == sha256
            and name in self._stored_names.get(before.segment, ())
        ):
            return Entry(stamp, sha256, before.segment)
        return Entry(stamp, sha256, "")

    # Building

    def _assign_segments(self, found: Mapping[str, Stamp]) -> tuple[str, str]:
        """Put each selected file into a segment; return the names of the base and the delta."""
        base = self._before.base if self._stored_names.get(self._before.base) else ""
        delta_names = [
            name for name, entry in self._files.items() if not base or entry.segment != base
        ]
        # Merge the delta into the base once it is too large, or text must leave the base.
        if self._size(delta_names) > MAX_DELTA_BYTES or self._needs_compaction(
            self._stored_names.get(base, frozenset()), found
        ):
            base, delta_names = "", list(self._files)
        if self._size(delta_names) > MAX_DELTA_BYTES:
            return self._build(delta_names), ""
        # Keep the delta if it holds exactly these files, as they are now.
        delta = self._before.delta
        if (
            self._stored_names.get(delta, frozenset())
            == set(delta_names)
            == {n for n in delta_names if self._files[n].segment == delta}
        ):
            return base, delta if delta_names else ""
        return base, self._build(delta_names)

    def _size(self, names: Iterable[str]) -> int:
        return sum(self._files[name].stamp.size for name in names)

    def _needs_compaction(self, stored: Collection[str], found: Mapping[str, Stamp]) -> bool:
        """Return whether a segment holds forgotten files or, in a full scan, removed files."""
        gone = self._changed is None and not found.keys() >= set(stored)
        return gone or any(self._forget_list.covers(name) for name in stored)

    def _build(self, names: Sequence[str]) -> str:
        """Write a segment with these files; return its file name, or "" if no file is left."""
        texts = ((name, self._text(name)) for name in sorted(names))
        documents = [
            (name, redact_words(redact(text), self._words))
            for name, text in texts
            if text is not None
        ]
        if not documents:
            return ""
        segment = secrets.token_hex(8) + SEGMENT_SUFFIX
        FMIndex.build(documents).save(self._folder / segment)
        self._files |= {name: self._files[name]._replace(segment=segment) for name, _ in documents}
        return segment

    def _text(self, name: str) -> bytes | None:
        """Return the text of a selected file, or None if it is gone meanwhile."""
        if name not in self._texts:
            stamp = Stamp.of(name)
            try:
                self._files[name] = self._read(name, stamp or self._files[name].stamp)
            except SkippedFile:
                del self._files[name]
        return self._texts.pop(name, None)


def _check_distinct(digest: str, digests: set[str]) -> None:
    if digest in digests:
        raise SkippedFile(DUPLICATE)
    digests.add(digest)


def _changed(paths: Sequence[str] | None) -> frozenset[str] | None:
    """Return the names of the changed files; None if a full scan is needed."""
    if paths is None or any(folder_of_rules(Path(path)) for path in paths):
        return None
    return frozenset(name for path in paths for name in aliases(path))


def _stamped(names: Iterable[str]) -> dict[str, Stamp]:
    return {name: stamp for name in names if (stamp := Stamp.of(name))}


def _files_below(tree: Tree, path: str) -> Iterator[str]:
    """Yield the files of a tree at a path or below it."""
    if is_folder(path):
        yield from tree.walk(Counter(), MAX_ENTRIES, within=path)
    elif tree.includes(path):
        yield path


def _stored_names(path: Path, forgotten: Collection[bytes]) -> frozenset[str]:
    """Return the names of the documents in a segment that can be kept.

    There are none if it is broken, or holds a word that must leave the disk.
    """
    try:
        segment = FMIndex.open(path)
    except BrokenIndexError:
        return frozenset()
    usable = segment.is_intact and not any(contains_word(segment, word) for word in forgotten)
    return frozenset(segment.names) if usable else frozenset()


def _collect_garbage(folder: Path, kept: Collection[str]) -> None:
    """Remove segments that no manifest refers to, and partial files of interrupted writes."""
    for path in folder.iterdir():
        if (path.suffix == SEGMENT_SUFFIX and path.name not in kept) or _PARTIAL.fullmatch(
            path.name
        ):
            # Windows keeps a file that a server has open; the next collection removes it.
            with suppress(OSError):
                path.unlink()
