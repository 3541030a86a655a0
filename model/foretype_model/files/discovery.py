"""Finds and reads the files below a folder that are the user's own texts, for training and for the
index.
"""

from __future__ import annotations

import codecs
import os
import stat
import sys
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from foretype_model.files.gitignore import IgnoreRules, is_ignored, rules_above, rules_in
from foretype_model.files.uris import real_path
from foretype_model.text.rope import to_lf

HIDDEN: Final = "hidden"
IGNORED: Final = "ignored by .gitignore"
EXCLUDED: Final = "excluded by the settings"
VENDORED: Final = "packages or build output"
SECRET: Final = "secret (.env or a key)"
LOCK_FILE: Final = "lock file"
MINIFIED: Final = "minified"
NOT_TEXT: Final = "not UTF-8 text"
EMPTY: Final = "empty"
DUPLICATE: Final = "duplicate"
LINK: Final = "symbolic link"
NOT_A_FILE: Final = "not a regular file"
UNREADABLE: Final = "unreadable"
CLOUD_ONLY: Final = "in a cloud, and not on this machine"
NOT_REACHED: Final = "not reached (too many files)"

SNIFF_BYTES: Final = 8192
"""Bytes of a file to search for a NUL before the rest is read."""

MAX_MEAN_LINE_BYTES: Final = 200
"""Mean bytes in a line above which a file of code counts as minified. Prose never does: a line may
be a paragraph.
"""

MINIFIABLE_SUFFIXES: Final = frozenset({".js", ".mjs", ".cjs", ".css", ".json", ".svg"})
LOCK_FILES: Final = frozenset({
    "bun.lockb", "go.sum", "gradle.lockfile", "npm-shrinkwrap.json", "package-lock.json",
    "packages.lock.json", "pnpm-lock.yaml",
})  # fmt: skip
KEY_FILES: Final = frozenset(
    {"id_dsa", "id_ecdsa", "id_ed25519", "id_rsa", ".netrc", ".npmrc", ".pgpass", ".pypirc"}
)
KEY_SUFFIXES: Final = frozenset(
    {".env", ".jks", ".kdbx", ".key", ".keystore", ".p12", ".pem", ".pfx", ".ppk"}
)

JUNCTION_TAG: Final = 0xA000_0003
"""The reparse tag of a junction on Windows: a folder that stands for another one."""

RECALL_ATTRIBUTES: Final = 0x0040_1000
"""Attributes of a file on Windows whose content is downloaded when it is read: recall on data
access, offline.
"""

DATALESS_FLAG: Final = 0x4000_0000
"""The flag of such a file on macOS."""

VENDORED_NAMES: Final = frozenset(
    {"__pycache__", "bower_components", "jspm_packages", "node_modules", "site-packages"}
)
"""Folders that never contain the user's own texts. (``.venv`` and the like are hidden already.)"""

VENDORED_IF_CONTAINS: Final = ("pyvenv.cfg", "CACHEDIR.TAG")
"""Files that mark their folder as a virtual environment or a cache, such as cargo's ``target``."""

VENDORED_IF_BESIDE: Final[Mapping[str, frozenset[str]]] = {
    "_build": frozenset({"dune-project", "mix.exs", "rebar.config"}),
    "build": frozenset({
        "CMakeLists.txt", "build.gradle", "build.gradle.kts", "meson.build", "pubspec.yaml",
        "pyproject.toml", "setup.py",
    }),
    "deps": frozenset({"mix.exs"}),
    "dist": frozenset({"package.json", "pyproject.toml", "setup.py"}),
    "elm-stuff": frozenset({"elm.json"}),
    "Pods": frozenset({"Podfile"}),
    "target": frozenset({"Cargo.toml", "build.sbt", "pom.xml"}),
    "vendor": frozenset({"Gemfile", "composer.json", "go.mod"}),
}  # fmt: skip
"""Folders named by ordinary words, skipped only beside a file of the tool that fills them."""


def summarise_skipped(skipped: Mapping[str, int]) -> str:
    """Return the counts of `skipped`, the most frequent reason first: ``12 hidden, 3 minified``."""
    return ", ".join(
        f"{count} {reason}"
        for reason, count in sorted(skipped.items(), key=lambda item: (-item[1], item))
    )


