"""Opens regular files only.

A name in a workspace may be of anything. A pipe or a terminal never answers, ``/dev/zero`` never
ends, and the files of ``/proc`` have the size 0 and may do either.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

_FLAGS: Final = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK")
)
"""Flags to open a file. A pipe that takes the place of the file must not block."""

_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)

PSEUDO_FILE_SYSTEMS: Final = frozenset({
    "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs",
    "efivarfs", "fusectl", "mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs",
    "selinuxfs", "smackfs", "sysfs", "tracefs",
})  # fmt: skip
"""Linux file systems whose files are interfaces of the kernel: some block, and none is a text."""

_MOUNTS: Final = Path("/proc/self/mountinfo")


class NotRegularError(OSError):
    """A name is of no regular file."""


class TooLargeError(OSError):
    """A file has more bytes than are read."""


def open_regular(path: str | Path, *, follow_links: bool = True) -> BinaryIO:
    """Open a regular file for reading.

    Args:
        path: of the file.
        follow_links: whether a link to a regular file counts as one.

    Raises:
        NotRegularError: it is none.
        OSError: it cannot be opened.
    """
    # Checked before it is opened, for opening a device may have an effect; and checked again,
    # for the name may have become another file's.
    try:
        _check(os.stat(path, follow_symlinks=follow_links))  # noqa: PTH116 (called for each file)
    except ValueError:  # a NUL in a name
        raise NotRegularError(errno.EINVAL, "not a regular file") from None
    file = os.fdopen(os.open(path, _FLAGS | (0 if follow_links else _NO_FOLLOW)), "rb")
    try:
        _check(os.fstat(file.fileno()))
    except BaseException:
        file.close()
        raise
    return file


def read_regular(path: str | Path, max_bytes: int, *, follow_links: bool = True) -> bytes:
    """Return the content of a regular file, of at most as many bytes as its size says.

    Raises:
        TooLargeError: it has more than `max_bytes` bytes.
        OSError: as `open_regular`.
    """
    with open_regular(path, follow_links=follow_links) as file:
        size = os.fstat(file.fileno()).st_size
        if size > max_bytes:
            raise TooLargeError(errno.EFBIG, f"more than {max_bytes} bytes")
        return file.read(size)


def is_pseudo_folder(path: str) -> bool:
    """Return whether a folder is in one of `PSEUDO_FILE_SYSTEMS`."""
    try:
        return bool(pseudo_devices()) and is_pseudo(os.stat(path))  # noqa: PTH116 (for each folder)
    except OSError:
        return False


def is_regular(status: os.stat_result) -> bool:
    """Return whether a status is of a regular file, in a file system that stores its files."""
    return stat.S_ISREG(status.st_mode) and not is_pseudo(status)


def is_pseudo(status: os.stat_result) -> bool:
    """Return whether a status is of a file or folder in one of `PSEUDO_FILE_SYSTEMS`."""
    return status.st_dev in pseudo_devices()


@cache
def pseudo_devices() -> frozenset[int]:
    """Return the device numbers of the mounted `PSEUDO_FILE_SYSTEMS`; none but on Linux."""
    try:
        lines = _MOUNTS.read_text("utf-8", "replace").splitlines()
    except OSError:
        return frozenset()
    # A line: "23 29 0:21 / /proc rw,nosuid shared:5 - proc proc rw"
    mounts = [(line.split(), line.rpartition(" - ")[2].split()) for line in lines]
    return frozenset(
        os.makedev(*map(int, before[2].split(":")))
        for before, after in mounts
        if after and after[0] in PSEUDO_FILE_SYSTEMS
    )


def _check(status: os.stat_result) -> None:
    if not is_regular(status):
        raise NotRegularError(errno.EINVAL, "not a regular file")
