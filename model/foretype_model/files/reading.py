"""Reads the user's own texts, and nothing that is not one."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from pathlib import Path
from typing import Final

from foretype_model.files.discovery import (
    CLOUD_ONLY,
    EMPTY,
    MINIFIED,
    NOT_A_FILE,
    NOT_TEXT,
    SECRET,
    UNREADABLE,
    is_secret,
)
from foretype_model.files.regular import NotRegularError, open_regular
from foretype_model.text.rope import to_lf

SNIFF_BYTES: Final = 8192
"""Bytes of a file to search for a NUL before the rest is read."""

MAX_MEAN_LINE_BYTES: Final = 200
"""Mean bytes in a line above which a file of code counts as minified. Prose never does: a line may
be a paragraph.
"""

MINIFIABLE_SUFFIXES: Final = frozenset({".js", ".mjs", ".cjs", ".css", ".json", ".svg"})
RECALL_ATTRIBUTES: Final = 0x0040_1000
"""Attributes of a file on Windows whose content is downloaded when it is read: recall on data
access, offline.
"""

DATALESS_FLAG: Final = 0x4000_0000
"""The flag of such a file on macOS."""


class SkippedFile(Exception):
    """A file was not read, because of `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_text(path: Path, *, max_bytes: int, named: bool = False) -> bytes:
    """Return the text of a file: UTF-8 without a byte order mark, its lines ending in LF.

    Args:
        path: of the file.
        max_bytes: bytes of the largest file that is read.
        named: the user named this very file, so that it may have any size, lie in a cloud, and be
            minified.

    Raises:
        SkippedFile: the file is no text of the user's, or cannot be read.
    """
    if is_secret(path.name) or is_secret(path.resolve().name):
        raise SkippedFile(SECRET)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SkippedFile(NOT_A_FILE)
        if status.st_size > max_bytes and not named:
            raise SkippedFile(f"over {max_bytes // 1_000_000} MB")
        if _is_cloud_only(status) and not named:
            raise SkippedFile(CLOUD_ONLY)
        text = _normalised(_read_bytes(path, follow_links=named))
    except NotRegularError:
        raise SkippedFile(NOT_A_FILE) from None
    except OSError:
        raise SkippedFile(UNREADABLE) from None
    if not text.strip():
        raise SkippedFile(EMPTY)
    if not named and _is_minified(path, text):
        raise SkippedFile(MINIFIED)
    return text


def _is_cloud_only(status: os.stat_result) -> bool:
    """Return whether the system would download the file to read it, over a connection that the user
    did not ask for.
    """
    on_windows, on_macos = getattr(status, "st_file_attributes", 0), getattr(status, "st_flags", 0)
    return bool(
        on_windows & RECALL_ATTRIBUTES or (sys.platform == "darwin" and on_macos & DATALESS_FLAG)
    )


def _read_bytes(path: Path, *, follow_links: bool) -> bytes:
    """Return the bytes of a file, as many as its size says; of a binary file, only the first."""
    with open_regular(path, follow_links=follow_links) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(min(size, SNIFF_BYTES))
        return data if b"\0" in data else data + file.read(size - len(data))


def _normalised(data: bytes) -> bytes:
    try:
        data.decode()
    except UnicodeDecodeError:
        raise SkippedFile(NOT_TEXT) from None
    if b"\0" in data:
        raise SkippedFile(NOT_TEXT)
    return to_lf(data.removeprefix(codecs.BOM_UTF8))


def _is_minified(path: Path, text: bytes) -> bool:
    name = path.name.lower()
    if name.endswith((".min.js", ".min.css", ".map")):
        return True
    lines = text.count(b"\n") + 1
    return path.suffix.lower() in MINIFIABLE_SUFFIXES and len(text) > MAX_MEAN_LINE_BYTES * lines
