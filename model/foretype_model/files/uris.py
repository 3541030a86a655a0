"""Converts the URIs of open documents to paths, and paths to one canonical name for each file."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote, unquote_to_bytes, urlsplit

FILE_SCHEMES: Final = frozenset({"file", "vscode-notebook-cell"})
"""The schemes of documents that are files. A notebook's cell is a part of the notebook's file."""

LOCAL_HOSTS: Final = frozenset({"", "localhost"})

_HOST: Final = re.compile(r"[^/\\\0]*")
"""The hosts that leave a path as it is."""

HAS_SPELLING_VARIANTS: Final = sys.platform == "darwin"
"""Whether a file opens under other spellings of its name, which resolving links does not correct.
(Windows has such spellings too, but corrects them.)
"""


def uri_to_real_path(uri: str) -> str | None:
    """Return the `real_path` of a document's file, or None if it has no file on this machine."""
    path = uri_to_path(uri)
    return path and real_path(path)


def uri_to_path(uri: str) -> str | None:
    """Return the absolute path of a URI, links included, or None if it is of no file here."""
    try:
        scheme, host, quoted, _, _ = urlsplit(uri)
        if scheme not in FILE_SCHEMES:
            return None
        # Names of files need not be UTF-8. Python decodes them in the same way.
        path = unquote_to_bytes(quoted).decode("utf-8", "surrogateescape")
        # VS Code quotes the $ of the host wsl$.
        host = unquote(host, errors="strict")
    except ValueError:
        return None
    if not path.startswith("/") or not is_valid_path(path) or not _HOST.fullmatch(host):
        return None
    if os.name == "nt":
        return windows_path(host, path)
    return path if host.lower() in LOCAL_HOSTS else None


def absolute_path(text: str) -> str | None:
    """Return `text` if it is an absolute path, else None."""
    return text if Path(text).is_absolute() and is_valid_path(text) else None


def is_valid_path(text: str) -> bool:
    """Return whether a path may have this text."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def windows_path(host: str, path: str) -> str | None:
    """Return the Windows path of a URI's host and path, on a drive or a share; None if it has
    neither.
    """
    if host.lower() not in LOCAL_HOSTS:
        path = f"//{host}{path}"
    elif drive := re.fullmatch(r"/([A-Za-z])[:|](/.*)?", path, re.DOTALL):
        path = f"{drive[1].upper()}:{drive[2] or '/'}"
    elif not path.startswith("//"):
        return None
    return path.replace("/", "\\")


def real_path(path: str | os.PathLike[str]) -> str:
    """Return the canonical name of a file: absolute, without links, spelt as on the disk."""
    resolved = os.path.realpath(path)
    return _canonical_spelling(resolved) if HAS_SPELLING_VARIANTS else resolved


def aliases(path: str | os.PathLike[str]) -> set[str]:
    """Return the names of a changed file: for a link, those of its target and of the link itself,
    which may have replaced a file.
    """
    place = Path(path)
    return {real_path(place), str(Path(real_path(place.parent)) / place.name)}


def _canonical_spelling(path: str) -> str:
    """Return `path` with each part spelt as its folder lists it, in case and in code points."""
    above, name = os.path.split(path)
    if not name:
        return path
    folder = _canonical_spelling(above)
    try:
        names = os.listdir(folder)  # noqa: PTH208 (only names are needed)
        alike = [one for one in names if _folded(one) == _folded(name)]
        if name not in names and len(alike) == 1:
            other = os.path.join(folder, alike[0])  # noqa: PTH118
            name = alike[0] if os.path.samefile(other, path) else name  # noqa: PTH121
    except OSError:
        pass  # the folder is unreadable or missing
    return os.path.join(folder, name)  # noqa: PTH118


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def location(uri: str, line: int | None, folders: Sequence[Path], opened: str = "") -> str:
    """Return a place for display: ``notes/plan.md:12``, relative to the one of `folders` that
    contains the document, or "this text" for `opened`, the URI of the open document.
    """
    if uri == opened:
        return "this text"
    path = uri_to_real_path(uri) or uri
    for folder in map(real_path, folders):
        if Path(path).is_relative_to(folder):
            path = os.path.relpath(path, folder)
            break
    return path if line is None else f"{path}:{line}"
