"""What is kept on disk is the user's alone, also where an earlier program, a copy or a backup has left it open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

TOKEN: Final = "token"
OURS: Final = ("models", "predictors", "statistics.sqlite", TOKEN, "program")
"""What there is in the data folder; files that are being written have such a name after a dot, or more after it."""


def make_private(folder: Path) -> None:
    """Shut the data folder's files (mode 0600) and folders (0700) to other users; what is not ours there stays.

    The folder itself, too, unless it holds something else: it may be anything that ``FORETYPE_HOME`` names.
    """
    if os.name != "posix" or not folder.is_dir():
        return
    there = list(folder.iterdir())
    ours = [path for path in there if path.name.removeprefix(".").startswith(OURS)]
    for path in ours:
        _shut(path)
        for each in _inside(path):
            _shut(each)
    if ours == there:
        _shut(folder)


def _inside(path: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(path):
        yield from (Path(folder, name) for name in (*folders, *files))


def _shut(path: Path) -> None:
    """Not through a link: of a file that somebody has put elsewhere, the place is theirs."""
    with suppress(OSError):  # another user's, or gone meanwhile
        if path.is_symlink() or not path.stat().st_mode & 0o077:
            return
        if path.name == TOKEN:  # others may have read it: another is made when it is needed
            path.unlink()
        else:
            path.chmod(0o700 if path.is_dir() else 0o600)
