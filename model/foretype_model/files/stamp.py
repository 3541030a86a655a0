"""The time and size of a file, which show that it was changed."""

from __future__ import annotations

import os
from typing import NamedTuple


class Stamp(NamedTuple):
    """The modification time of a file in nanoseconds, and its size in bytes."""

    mtime_ns: int
    size: int

    @classmethod
    def of(cls, name: str) -> Stamp | None:
        """Return the present stamp of a file, or None if it is gone."""
        try:
            status = os.stat(name)  # noqa: PTH116 (called for each file, and a Path takes three times as long)
        except OSError:
            return None
        return cls(status.st_mtime_ns, status.st_size)
