"""The texts of a folder, for the systems that are compared with: they have no way of their own to find them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from foretype_model.texts import LeftOutError, Tree, read_text

LARGEST: Final = 1_000_000
"""Bytes; larger files are data rather than text."""

MOST: Final = 20_000_000
"""Bytes in all: a second to sort, and half a gigabyte while that is done."""


def read_workspace(folder: Path) -> list[bytes]:
    """The user's own texts in `folder` and below, nearest first, up to `MOST` bytes."""
    texts, size = [], 0
    for path in Tree(folder).walk(Counter()):
        try:
            texts.append(read_text(Path(path), largest=LARGEST))
        except LeftOutError:
            continue
        size += len(texts[-1])
        if size > MOST:
            break
    return texts
