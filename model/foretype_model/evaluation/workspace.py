"""Reads the texts of a folder for the baselines, which cannot find them by themselves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from foretype_model.files.discovery import Tree
from foretype_model.files.reading import SkippedFile, read_text
from foretype_model.predictors.copy.index.update import MAX_FILE_BYTES, MAX_TOTAL_BYTES


def read_workspace(folder: Path) -> list[bytes]:
    """Return the user's own texts in `folder` and below, nearest first.

    They have `MAX_TOTAL_BYTES` bytes at most, as an index has, but for the last text.
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
