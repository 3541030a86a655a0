"""Atomic writes: a file is whole or absent, and readable by its user alone."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

RETRY_DELAYS: Final = (0.01, 0.03, 0.1, 0.3, 0.6)
"""Seconds between attempts to rename a file on Windows, together about as long as a user waits."""


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a new file beside `path`, which replaces `path` (mode 0600) when the block ends.

    If the block raises or the machine stops, `path` keeps its content. Temporary files that killed
    processes have left for `path` are removed first.
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
    """Yield a new file beside `path`, locked while this process lives, and remove it at the end."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    while not _lock(descriptor, name):  # another process took it for a leftover and removed it
        os.close(descriptor)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    if os.name == "nt":  # Windows refuses to rename a file that is open
        os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        if os.name != "nt":
            os.close(descriptor)


def _remove_leftovers(path: Path) -> None:
    """Remove the temporary files for `path` that no living process has locked."""
    leftover = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]{{8}}")
    for partial in path.parent.iterdir():
        if leftover.fullmatch(partial.name):
            with suppress(OSError), partial.open("rb+") as file:
                if _lock(file.fileno(), str(partial), wait=False):
                    partial.unlink()


def _lock(descriptor: int, name: str, *, wait: bool = True) -> bool:
    """Lock an open file; return whether it is locked and still has its name.

    Windows locks nothing here, for its locks keep the owner from writing through another handle.
    """
    if os.name == "nt":
        return wait
    from filelock import lock_descriptor  # noqa: PLC0415 (adds a third to a start that writes nothing)

    with suppress(OSError):
        return lock_descriptor(descriptor, blocking=wait) and os.path.exists(name)  # noqa: PTH110
    return wait  # on a file system without locks, leftovers stay


def replace_file(partial: Path, path: Path) -> None:
    """Rename a file to `path`, in one step, and replace a file of that name."""
    for delay in RETRY_DELAYS if os.name == "nt" else ():
        try:
            partial.replace(path)
        except PermissionError:
            # Windows refuses while a virus scanner or another server has the file open.
            time.sleep(delay)
        else:
            return
    partial.replace(path)


def private_folder(path: Path) -> None:
    """Make a folder that only the user may enter, and its missing parents."""
    if not path.exists():
        private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
