"""The end of a text, by which the mixer selects a weight set: its last byte, and how many letters
of a word stand there.
"""

from __future__ import annotations

from typing import Final

from foretype_model.predictor import VOCABULARY

MAX_LETTERS: Final = 4
"""Letters are counted up to this."""

CONTEXT_SETS: Final = VOCABULARY * (MAX_LETTERS + 1)

START: Final = ord("\n")
"""The context of an empty text: a line begins."""

_IS_LETTER: Final = [byte >= 0x80 or chr(byte).isalpha() for byte in range(VOCABULARY)]


def after(context: int, byte: int) -> int:
    """Return the context after one more byte."""
    if not _IS_LETTER[byte]:
        return byte
    letters = min(context // VOCABULARY + 1, MAX_LETTERS)
    return letters * VOCABULARY + byte


def after_text(context: int, text: bytes) -> int:
    """Return the context after `text`, of which only the end matters."""
    for byte in text[-MAX_LETTERS - 1 :]:
        context = after(context, byte)
    return context
