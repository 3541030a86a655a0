"""Where a text comes from, as it is told to people."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from foretype_model.files.uris import file_of, real_path

if TYPE_CHECKING:
    from foretype_model.predictor import Source


def where(source: Source, folders: Sequence[Path], document: str = "") -> str:
    """``notes/plan.md:12``, in short where it lies in one of the `folders`; `document` is the one that is open."""
    if source.document == document:
        return "this text"
    path = file_of(source.document) or source.document
    for folder in map(real_path, folders):
        if Path(path).is_relative_to(folder):
            path = os.path.relpath(path, folder)
            break
    return path if source.line is None else f"{path}:{source.line}"
