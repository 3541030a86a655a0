"""The names of open documents, which are URIs, and of the files they are."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit


def file_of(uri: str) -> str | None:
    """The file that a document is, as an absolute path without links; None where it is none, or not as yet."""
    scheme, host, path, _, _ = urlsplit(uri)
    if scheme != "file":
        return None
    path = unquote(path)
    if re.match(r"/[A-Za-z]:", path):  # a drive of Windows
        path = path[1:]
    return os.path.realpath(f"//{host}{path}" if host not in {"", "localhost"} else path)
