"""What is kept on disk is the user's alone, also where an earlier program, a copy or a backup has
left it open.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

TOKEN_FILE: Final = "token"
PLAYGROUND_FOLDER: Final = "playground"
OWN_FOLDERS: Final = frozenset({"models", "predictors", PLAYGROUND_FOLDER})
"""The folders that there are in the data folder: whatever is in them is ours."""

OWN_FILES: Final = re.compile(
    r"program|token|\.(program|token)\.[a-z0-9_]{8}|statistics\.sqlite(-journal|-shm|-wal)?"
)
"""The files beside them, those that are being written, and those that SQLite writes beside its own.
"""


def make_private(folder: Path) -> None:
    """Take from other users what they may do with the data folder's files and folders; what is not
    ours there stays.

    The folder itself, too, unless it holds something else: it may be anything that
    ``FORETYPE_HOME`` names.
    """
    if os.name != "posix" or not folder.is_dir():
        return
    there = list(folder.iterdir())
    ours = [path for path in there if _is_ours(path)]
    for path in ours:
        if path.name == TOKEN_FILE:
            _discard_if_exposed(path)
        for each in (path, *_descendants(path)):
            _restrict(each)
    if ours == there:
        _restrict(folder)


def _is_ours(path: Path) -> bool:
    return path.name in OWN_FOLDERS if path.is_dir() else bool(OWN_FILES.fullmatch(path.name))


def _descendants(path: Path) -> Iterator[Path]:
    for folder, folders, files in () if path.is_symlink() else os.walk(path):
        yield from (Path(folder, name) for name in (*folders, *files))


def _discard_if_exposed(token: Path) -> None:
    """Others may have read it: another is made when it is needed."""
    with suppress(OSError):
        if _is_open_to_others(token):
            token.unlink()


def _restrict(path: Path) -> None:
    with suppress(OSError):  # another user's, or gone meanwhile
        if _is_open_to_others(path):
            path.chmod(path.stat().st_mode & 0o700)


def _is_open_to_others(path: Path) -> bool:
    """Not through a link: of what somebody has put elsewhere, the place is theirs."""
    return not path.is_symlink() and bool(path.stat().st_mode & 0o077)
