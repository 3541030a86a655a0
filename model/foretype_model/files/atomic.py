"""Files that are whole or not there at all, and private to the user."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

RETRY_DELAYS: Final = (0.01, 0.03, 0.1, 0.3, 0.6)
"""Seconds between attempts at what Windows does not do at once: together what somebody would wait
for.
"""


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which takes its place (mode 0600) once the block ends well.

    When the block raises, or the machine stops, what was at `path` is there still. What others have
    left beside it that were killed meanwhile is removed.
    """
    private_folder(path.parent)
    _remove_leftovers(path)
    with _locked_temporary_file(path) as partial:
        yield partial
        partial.chmod(0o600)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        replace_file(partial, path)


@contextmanager
def _locked_temporary_file(path: Path) -> Iterator[Path]:
    """A new file beside `path`, which is gone at the end; it is locked meanwhile, that is, while
    this process lives.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    while not _lock(descriptor, name):  # another process has removed it as one that was left
        os.close(descriptor)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    if sys.platform == "win32":  # a file that is open cannot be put in the place of another
        os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        if sys.platform != "win32":
            os.close(descriptor)


def _remove_leftovers(path: Path) -> None:
    """Remove files that were begun for `path` by processes that are no more."""
    left = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]{{8}}")
    for partial in path.parent.iterdir():
        if left.fullmatch(partial.name):
            with suppress(OSError), partial.open("rb+") as file:
                if _lock(file.fileno(), str(partial), wait=False):
                    partial.unlink()


def _lock(descriptor: int, name: str, *, wait: bool = True) -> bool:
    """Lock an open file, and see that it has not been removed."""
    if sys.platform == "win32":
        return wait
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.exists(name)  # noqa: PTH110
    return wait  # some network drives cannot lock: there, what is left stays


def replace_file(partial: Path, path: Path) -> None:
    """Rename a file, in the place of another if need be: at once, whatever happens."""
    for pause in RETRY_DELAYS if os.name == "nt" else ():
        try:
            partial.replace(path)
        except PermissionError:
            # Windows replaces no file that is open, be it for a moment, by a scanner or another
            # server.
            time.sleep(pause)
        else:
            return
    partial.replace(path)


def private_folder(path: Path) -> None:
    """Make a folder that only the user may enter, and whatever is missing above it."""
    if not path.exists():
        private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
