"""Letters, chats and notes that were written for the default model, as people type them.

The corpora have novels, documentation and commit messages, but next to no mail: the word after
"Kind" was "of". The folder ``messages`` has a file for each language, its texts separated by lines
of ``%``. They are under Foretype's own licence.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "messages"
PROJECT: Final = "foretype/messages"
LICENCE: Final = "MIT"
SEPARATOR: Final = "%\n"


def texts() -> Iterator[tuple[str, str, str]]:
    """Yield the source, the name and the text of each message."""
    for path in sorted(FOLDER.glob("*.txt")):
        language = path.stem
        source = "prose/messages" if language == "en" else f"multilingual/{language}/messages"
        for number, text in enumerate(path.read_text("utf-8").split("\n" + SEPARATOR)):
            if text.strip():
                yield source, f"{source}/{number}", text.strip("\n") + "\n"


def are_source(source: str) -> bool:
    """Return whether the source of a document is that of messages."""
    return source.endswith("/messages")
