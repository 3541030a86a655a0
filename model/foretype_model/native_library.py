"""Libraries in C, compiled at installation, that lie beside their sources."""

from __future__ import annotations

import ctypes
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path


def load(
    path: Path, sources: Iterable[Path], checksum: str, declare: Callable[[ctypes.CDLL], None]
) -> ctypes.CDLL | None:
    """Return the library at `path`, or None if it is missing or was built from other sources.

    Args:
        path: the compiled library.
        sources: its C sources, in the order in which the build takes their CRC-32.
        checksum: the library's function that returns the CRC-32 of the sources it was built from.
        declare: sets the argument and result types of the library's functions.
    """
    try:
        found = ctypes.CDLL(str(path))
        built_from = getattr(found, checksum)
        built_from.restype = ctypes.c_uint32
        if built_from() != zlib.crc32(b"".join(source.read_bytes() for source in sources)):
            return None
        declare(found)
    except (OSError, AttributeError):
        return None
    return found
