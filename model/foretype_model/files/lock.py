"""One process at a time at work on what a folder holds."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_FILE_NAME: Final = "lock"
"""The file in such a folder that is held meanwhile."""


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Wait until nobody else is at work in `folder`, which is there, and keep others waiting
    meanwhile.
    """
    with open(folder / LOCK_FILE_NAME, "a", opener=partial(os.open, mode=0o600)) as file:
        # Some network drives cannot lock; there, the last one wins.
        with suppress(OSError):
            if sys.platform == "win32":
                while not _locked(file.fileno()):
                    time.sleep(0.1)
            else:
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _locked(descriptor: int) -> bool:
    """Lock a file on Windows, where another process does not hold it; OSError where no file can be
    locked.
    """
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[name-defined, unused-ignore]
    except PermissionError:
        return False
    return True