# Find files


class Tree:
    """The files below a folder that are, by their names, the user's own texts.

    Skipped are hidden and ignored files, links, secrets, lock files, and packages of others. The
    rules are read once: a tree does not notice a later change of a ``.gitignore``.

    Args:
        folder: the root. It may itself be ignored, for the user asked for it.
        exclude: further patterns to skip, as in a ``.gitignore`` in `folder`.
    """

    def __init__(self, folder: Path, exclude: Sequence[str] = ()) -> None:
        self.folder: Final = real_path(folder)
        self._exclude = IgnoreRules.of(self.folder, exclude)
        top = Path(self.folder)
        self._folders: dict[str, _Folder | None] = {
            self.folder: _Folder(
                self.folder, self._exclude, rules_above(top) + rules_in(self.folder)
            )
        }

    def walk(
        self, skipped: Counter[str], max_entries: int | None = None, within: str | None = None
    ) -> Iterator[str]:
        """Yield the files' paths, absolute and without links, nearest first (breadth first).

        Args:
            skipped: counts the skipped files by reason; a folder counts once.
            max_entries: entries of folders to visit; each folder that remains counts as
                `NOT_REACHED`.
            within: a folder in the tree, to search only that one.
        """
        left = sys.maxsize - 1 if max_entries is None else max_entries
        start = self._folder_at(within or self.folder)
        waiting = deque([start] if start else [])
        while waiting:
            folder = waiting.popleft()
            for entry in folder.entries(skipped, left + 1):
                if not left:
                    skipped[NOT_REACHED] += 1 + len(waiting)
                    return
                left -= 1
                if reason := folder.skip_reason(entry):
                    skipped[reason] += 1
                elif entry.is_dir():
                    waiting.append(folder.child(entry.name))
                else:
                    yield entry.path

    def includes(self, path: str) -> bool:
        """Return whether `walk` yields `path` if there is a file of this path."""
        file = Path(path)
        folder = self._folder_at(str(file.parent))
        return folder is not None and not is_folder(path) and folder.skip_reason(file) is None

    def covers(self, path: str) -> bool:
        """Return whether `walk` yields a file of this path, or enters a folder of this path."""
        return self._folder_at(path) is not None if is_folder(path) else self.includes(path)

    def _folder_at(self, path: str) -> _Folder | None:
        """Return the folder at a path, or None if it is skipped or outside of the tree."""
        if path not in self._folders:
            entry = Path(path)
            above = None if entry.parent == entry else self._folder_at(str(entry.parent))
            wanted = above is not None and is_folder(path) and not above.skip_reason(entry)
            self._folders[path] = above.child(entry.name) if above and wanted else None
        return self._folders[path]


@dataclass(frozen=True)
class _Folder:
    """One folder of a tree, and the rules that apply there."""

    path: str
    excluded: IgnoreRules
    rules: tuple[IgnoreRules, ...]

    def entries(self, skipped: Counter[str], max_entries: int) -> list[os.DirEntry[str]]:
        """Return at most `max_entries` entries of the folder, by name."""
        try:
            with os.scandir(self.path) as entries:
                return sorted(islice(entries, max_entries), key=lambda entry: entry.name)
        except OSError:
            skipped[UNREADABLE] += 1
            return []

    def child(self, name: str) -> _Folder:
        path = os.path.join(self.path, name)  # noqa: PTH118 (called for each folder, and a Path takes ten times as long)
        return _Folder(path, self.excluded, self.rules + rules_in(path))

    def skip_reason(self, entry: os.DirEntry[str] | Path) -> str | None:
        """Return the reason to skip an entry of this folder, or None."""
        try:
            return _skip_reason_by_name(entry) or self._skip_reason_by_rule(
                os.fspath(entry), is_folder=entry.is_dir()
            )
        except OSError:
            return UNREADABLE

    def _skip_reason_by_rule(self, path: str, *, is_folder: bool) -> str | None:
        if is_folder and _is_vendored(path):
            return VENDORED
        if self.excluded.verdict(path, is_folder=is_folder):
            return EXCLUDED
        return IGNORED if is_ignored(path, self.rules, is_folder=is_folder) else None


