"""The texts of a folder, for the systems that are compared with: they have no way of their own to find them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LARGEST: Final = 500_000
"""Bytes; larger files are data rather than text."""

MOST: Final = 20_000_000
"""Bytes in all, which take a second to sort, and half a gigabyte while that is done."""


def read_texts(folder: Path) -> list[str]:
    """The UTF-8 texts in `folder` and below, save for hidden and large files, in a fixed order, up to `MOST` bytes."""
    texts, room = [], MOST
    for path in _files(folder):
        size = path.stat().st_size if path.is_file() else 0
        if not 0 < size <= min(LARGEST, room):
            continue
        data = path.read_bytes()
        if b"\0" in data:
            continue
        try:
            texts.append(data.decode().replace("\r\n", "\n"))
        except UnicodeDecodeError:
            continue
        room -= size
    return texts


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(files) if not name.startswith("."))
