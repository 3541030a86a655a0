"""Keeps the data folder private to its user, also if an earlier program, a copy or a backup has
left files open.
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
MODELS_FOLDER: Final = "models"
OWN_FOLDERS: Final = frozenset({MODELS_FOLDER, "predictors", PLAYGROUND_FOLDER})
"""The folders in the data folder. Foretype owns everything in them."""

OWN_FILES: Final = re.compile(
    r"program|token|\.(program|token)\.[a-z0-9_]{8}|statistics\.sqlite(-journal|-shm|-wal)?"
)
"""The files beside these folders, also temporary ones and those that SQLite writes beside its own.
"""


def make_private(folder: Path) -> None:
    """Remove the permissions of other users from Foretype's files and folders in the data folder.

    The folder itself is restricted only if it contains nothing else, for ``FORETYPE_HOME`` may name
    any folder.
    """
    if os.name != "posix" or not folder.is_dir():
        return
    own = own_entries(folder)
    for path in own:
        if path.name == TOKEN_FILE:
            _discard_if_exposed(path)
        for each in (path, *_descendants(path)):
            _restrict(each)
    if len(own) == len(list(folder.iterdir())):
        _restrict(folder)


def own_entries(folder: Path) -> list[Path]:
    """Return the files and folders of Foretype in its data folder, which exists."""
    return [path for path in folder.iterdir() if _is_own(path)]


def _is_own(path: Path) -> bool:
    return path.name in OWN_FOLDERS if path.is_dir() else bool(OWN_FILES.fullmatch(path.name))


def _descendants(path: Path) -> Iterator[Path]:
    for folder, folders, files in () if path.is_symlink() else os.walk(path):
        yield from (Path(folder, name) for name in (*folders, *files))


def _discard_if_exposed(token: Path) -> None:
    """Delete a token that others may have read. The server makes another one when it needs one."""
    with suppress(OSError):
        if _is_open_to_others(token):
            token.unlink()


def _restrict(path: Path) -> None:
    with suppress(OSError):  # the file is another user's, or gone
        if _is_open_to_others(path):
            path.chmod(path.stat().st_mode & 0o700)


def _is_open_to_others(path: Path) -> bool:
    """Return whether others have any permission; never for a link, whose target lies elsewhere."""
    return not path.is_symlink() and bool(path.stat().st_mode & 0o077)