def _skip_reason_by_name(entry: os.DirEntry[str] | Path) -> str | None:
    if _is_link(entry):
        # A target inside the tree is found anyway; the user did not ask for one outside.
        return LINK
    if is_secret(entry.name) and entry.is_file():
        return SECRET
    if entry.name.startswith("."):
        return HIDDEN
    if (entry.name in LOCK_FILES or entry.name.endswith(".lock")) and entry.is_file():
        return LOCK_FILE
    return None


def _is_link(entry: os.DirEntry[str] | Path) -> bool:
    """Return whether an entry is a symbolic link, or a junction of Windows; either may lead to a
    folder above itself.
    """
    if entry.is_symlink():
        return True
    return (
        os.name == "nt"
        and getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == JUNCTION_TAG
    )


def is_secret(name: str) -> bool:
    """Return whether a file of this name contains keys or passwords."""
    name = name.lower()
    return name.startswith(".env") or name in KEY_FILES or name.endswith(tuple(KEY_SUFFIXES))


def _is_vendored(path: str) -> bool:
    folder = Path(path)
    tools = [folder / file for file in VENDORED_IF_CONTAINS]
    tools += [folder.parent / file for file in VENDORED_IF_BESIDE.get(folder.name, ())]
    # A Path raises if it may not look. The error is reported when the folder is read.
    return folder.name in VENDORED_NAMES or any(os.path.exists(file) for file in tools)  # noqa: PTH110


def is_folder(path: str) -> bool:
    """Return whether `path` is a folder; False if the permissions hide it."""
    return os.path.isdir(path)  # noqa: PTH112 (a Path raises if it may not look)


# Read a file


class SkippedFile(Exception):
    """A file was not read, because of `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_text(path: Path, *, max_bytes: int, named: bool = False) -> bytes:
    """Return the text of a file: UTF-8 without a byte order mark, its lines ending in LF.

    Args:
        path: of the file.
        max_bytes: bytes of the largest file that is read.
        named: the user named this very file, so that it may have any size, lie in a cloud, and be
            minified.

    Raises:
        SkippedFile: the file is no text of the user's, or cannot be read.
    """
    if is_secret(path.name) or is_secret(path.resolve().name):
        raise SkippedFile(SECRET)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SkippedFile(NOT_A_FILE)
        if status.st_size > max_bytes and not named:
            raise SkippedFile(f"over {max_bytes // 1_000_000} MB")
        if _is_cloud_only(status) and not named:
            raise SkippedFile(CLOUD_ONLY)
        text = _normalised(_read_bytes(path))
    except OSError:
        raise SkippedFile(UNREADABLE) from None
    if not text.strip():
        raise SkippedFile(EMPTY)
    if not named and _is_minified(path, text):
        raise SkippedFile(MINIFIED)
    return text


def _is_cloud_only(status: os.stat_result) -> bool:
    """Return whether the system would download the file to read it, over a connection that the user
    did not ask for.
    """
    on_windows, on_macos = getattr(status, "st_file_attributes", 0), getattr(status, "st_flags", 0)
    return bool(
        on_windows & RECALL_ATTRIBUTES or (sys.platform == "darwin" and on_macos & DATALESS_FLAG)
    )


def _read_bytes(path: Path) -> bytes:
    """Return the bytes of a file; of a binary file, only the first."""
    with path.open("rb") as file:
        data = file.read(SNIFF_BYTES)
        return data if b"\0" in data else data + file.read()


def _normalised(data: bytes) -> bytes:
    try:
        data.decode()
    except UnicodeDecodeError:
        raise SkippedFile(NOT_TEXT) from None
    if b"\0" in data:
        raise SkippedFile(NOT_TEXT)
    return to_lf(data.removeprefix(codecs.BOM_UTF8))


def _is_minified(path: Path, text: bytes) -> bool:
    name = path.name.lower()
    if name.endswith((".min.js", ".min.css", ".map")):
        return True
    lines = text.count(b"\n") + 1
    return path.suffix.lower() in MINIFIABLE_SUFFIXES and len(text) > MAX_MEAN_LINE_BYTES * lines
