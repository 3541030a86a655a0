"""The texts of a folder, for the systems that are compared with: they have no way of their own to
find them.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from foretype_model.files.discovery import SkippedFile, Tree, read_text
from foretype_model.predictors.copy.index.update import MAX_FILE_BYTES, MAX_TOTAL_BYTES


def read_workspace(folder: Path) -> list[bytes]:
    """The user's own texts in `folder` and below, nearest first, up to `MAX_TOTAL_BYTES` bytes: as
    much as an index holds.
    """
    texts, size = [], 0
    for path in Tree(folder).walk(Counter()):
        try:
            texts.append(read_text(Path(path), max_bytes=MAX_FILE_BYTES))
        except SkippedFile:
            continue
        size += len(texts[-1])
        if size > MAX_TOTAL_BYTES:
            break
    return texts
