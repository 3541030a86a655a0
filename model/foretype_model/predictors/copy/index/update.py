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
    LeftOutError,
    Tree,
    is_folder,
    read_text,
)
from foretype_model.files.stamp import Stamp
from foretype_model.files.uris import names_of, real_path
from foretype_model.predictors.copy.index.erase import holds
from foretype_model.predictors.copy.index.fm_index import Shard
from foretype_model.predictors.copy.index.manifest import MANIFEST, SHARD, Entry, LeftOut, Manifest
from foretype_model.privacy.forget_list import LIST, Forgotten, is_covered
from foretype_model.privacy.forgotten_words import blanked
from foretype_model.privacy.secret_scanner import masked

LARGEST: Final = 1_000_000
"""Bytes of a file. What is larger is data or generated, and would push out a hundred files of the
user's own.
"""

TOTAL: Final = 20_000_000
"""Bytes of all files, the newest first: twenty novels, or half a million lines of code. They take
30 s to sort.
"""

YOUNG: Final = 1_000_000
"""Bytes of the young shard; they take a second to sort."""

MOST_ENTRIES: Final = 50_000
"""Entries of folders that are looked at, in some seconds. Where there are more, it is no project,
but a home folder.
"""

OLDER: Final = "older than the newest 20 MB"

OF_THE_CONTENT: Final = frozenset({EMPTY, MINIFIED, NOT_TEXT})
"""Reasons that hold for as long as a file is not changed."""

_PARTIAL: Final = re.compile(rf"\..*({re.escape(SHARD)}|{re.escape(MANIFEST)})\..*")
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


class Renewal:
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
        self._forgotten = Forgotten.read(self._folder.parent)
        self._before = Manifest.read(self._folder)
        self._words = self._forgotten.in_bytes()
        self._held = {
            shard: _held(self._folder / shard, self._words) for shard in self._before.shards()
        }
        self._changed = _changed(request.paths) if self._before.files else None
        self._skipped: Counter[str] = Counter()
        self._files: dict[str, Entry] = {}
        self._left_out: dict[str, LeftOut] = {}
        self._texts: dict[str, bytes] = {}

    def run(self) -> None:
        """Write what is missing, and remove what it supersedes.

        Raises:
            OSError: the index cannot be written; what was there is there still.
        """
        # First, too: where each renewal is killed before its end, what they leave must not fill the
        # disk.
        _sweep(self._folder, self._before.shards())
        # The index itself may lie in the workspace, as in a home folder.
        index = Path(real_path(self._folder))
        unwanted = (*self._forgotten.paths, str(index), str(index.parent / LIST))
        found = {
            name: stamp for name, stamp in self._find().items() if not is_covered(name, unwanted)
        }
        self._select(found)
        large, young = self._arrange(found)
        skipped = self._before.skipped
        if self._changed is None:
            skipped = dict(
                self._skipped + Counter(entry.reason for entry in self._left_out.values())
            )
        after = Manifest(
            self._files, self._left_out, skipped, large, young, self._forgotten.digest()
        )
        if after != self._before:
            after.write(self._folder)
        _sweep(self._folder, after.shards())
        self._report(len(found), len(found))

    # Finding

    def _find(self) -> dict[str, Stamp]:
        """The files that may be texts of the user's."""
        if self._changed is None:
            return _stamped(
                name for tree in self._trees for name in tree.walk(self._skipped, MOST_ENTRIES)
            )
        known: dict[str, Entry | LeftOut] = {**self._before.files, **self._before.left_out}
        found = {
            name: entry.stamp
            for name, entry in known.items()
            if not is_covered(name, self._changed)
        }
        return found | _stamped(
            name for tree in self._trees for path in self._changed for name in _below(tree, path)
        )

    # Selecting

    def _select(self, found: Mapping[str, Stamp]) -> None:
        """Tell the files that are to be indexed, the newest, from those that are not."""
        digests: set[str] = set()
        total = 0
        newest_first = sorted(found, key=lambda name: (-found[name].mtime_ns, name))
        for count, name in enumerate(newest_first):
            size = found[name].size
            if size <= LARGEST and total + size > TOTAL:
                self._skipped[OLDER] += len(newest_first) - count
                break
            self._report(count, len(newest_first))
            try:
                entry = self._known(name, found[name]) or self._read(name, found[name])
                _check_new(entry.sha256, digests)
            except LeftOutError as error:
                self._left_out[name] = LeftOut(found[name], error.reason)
                self._texts.pop(name, None)
                continue
            self._files[name] = entry
            total += size

    def _known(self, name: str, stamp: Stamp) -> Entry | None:
        """What the manifest knows of a file that was not changed; raises `LeftOutError` where it
        was left out.
        """
        if self._changed is not None and is_covered(name, self._changed):
            return None
        left_out = self._before.left_out.get(name)
        if left_out and left_out.stamp == stamp and left_out.reason in OF_THE_CONTENT:
            raise LeftOutError(left_out.reason)
        entry = self._before.files.get(name)
        return self._entry(name, stamp, entry.sha256) if entry and entry.stamp == stamp else None

    def _read(self, name: str, stamp: Stamp) -> Entry:
        self._texts[name] = read_text(Path(name), largest=LARGEST)
        return self._entry(name, stamp, hashlib.sha256(self._texts[name]).hexdigest())

    def _entry(self, name: str, stamp: Stamp, sha256: str) -> Entry:
        """In the shard that holds this very text, or in none as yet."""
        before = self._before.files.get(name)
        if before and before.sha256 == sha256 and name in self._held.get(before.shard, ()):
            return Entry(stamp, sha256, before.shard)
        return Entry(stamp, sha256, "")

    # Building

    def _arrange(self, found: Mapping[str, Stamp]) -> tuple[str, str]:
        """Bring each selected file into a shard; the file names of the large one and the young
        one.
        """
        large = self._before.large if self._held.get(self._before.large) else ""
        rising = [name for name, entry in self._files.items() if not large or entry.shard != large]
        if self._size(rising) > YOUNG or self._has_to_go(self._held.get(large, frozenset()), found):
            large, rising = "", list(self._files)
        if self._size(rising) > YOUNG:
            return self._build(rising), ""
        young = self._before.young
        if (
            self._held.get(young, frozenset())
            == set(rising)
            == {n for n in rising if self._files[n].shard == young}
        ):
            return large, young if rising else ""
        return large, self._build(rising)

    def _size(self, names: Iterable[str]) -> int:
        return sum(self._files[name].stamp.size for name in names)

    def _has_to_go(self, held: Collection[str], found: Mapping[str, Stamp]) -> bool:
        """Whether a shard holds what must not stay on disk: forgotten files, and, looking at all,
        any that are gone.
        """
        gone = self._changed is None and not found.keys() >= set(held)
        return gone or any(self._forgotten.covers(name) for name in held)

    def _build(self, names: Sequence[str]) -> str:
        """The file name of a new shard with these files; empty where there are none."""
        texts = ((name, self._text(name)) for name in sorted(names))
        documents = [
            (name, blanked(masked(text), self._words)) for name, text in texts if text is not None
        ]
        if not documents:
            return ""
        shard = secrets.token_hex(8) + SHARD
        Shard.build(documents).save(self._folder / shard)
        self._files |= {name: self._files[name]._replace(shard=shard) for name, _ in documents}
        return shard

    def _text(self, name: str) -> bytes | None:
        """The text of a selected file; None where it has gone meanwhile."""
        if name not in self._texts:
            stamp = Stamp.of(name)
            try:
                self._files[name] = self._read(name, stamp or self._files[name].stamp)
            except LeftOutError:
                del self._files[name]
        return self._texts.pop(name, None)


