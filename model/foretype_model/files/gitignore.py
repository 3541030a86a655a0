"""What git ignores: the ``.gitignore`` files that are in force in a folder, and what they say of a
path.
"""

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
    """Patterns of one ``.gitignore``, relative to `folder`, which is an absolute path."""

    folder: str
    spec: GitIgnoreSpec

    @classmethod
    def of(cls, folder: str, lines: Sequence[str]) -> IgnoreRules:
        """The patterns that `lines` hold."""
        return cls(folder, GitIgnoreSpec.from_lines(filter(_is_pattern, lines)))

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """Whether a path below the folder is ignored, None where no pattern speaks of it."""
        relative = path[len(self.folder) :].replace(os.sep, "/").lstrip("/")
        if not is_folder:
            return self.spec.check_file(relative).include
        # pathspec ranks "*" above a later "!*/"; for a folder itself, in git, simply the last match
        # decides.
        matching = (p.include for p in reversed(self.spec.patterns) if p.match_file(relative + "/"))
        return next(matching, None)

    def ignores(self, file: str) -> bool:
        """Whether a file below the folder is ignored, by itself or with a folder that it is in."""
        above = takewhile(lambda parent: str(parent) != self.folder, Path(file).parents)
        folders = any(self.verdict(str(parent), is_folder=True) for parent in above)
        return folders or bool(self.verdict(file, is_folder=False))


def rules_in(folder: str) -> tuple[IgnoreRules, ...]:
    """The rules in a folder's own ``.gitignore``; none where there is no such file."""
    try:
        content = (Path(folder) / ".gitignore").read_bytes()
    except OSError:
        return ()
    # As git reads it: with or without a byte order mark and in whatever encoding, and no other line
    # ends than these.
    text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    return (IgnoreRules.of(folder, [line.removesuffix("\r") for line in text.split("\n")]),)


def rules_above(folder: Path) -> tuple[IgnoreRules, ...]:
    """The rules of the repository that `folder` lies in, unless they ignore that very folder: it
    was asked for.
    """
    above = [folder, *folder.parents]
    root = next((i for i, path in enumerate(above) if os.path.exists(path / ".git")), 0)  # noqa: PTH110 (may raise)
    rules: tuple[IgnoreRules, ...] = ()
    for parent, child in zip(above[root:0:-1], above[root - 1 :: -1], strict=False):
        rules += rules_in(str(parent))
        if is_ignored(str(child), rules, is_folder=True):
            return ()
    return rules


def is_ignored(path: str, rules: tuple[IgnoreRules, ...], *, is_folder: bool) -> bool:
    """As git decides: the deepest ``.gitignore`` that says anything about the path."""
    verdicts = (rule.verdict(path, is_folder=is_folder) for rule in reversed(rules))
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _is_pattern(line: str) -> bool:
    """Whether pathspec can read the line; git passes over the others."""
    try:
        GitIgnoreSpec.from_lines([line])
    except GitIgnorePatternError:
        return False
    return True
