"""The languages of files, as the Language Server Protocol names them."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

PLAIN_TEXT: Final = "plaintext"

LANGUAGES: Final = {
    ".c": "c",
    ".cpp": "cpp",
    ".css": "css",
    ".go": "go",
    ".h": "c",
    ".html": "html",
    ".java": "java",
    ".js": "javascript",
    ".json": "json",
    ".md": "markdown",
    ".py": "python",
    ".rb": "ruby",
    ".rs": "rust",
    ".sh": "shellscript",
    ".sql": "sql",
    ".tex": "latex",
    ".toml": "toml",
    ".ts": "typescript",
    ".yaml": "yaml",
}
"""The language identifiers of the protocol, by suffix; other texts are `PLAIN_TEXT`."""


def language_of(name: str) -> str:
    """Return the language of the file `name`."""
    return LANGUAGES.get(PurePath(name).suffix.lower(), PLAIN_TEXT)
