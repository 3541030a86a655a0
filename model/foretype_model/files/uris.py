"""The names of open documents, which are URIs, and of the files they are; one name for each
file.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

FILE_SCHEMES: Final = frozenset({"file", "vscode-notebook-cell"})
"""Of documents that are files; a cell is a part of its notebook's."""

LOCAL_HOSTS: Final = frozenset({"", "localhost"})

HAS_SPELLING_VARIANTS: Final = sys.platform == "darwin"
"""Whether a file can be opened under names that are not its own, and links resolve to these.
(Windows has them too, but resolves them.)
"""


def uri_to_real_path(uri: str) -> str | None:
    """The file that a document is, as `real_path` names it; None where it is none, or not as
    yet.
    """
    path = uri_to_path(uri)
    return path and real_path(path)


def uri_to_path(uri: str) -> str | None:
    """The absolute path that a URI stands for, links and all; None where it is of no file on this
    machine.
    """
    try:
        scheme, host, quoted, _, _ = urlsplit(uri)
        if scheme not in FILE_SCHEMES:
            return None
        # Not every name is text, and this is what Python makes of those that are not.
        path = unquote_to_bytes(quoted).decode("utf-8", "surrogateescape")
    except ValueError:
        return None
    if not path.startswith("/") or not is_valid_path(path):
        return None
    if os.name == "nt":
        return windows_path(host, path)
    return path if host in LOCAL_HOSTS else None


def is_valid_path(text: str) -> bool:
    """Whether a file may be called so."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def windows_path(host: str, path: str) -> str | None:
    """What Windows calls the path of a URI: on a drive, or on another machine; None where that is
    not told.
    """
    if host not in LOCAL_HOSTS:
        path = f"//{host}{path}"
    elif drive := re.fullmatch(r"/([A-Za-z])[:|](/.*)?", path, re.DOTALL):
        path = f"{drive[1].upper()}:{drive[2] or '/'}"
    elif not path.startswith("//"):
        return None
    return path.replace("/", "\\")


def real_path(path: str | os.PathLike[str]) -> str:
    """The one name of a file: absolute, without links, and spelt as it is on the disk."""
    resolved = os.path.realpath(path)
    return _canonical_spelling(resolved) if HAS_SPELLING_VARIANTS else resolved


def aliases(path: str | os.PathLike[str]) -> set[str]:
    """Of a changed file: a link stands for itself, which may have replaced a file, and for what it
    leads to.
    """
    place = Path(path)
    return {real_path(place), str(Path(real_path(place.parent)) / place.name)}


def _canonical_spelling(path: str) -> str:
    """Each part of a path as the folder that it is in has it, be it in other letters or other code
    points for them.
    """
    above, name = os.path.split(path)
    if not name:
        return path
    folder = _canonical_spelling(above)
    try:
        names = os.listdir(folder)  # noqa: PTH208 (names alone are wanted)
        alike = [one for one in names if _folded(one) == _folded(name)]
        if name not in names and len(alike) == 1:
            other = os.path.join(folder, alike[0])  # noqa: PTH118
            name = alike[0] if os.path.samefile(other, path) else name  # noqa: PTH121
    except OSError:
        pass  # it may not be looked at, or is not there
    return os.path.join(folder, name)  # noqa: PTH118


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def location(document: str, line: int | None, folders: Sequence[Path], opened: str = "") -> str:
    """``notes/plan.md:12``, in short where it lies in one of the `folders`; `opened` is the
    document that is open.
    """
    if document == opened:
        return "this text"
    path = uri_to_real_path(document) or document
    for folder in map(real_path, folders):
        if Path(path).is_relative_to(folder):
            path = os.path.relpath(path, folder)
            break
    return path if line is None else f"{path}:{line}"
