"""The texts of a folder, for the systems that are compared with: they have no way of their own to
find them.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from foretype_model.files.discovery import LeftOutError, Tree, read_text
from foretype_model.predictors.copy.index.update import LARGEST, TOTAL


def read_workspace(folder: Path) -> list[bytes]:
    """The user's own texts in `folder` and below, nearest first, up to `TOTAL` bytes: as much as an
    index holds.
    """
    texts, size = [], 0
    for path in Tree(folder).walk(Counter()):
        try:
            texts.append(read_text(Path(path), largest=LARGEST))
        except LeftOutError:
            continue
        size += len(texts[-1])
        if size > TOTAL:
            break
    return texts