def _check_new(digest: str, digests: set[str]) -> None:
    if digest in digests:
        raise LeftOutError(DUPLICATE)
    digests.add(digest)


def _changed(paths: Sequence[str] | None) -> frozenset[str] | None:
    """The names of what was changed; None where everything has to be looked at."""
    if paths is None or any(Path(path).name == ".gitignore" for path in paths):
        return None
    return frozenset(name for path in paths for name in names_of(path))


def _stamped(names: Iterable[str]) -> dict[str, Stamp]:
    return {name: stamp for name in names if (stamp := Stamp.of(name))}


def _below(tree: Tree, path: str) -> Iterator[str]:
    """The files of a tree that are at a path or below it."""
    if is_folder(path):
        yield from tree.walk(Counter(), MOST_ENTRIES, within=path)
    elif tree.has(path):
        yield path


def _held(path: Path, forgotten: Collection[bytes]) -> frozenset[str]:
    """The names of the documents in a shard; none where it is broken, or holds a word that must not
    stay on disk.
    """
    try:
        shard = Shard.open(path)
    except BrokenIndexError:
        return frozenset()
    usable = shard.is_whole and not any(holds(shard, word) for word in forgotten)
    return frozenset(shard.names) if usable else frozenset()


def _sweep(folder: Path, kept: Collection[str]) -> None:
    """Remove shards that nothing refers to, and what was left of writes that were cut short."""
    for path in folder.iterdir():
        if (path.suffix == SHARD and path.name not in kept) or _PARTIAL.fullmatch(path.name):
            # Windows keeps a file that a server has open; the next sweep removes it.
            with suppress(OSError):
                path.unlink()
