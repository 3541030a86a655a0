"""Applies the ``.gitignore`` files of a folder and of the folders above it, as git does."""

from __future__ import annotations

import codecs
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError


@dataclass(frozen=True)
class IgnoreRules:
    """The patterns of one ``.gitignore``, relative to `folder`, which is an absolute path."""

    folder: str
    spec: GitIgnoreSpec

    @classmethod
    def of(cls, folder: str, lines: Sequence[str]) -> IgnoreRules:
        """Return the rules with the patterns in `lines`."""
        return cls(folder, GitIgnoreSpec.from_lines(filter(_is_pattern, lines)))

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """Return whether a path below the folder is ignored, or None if no pattern matches it."""
        relative = path[len(self.folder) :].replace(os.sep, "/").lstrip("/")
        if not is_folder:
            return self.spec.check_file(relative).include
        # pathspec ranks "*" above a later "!*/". In git, the last match decides for a folder.
        matching = (p.include for p in reversed(self.spec.patterns) if p.match_file(relative + "/"))
        return next(matching, None)

    def ignores(self, file: str) -> bool:
        """Return whether a file below the folder, or a folder that contains it, is ignored."""
        above = takewhile(lambda parent: str(parent) != self.folder, Path(file).parents)
        folders = any(self.verdict(str(parent), is_folder=True) for parent in above)
        return folders or bool(self.verdict(file, is_folder=False))


def rules_in(folder: str) -> tuple[IgnoreRules, ...]:
    """Return the rules of a folder's own ``.gitignore``, or none if it has no such file."""
    try:
        content = (Path(folder) / ".gitignore").read_bytes()
    except OSError:
        return ()
    # As in git: the byte order mark is optional, the encoding is unknown, and only LF and CR LF end
    # a line.
    text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    return (IgnoreRules.of(folder, [line.removesuffix("\r") for line in text.split("\n")]),)


def rules_above(folder: Path) -> tuple[IgnoreRules, ...]:
    """Return the rules in the repository of `folder` that lie above it.

    If they ignore `folder` itself, there are none: the user asked for this folder.
    """
    above = [folder, *folder.parents]
    root = next((i for i, path in enumerate(above) if os.path.exists(path / ".git")), 0)  # noqa: PTH110 (a Path may raise)
    rules: tuple[IgnoreRules, ...] = ()
    for parent, child in zip(above[root:0:-1], above[root - 1 :: -1], strict=False):
        rules += rules_in(str(parent))
        if is_ignored(str(child), rules, is_folder=True):
            return ()
    return rules


def is_ignored(path: str, rules: tuple[IgnoreRules, ...], *, is_folder: bool) -> bool:
    """Return the decision of the deepest ``.gitignore`` with a pattern for `path`, as git does."""
    verdicts = (rule.verdict(path, is_folder=is_folder) for rule in reversed(rules))
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _is_pattern(line: str) -> bool:
    """Return whether pathspec can read the line. git skips a line that is no pattern."""
    try:
        GitIgnoreSpec.from_lines([line])
    except GitIgnorePatternError:
        return False
    return True
