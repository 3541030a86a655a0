"""Files that are whole or not there at all, and private to the user."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PAUSES: Final = (0.01, 0.03, 0.1, 0.3, 0.6)
"""Seconds between attempts at what Windows does not do at once: together what somebody would wait for."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which takes its place (mode 0600) once the block ends well.

    When the block raises, or the machine stops, what was at `path` is there still.
    """
    private_folder(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(descriptor)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o600)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        put(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def put(partial: Path, path: Path) -> None:
    """Rename a file, in the place of another if need be: at once, whatever happens."""
    for pause in PAUSES if os.name == "nt" else ():
        try:
            partial.replace(path)
        except PermissionError:
            # Windows replaces no file that is open, be it for a moment, by a scanner or another server.
            time.sleep(pause)
        else:
            return
    partial.replace(path)


def private_folder(path: Path) -> None:
    """Make a folder that only the user may enter, and whatever is missing above it."""
    if not path.exists():
        private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
