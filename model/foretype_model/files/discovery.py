"""Finds the files below a folder that are the user's own texts, for training and for the index."""

from __future__ import annotations

import os
import sys
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import Final

from foretype_model.files.gitignore import FolderRules, IgnoreFile, IgnoreRules, is_ignored
from foretype_model.files.regular import is_pseudo_folder
from foretype_model.files.uris import real_path
from foretype_model.files.wildmatch import OutOfStepsError, StepBudget

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
PSEUDO: Final = "in a file system of the kernel"
RULES_TOO_LARGE: Final = "in a folder whose ignore rules are too large"
RULES_TOO_SLOW: Final = "not reached (too many ignore rules)"

MAX_RULE_STEPS: Final = 10_000_000
STEPS_PER_ENTRY: Final = 400
"""Steps to read the ignore rules of a whole tree, 3 s of them; as many for comparisons with them,
and more for each entry. Templates for ten languages have 400 lines, and need 20 for a name.
"""

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

    Attributes:
        ignore_files: those that were found so far.
    """

    def __init__(self, folder: Path, exclude: Sequence[str] = ()) -> None:
        self.folder: Final = real_path(folder)
        self.ignore_files: dict[IgnoreFile, None] = {}
        self._exclude = IgnoreRules.of(self.folder, exclude)
        self._reading, self._matching = StepBudget(MAX_RULE_STEPS), StepBudget(MAX_RULE_STEPS)
        root = self._folder(self.folder, FolderRules.at(Path(self.folder), self._reading))
        self._folders = {self.folder: root}

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
        if is_pseudo_folder(self.folder):
            skipped[PSEUDO] += 1
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
                elif not entry.is_dir():
                    yield entry.path
                elif child := self._child(folder, entry.name):
                    waiting.append(child)
                else:
                    skipped[PSEUDO] += 1

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
            # A loop, for a path may have 2,000 folders, and recursion ends at 1,000.
            above = takewhile(lambda each: str(each) not in self._folders, Path(path).parents)
            for entry in (*reversed(list(above)), Path(path)):
                self._folders[str(entry)] = self._new_folder(entry)
        return self._folders.get(path)

    def _new_folder(self, entry: Path) -> _Folder | None:
        """Return the folder `entry`, below a known folder."""
        above = self._folders.get(str(entry.parent))
        if above is None or not is_folder(str(entry)) or above.skip_reason(entry):
            return None
        return self._child(above, entry.name)

    def _child(self, above: _Folder, name: str) -> _Folder | None:
        path = os.path.join(above.path, name)  # noqa: PTH118 (called for each folder, and a Path takes ten times as long)
        return self._folder(path, above.rules.entering(path, self._reading))

    def _folder(self, path: str, rules: FolderRules) -> _Folder | None:
        self.ignore_files |= {one.file: None for one in rules.rules if one.file}
        if is_pseudo_folder(path):
            return None
        return _Folder(path, self._exclude, rules, self._matching)


@dataclass(frozen=True)
class _Folder:
    """One folder of a tree, and the rules that apply there."""

    path: str
    excluded: IgnoreRules
    rules: FolderRules
    budget: StepBudget

    def entries(self, skipped: Counter[str], max_entries: int) -> list[os.DirEntry[str]]:
        """Return at most `max_entries` entries of the folder, by name."""
        try:
            with os.scandir(self.path) as entries:
                return sorted(islice(entries, max_entries), key=lambda entry: entry.name)
        except OSError:
            skipped[UNREADABLE] += 1
            return []

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
        if not self.rules.is_readable:
            return RULES_TOO_LARGE
        self.budget.left += STEPS_PER_ENTRY
        try:
            if self.excluded.verdict(path, is_folder=is_folder, budget=self.budget):
                return EXCLUDED
            if is_ignored(path, self.rules.rules, is_folder=is_folder, budget=self.budget):
                return IGNORED
        except OutOfStepsError:
            self.budget.left = -sys.maxsize  # no further entry is judged
            return RULES_TOO_SLOW
        return None


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
