"""A lock on a folder: one process or thread at a time changes its files."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from foretype_model.errors import ForetypeError

LOCK_FILE_NAME: Final = "lock"
"""The name of the locked file. The file stays in the folder: if it were removed, a waiting process
could hold the removed file and another process its successor.
"""

LOCK_TIMEOUT: Final = 10.0
"""Seconds to wait for another process that changes a small file, which takes it milliseconds."""

NO_TIMEOUT: Final = -1.0
POLL_INTERVAL: Final = 0.02
"""Seconds between two attempts. The wait must not block in the system, or it could not end."""

NO_LOCKS: Final = frozenset({
    errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP
})  # fmt: skip
"""Error numbers of file systems without locks, such as some network drives."""


class FolderLockedError(ForetypeError):
    """Another process has kept a folder locked for too long."""


@contextmanager
def exclusive(folder: Path, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
    """Hold the lock of an existing folder; wait while another process or thread holds it.

    The system releases the lock when the process ends, also if it is killed. On a file system
    without locks, the last writer wins.

    Args:
        folder: contains the locked file, `LOCK_FILE_NAME`.
        timeout: seconds to wait at most, or `NO_TIMEOUT`.

    Raises:
        FolderLockedError: the lock was held for all of `timeout`.
        OSError: the locked file cannot be opened.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 (adds a third to a start that locks nothing)

    lock = FileLock(
        folder / LOCK_FILE_NAME,
        timeout,
        0o600,
        poll_interval=POLL_INTERVAL,
        preserve_lock_file=True,
    )
    try:
        lock.acquire()
    except Timeout:
        raise FolderLockedError(
            f"another Foretype process has held {folder} for {timeout:g} s: end it, and try again"
        ) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        yield
    finally:
        lock.release()
