"""Converts the URIs of open documents to paths, and paths to one canonical name for each file."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, unquote_to_bytes, urlsplit

FILE_SCHEMES: Final = frozenset({"file", "git", "untitled", "vscode-notebook-cell"})
"""The schemes of documents that are files: an earlier version in git, a file that is not saved yet,
and a cell of a notebook, too.
"""

COMMIT_BOX_SCHEME: Final = "vscode-scm"
"""The scheme of the box for a commit's message. Its query names the repository."""

COMMIT_MESSAGE: Final = "/.git/COMMIT_EDITMSG"
"""The file, below a repository, in which git has the message edited."""

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
    """Return the absolute path of a URI, links included, or None if it is of no file here.

    The box for a commit's message has the path of the file with that message.
    """
    try:
        scheme, host, quoted, query, _ = urlsplit(uri)
        if scheme == COMMIT_BOX_SCHEME:
            return _commit_message_path(query)
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


def _commit_message_path(query: str) -> str | None:
    # VS Code quotes the value, and then the query with it.
    for root in parse_qs(unquote(query)).get("rootUri", []):
        if root.startswith("file:") and (path := uri_to_path(root)):
            return path.rstrip("/\\") + COMMIT_MESSAGE.replace("/", os.sep)
    return None


def unsaved_name(uri: str) -> str | None:
    """Return the relative path that the user has given to a file that is not saved yet; None for
    other documents, and for an editor's own names, such as ``Untitled-1``.
    """
    try:
        scheme, _, quoted, _, _ = urlsplit(uri)
    except ValueError:
        return None
    name = unquote_to_bytes(quoted).decode("utf-8", "surrogateescape")
    is_given = "/" in name or "." in name
    is_relative = not Path(name).is_absolute() and is_valid_path(name)
    return name if scheme == "untitled" and is_given and is_relative else None


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
