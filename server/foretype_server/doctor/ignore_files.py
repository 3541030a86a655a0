"""Finds the lines of ignore files that have an error, which git skips without a word."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from foretype_model.files.discovery import Tree

MAX_FILES: Final = 100
"""Ignore files that are searched for errors, the nearest first."""

MAX_ENTRIES: Final = 10_000
"""Entries of folders to search for ignore files, in a tenth of a second."""


def ignore_faults(folder: Path) -> tuple[int, Iterator[str]]:
    """Return the number of ignore files that apply in a folder, and the errors in them.

    An error is one printable line: file, line and fault.
    """
    tree = Tree(folder)
    deque(tree.walk(Counter(), MAX_ENTRIES), maxlen=0)
    errors = (
        _printable(f"{file.path}:{line}: {fault}" if line else f"{file.path}: {fault}")
        for file in islice(tree.ignore_files, MAX_FILES)
        for line, fault in file.faults()
    )
    return len(tree.ignore_files), errors


def _printable(text: str) -> str:
    """Return text that a terminal shows as it is; a stranger has chosen the names in it."""
    decoded = os.fsencode(text).decode(errors="replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in decoded)
