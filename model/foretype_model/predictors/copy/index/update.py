"""From the index of a workspace as it was to one of the files as they are: what is to be in it, and
in which shard.

Most of a workspace seldom changes. It is in one large shard, and what has changed since is in a
young one, which is small enough to be sorted anew at each save. What is in the large shard but
changed or gone is masked by whoever reads.
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
    SkippedFile,
    Tree,
    is_folder,
    read_text,
)
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
"""Bytes of a file. What is larger is data or generated, and would push out a hundred files of the
user's own.
"""

MAX_TOTAL_BYTES: Final = 20_000_000
"""Bytes of all files, the newest first: twenty novels, or half a million lines of code. They take
30 s to sort.
"""

MAX_DELTA_BYTES: Final = 1_000_000
"""Bytes of the young shard; they take a second to sort."""

MAX_ENTRIES: Final = 50_000
"""Entries of folders that are looked at, in some seconds. Where there are more, it is no project,
but a home folder.
"""

OLDER: Final = "older than the newest 20 MB"

CONTENT_REASONS: Final = frozenset({EMPTY, MINIFIED, NOT_TEXT})
"""Reasons that hold for as long as a file is not changed."""

_PARTIAL: Final = re.compile(rf"\..*({re.escape(SEGMENT_SUFFIX)}|{re.escape(MANIFEST_FILE)})\..*")
"""What is left of a write that was cut short."""


@dataclass(frozen=True)
class Request:
    """What is to be done.

    Attributes:
        folders: of the workspace, absolute.
        folder: where the index is kept; the list of what is forgotten lies above it.
        exclude: patterns of what is not to be learnt from.
        paths: what was changed; None where everything is to be looked at.
    """

    folders: Sequence[str]
    folder: str
    exclude: Sequence[str]
    paths: Sequence[str] | None


class IndexUpdate:
    """One bringing up to date of an index on disk.

    Args:
        report: called with how many files were looked at, of how many.

    Raises:
        WorkspaceError: it cannot be told what is to be forgotten.
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
        self._left_out: dict[str, SkippedEntry] = {}
        self._texts: dict[str, bytes] = {}

    def run(self) -> None:
        """Write what is missing, and remove what it supersedes.

        Raises:
            OSError: the index cannot be written; what was there is there still.
        """
        # First, too: where each renewal is killed before its end, what they leave must not fill the
        # disk.
        _collect_garbage(self._folder, self._before.segments())
        # The index itself may lie in the workspace, as in a home folder.
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
                self._skipped + Counter(entry.reason for entry in self._left_out.values())
            )
        after = Manifest(
            self._files, self._left_out, skipped, base, delta, self._forget_list.digest()
        )
        if after != self._before:
            after.write(self._folder)
        _collect_garbage(self._folder, after.segments())
        self._report(len(found), len(found))

    # Finding

    def _find(self) -> dict[str, Stamp]:
        """The files that may be texts of the user's."""
        if self._changed is None:
            return _stamped(
                name for tree in self._trees for name in tree.walk(self._skipped, MAX_ENTRIES)
            )
        known: dict[str, Entry | SkippedEntry] = {**self._before.files, **self._before.left_out}
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
        """Tell the files that are to be indexed, the newest, from those that are not."""
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
                self._left_out[name] = SkippedEntry(found[name], error.reason)
                self._texts.pop(name, None)
                continue
            self._files[name] = entry
            total += size

    def _reuse(self, name: str, stamp: Stamp) -> Entry | None:
        """What the manifest knows of a file that was not changed; raises `SkippedFile` where it
        was left out.
        """
        if self._changed is not None and is_covered(name, self._changed):
            return None
        left_out = self._before.left_out.get(name)
        if left_out and left_out.stamp == stamp and left_out.reason in CONTENT_REASONS:
            raise SkippedFile(left_out.reason)
        entry = self._before.files.get(name)
        return self._entry(name, stamp, entry.sha256) if entry and entry.stamp == stamp else None

    def _read(self, name: str, stamp: Stamp) -> Entry:
        self._texts[name] = read_text(Path(name), max_bytes=MAX_FILE_BYTES)
        return self._entry(name, stamp, hashlib.sha256(self._texts[name]).hexdigest())

    def _entry(self, name: str, stamp: Stamp, sha256: str) -> Entry:
        """In the shard that holds this very text, or in none as yet."""
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
        """Bring each selected file into a shard; the file names of the large one and the young
        one.
        """
        base = self._before.large if self._stored_names.get(self._before.large) else ""
        delta_names = [
            name for name, entry in self._files.items() if not base or entry.segment != base
        ]
        if self._size(delta_names) > MAX_DELTA_BYTES or self._needs_compaction(
            self._stored_names.get(base, frozenset()), found
        ):
            base, delta_names = "", list(self._files)
        if self._size(delta_names) > MAX_DELTA_BYTES:
            return self._build(delta_names), ""
        delta = self._before.young
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
        """Whether a shard holds what must not stay on disk: forgotten files, and, looking at all,
        any that are gone.
        """
        gone = self._changed is None and not found.keys() >= set(stored)
        return gone or any(self._forget_list.covers(name) for name in stored)

    def _build(self, names: Sequence[str]) -> str:
        """The file name of a new shard with these files; empty where there are none."""
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
        """The text of a selected file; None where it has gone meanwhile."""
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
    """The names of what was changed; None where everything has to be looked at."""
    if paths is None or any(Path(path).name == ".gitignore" for path in paths):
        return None
    return frozenset(name for path in paths for name in aliases(path))


def _stamped(names: Iterable[str]) -> dict[str, Stamp]:
    return {name: stamp for name in names if (stamp := Stamp.of(name))}


def _files_below(tree: Tree, path: str) -> Iterator[str]:
    """The files of a tree that are at a path or below it."""
    if is_folder(path):
        yield from tree.walk(Counter(), MAX_ENTRIES, within=path)
    elif tree.includes(path):
        yield path


def _stored_names(path: Path, forgotten: Collection[bytes]) -> frozenset[str]:
    """The names of the documents in a shard; none where it is broken, or holds a word that must not
    stay on disk.
    """
    try:
        segment = FMIndex.open(path)
    except BrokenIndexError:
        return frozenset()
    usable = segment.is_intact and not any(contains_word(segment, word) for word in forgotten)
    return frozenset(segment.names) if usable else frozenset()


def _collect_garbage(folder: Path, kept: Collection[str]) -> None:
    """Remove shards that nothing refers to, and what was left of writes that were cut short."""
    for path in folder.iterdir():
        if (path.suffix == SEGMENT_SUFFIX and path.name not in kept) or _PARTIAL.fullmatch(
            path.name
        ):
            # Windows keeps a file that a server has open; the next sweep removes it.
            with suppress(OSError):
                path.unlink()
