"""Applies git's ignore files: ``.gitignore``, ``.git/info/exclude`` and ``core.excludesFile``."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Final, NamedTuple

from foretype_model.files.ignore_table import NO_MATCH, IgnoreTable
from foretype_model.files.regular import NotRegularError, TooLargeError, read_regular
from foretype_model.files.repository import GIT, Repository, find_root, is_root
from foretype_model.files.wildmatch import OutOfStepsError, StepBudget, faults

IGNORE_FILE: Final = ".gitignore"

MAX_IGNORE_BYTES: Final = 10_000_000
"""Bytes of an ignore file; one of 100,000 lines has some two million. A folder with a larger one is
not read, for its files may be ignored.
"""

USER_STEPS: Final = 1_000_000
"""Steps for the patterns of the settings and one file: 0.3 s, and not reached by thousands."""

BYTES_PER_STEP: Final = 2
"""Bytes of an ignore file that are read in the time of a step (0.3 us)."""

CONFIG_STEPS_PER_BYTE: Final = 2
"""Steps in whose time a byte of a configuration is read."""


class Line(NamedTuple):
    """A line of an ignore file that holds a pattern.

    Attributes:
        pattern: without the ``!`` before it and the slashes around it.
        is_negated: it includes files again.
        only_folders: it matches folders alone.
        is_path: it is compared with the path below the file's folder, and not with the name alone.
    """

    pattern: bytes
    is_negated: bool
    only_folders: bool
    is_path: bool

    @classmethod
    def of(cls, line: bytes) -> Line | None:
        """Return the pattern in a line, or None."""
        if line.startswith(b"#"):
            return None
        line = line.removesuffix(b"\r").partition(b"\0")[0]
        if line.endswith(b" "):
            line = _without_trailing_spaces(line)
        is_negated = line.startswith(b"!")
        pattern = line[is_negated:]
        only_folders = pattern.endswith(b"/")
        pattern = pattern[: len(pattern) - only_folders]
        is_path = b"/" in pattern
        pattern = pattern.removeprefix(b"/")
        return cls(pattern, is_negated, only_folders, is_path) if pattern else None


class IgnoreFile(NamedTuple):
    """An ignore file.

    Attributes:
        follow_links: whether it is read through a link, as git reads those of the user.
    """

    path: str
    follow_links: bool

    def lines(self) -> list[bytes]:
        """Return the lines, as git splits them.

        Raises:
            TooLargeError: it has more than `MAX_IGNORE_BYTES`.
            OSError: it cannot be read.
        """
        content = read_regular(self.path, MAX_IGNORE_BYTES, follow_links=self.follow_links)
        return content.removeprefix(codecs.BOM_UTF8).split(b"\n")

    def faults(self) -> Iterator[tuple[int, str]]:
        """Yield the number of each line that has an error, and the error; 0 for the whole file."""
        try:
            lines = self.lines()
        except NotRegularError:
            yield 0, "it is not a regular file"
        except TooLargeError:
            yield 0, f"it has over {MAX_IGNORE_BYTES // 1_000_000} MB, so no file there is read"
        except OSError as error:
            yield 0, f"it cannot be read ({error.strerror})"
        else:
            for number, text in enumerate(lines, 1):
                line = Line.of(text) if b"[" in text or b"\\" in text else None
                if line:
                    yield from ((number, one) for one in faults(line.pattern, is_path=line.is_path))


class IgnoreRules:
    """The patterns of one ignore file, relative to a folder.

    Args:
        folder: an absolute path.
        lines: of the file, without line feeds.
        ignore_case: whether they match names in either case.
        file: that they come from, if it is known.
    """

    def __init__(
        self,
        folder: str,
        lines: Sequence[bytes],
        *,
        ignore_case: bool = False,
        file: IgnoreFile | None = None,
    ) -> None:
        self.folder, self.file = folder, file
        self._ignore_case = ignore_case
        self._top = len(_encoded(folder).rstrip(b"/")) + 1
        self._is_negated: list[bool] = []
        self._any, self._folders = (IgnoreTable(ignore_case=ignore_case) for _ in range(2))
        for line in filter(None, map(Line.of, lines)):
            table = self._folders if line.only_folders else self._any
            table.add(len(self._is_negated), line.pattern, is_path=line.is_path)
            self._is_negated.append(line.is_negated)

    @classmethod
    def of(cls, folder: str, lines: Sequence[str]) -> IgnoreRules:
        """Return the rules with the patterns in `lines`."""
        return cls(folder, [line.encode("utf-8", "surrogatepass") for line in lines])

    def verdict(
        self, path: str | bytes, *, is_folder: bool, budget: StepBudget | None = None
    ) -> bool | None:
        """Return whether a path below the folder is ignored, or None if no pattern matches it.

        Raises:
            OutOfStepsError: the patterns need more than the budget.
        """
        if not self._is_negated:
            return None
        encoded = path if isinstance(path, bytes) else _encoded(path)
        relative = encoded[self._top :].lower() if self._ignore_case else encoded[self._top :]
        name = relative[relative.rfind(b"/") + 1 :]
        budget = budget or StepBudget(USER_STEPS)
        last = self._any.last_match(name, relative, NO_MATCH, budget)
        if is_folder:
            last = self._folders.last_match(name, relative, last, budget)
        return None if last == NO_MATCH else not self._is_negated[last]

    def ignores(self, file: str) -> bool:
        """Return whether a file below the folder, or a folder that contains it, is ignored.

        If the answer needs more than `USER_STEPS`, it is.
        """
        above = takewhile(lambda parent: str(parent) != self.folder, Path(file).parents)
        budget = StepBudget(USER_STEPS)
        try:
            return any(
                self.verdict(str(parent), is_folder=True, budget=budget) for parent in above
            ) or bool(self.verdict(file, is_folder=False, budget=budget))
        except OutOfStepsError:
            return True


@dataclass(frozen=True)
class FolderRules:
    """The rules that apply in one folder, the weakest first.

    Attributes:
        ignore_case: whether patterns match names in either case, as the repository says.
        is_readable: whether all of the rules are known; false if a file is too large.
    """

    rules: tuple[IgnoreRules, ...] = ()
    ignore_case: bool = False
    is_readable: bool = True

    @classmethod
    def at(cls, folder: Path, budget: StepBudget) -> FolderRules:
        """Return the rules in a folder, with those of its repository.

        Rules that ignore `folder`, or a folder above it, do not count: the user asked for this one.
        """
        root = find_root(folder)
        if root is None:
            return cls().with_file(str(folder), _own_file(str(folder)), budget)
        found = cls.at_root(root, budget)
        for part in _path_between(Path(root), folder):
            try:
                if is_ignored(part, found.rules, is_folder=True, budget=budget):
                    found = replace(found, rules=())
            except OutOfStepsError:
                return replace(found, is_readable=False)
            found = found.with_file(part, _own_file(part), budget)
        return found

    @classmethod
    def at_root(cls, root: str, budget: StepBudget) -> FolderRules:
        """Return the rules in the root of a repository."""
        if budget.left < 0:
            return cls(is_readable=False)
        repository = Repository.at(root)
        budget.left -= repository.config_bytes * CONFIG_STEPS_PER_BYTE
        found = cls(ignore_case=repository.ignore_case)
        for path in repository.exclude_files:
            found = found.with_file(root, IgnoreFile(path, follow_links=True), budget)
        return found.with_file(root, _own_file(root), budget)

    def entering(self, folder: str, budget: StepBudget) -> FolderRules:
        """Return the rules in a folder of this one."""
        if is_root(folder):
            return self.at_root(folder, budget)
        return self.with_file(folder, _own_file(folder), budget)

    def with_file(self, folder: str, file: IgnoreFile, budget: StepBudget) -> FolderRules:
        """Return these rules and those of a file, which are relative to `folder`."""
        lines: list[bytes] = []
        is_readable = self.is_readable
        try:
            found = file.lines()
            budget.spend((sum(map(len, found)) + len(found)) // BYTES_PER_STEP)
            lines = found
        except (FileNotFoundError, NotADirectoryError):
            return self
        except (TooLargeError, OutOfStepsError):
            is_readable = False
        except OSError:
            pass  # git goes on without it, too
        rules = IgnoreRules(folder, lines, ignore_case=self.ignore_case, file=file)
        return replace(self, rules=(*self.rules, rules), is_readable=is_readable)


def folder_of_rules(file: Path) -> Path | None:
    """Return the folder to which the rules in an ignore file apply; None for any other file."""
    if file.name == IGNORE_FILE:
        return file.parent
    return file.parents[2] if file.parts[-3:] == (GIT, "info", "exclude") else None


def is_ignored(
    path: str, rules: Sequence[IgnoreRules], *, is_folder: bool, budget: StepBudget | None = None
) -> bool:
    """Return the decision of the strongest rules with a pattern for `path`, as git does.

    Raises:
        OutOfStepsError: the patterns need more than the budget.
    """
    if not rules:
        return False
    encoded = _encoded(path)
    verdicts = (one.verdict(encoded, is_folder=is_folder, budget=budget) for one in reversed(rules))
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _path_between(root: Path, folder: Path) -> list[str]:
    """Return the folders on the way from `root`, exclusive, to `folder`, inclusive."""
    names = folder.relative_to(root).parts
    return [str(root.joinpath(*names[: i + 1])) for i in range(len(names))]


def _own_file(folder: str) -> IgnoreFile:
    return IgnoreFile(f"{folder}/{IGNORE_FILE}", follow_links=False)


def _encoded(path: str) -> bytes:
    """Return a path in bytes, which git compares, with slashes."""
    return os.fsencode(path.replace(os.sep, "/") if os.sep != "/" else path)


def _without_trailing_spaces(line: bytes) -> bytes:
    kept = line.rstrip(b" ")
    backslashes = len(kept) - len(kept.rstrip(b"\\"))
    return line[: len(kept) + backslashes % 2]  # a backslash keeps the space after it
