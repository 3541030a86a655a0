"""Grammars of one next word and one next character: the bytes that continue it or end it."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

import regex

from foretype_model.text import utf8
from foretype_model.text.utf8 import Mask

WORD_CHARACTER: Final = regex.compile(r"[\w\p{M}]")
"""Letters, digits, the underscore, and combining marks (the vowels of Hindi, the points of
Arabic).
"""

MAX_WORD_BYTES: Final = 48
"""Bytes of a word, at most. Alignment by spaces and base64 would go on for ever."""

WORD_BYTES: Final = utf8.mask(
    (0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0xC3, 0xE1), (0xE3, 0xF4)
)
"""First bytes of the characters that continue a word. The code points under 0xC2 and 0xE2 are
nearly all signs and quotes.
"""

LINE_BYTES: Final = utf8.START_BYTES & ~utf8.mask((0x0A, 0x0A))
PUNCTUATION_BYTES: Final = (
    LINE_BYTES & ~WORD_BYTES & ~utf8.mask((0x09, 0x09), (0x20, 0x20), (0x80, 0xFF))
)
ALL_BYTES: Final = utf8.mask((0, 255))
NO_BYTES: Final = utf8.mask()

UNSPACED_RANGES: Final = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
)
UNSPACED_SCRIPTS: Final = regex.compile(f"[{UNSPACED_RANGES}]")
"""Scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana and Han. (Korean does.)
"""

MAX_UNSPACED_CHARACTERS: Final = 2
"""Characters of a word in such a script, at most: the fewest that save a key. A sure continuation
is offered with it.
"""


class ByteMasks(NamedTuple):
    """The bytes that continue a candidate, and the bytes before which it is complete."""

    continues: Mask
    ends: Mask


class Grammar(Protocol):
    """A regular language over bytes: the candidates of a search."""

    def masks(self, text: bytes) -> ByteMasks:
        """Return the masks after `text`, the bytes of a candidate so far."""
        ...


class Word:
    """White space, then a run of word characters or a run of punctuation.

    The white space may span `max_lines` lines.
    """

    def __init__(self, max_lines: int = 1, first_bytes: Mask = ALL_BYTES) -> None:
        """`first_bytes` is the mask of bytes that may come first."""
        self._max_lines, self._first_bytes = max_lines, first_bytes

    def masks(self, text: bytes) -> ByteMasks:
        unfinished = utf8.incomplete_suffix(text)
        if unfinished:
            return ByteMasks(utf8.allowed_next(unfinished), NO_BYTES)
        if len(text) >= MAX_WORD_BYTES:
            return ByteMasks(NO_BYTES, ALL_BYTES)
        body = text.decode().lstrip(" \t\n")
        if not body:
            continues = utf8.START_BYTES if text.count(b"\n") + 1 < self._max_lines else LINE_BYTES
            return ByteMasks(continues if text else continues & self._first_bytes, NO_BYTES)
        return self._after(body)

    @staticmethod
    def _after(body: str) -> ByteMasks:
        last, kind = body[-1], _is_word(body[0])
        if _is_word(last) != kind:
            return ByteMasks(NO_BYTES, ALL_BYTES)
        if not kind:
            return _PUNCTUATION
        if UNSPACED_SCRIPTS.match(last) and len(body) >= MAX_UNSPACED_CHARACTERS:
            return ByteMasks(NO_BYTES, ALL_BYTES)
        return _WORD


class Character:
    """One whole code point."""

    def masks(self, text: bytes) -> ByteMasks:
        unfinished = utf8.incomplete_suffix(text)
        if not text or unfinished:
            return ByteMasks(utf8.allowed_next(unfinished), NO_BYTES)
        return ByteMasks(NO_BYTES, ALL_BYTES)


def _is_word(character: str) -> bool:
    return bool(WORD_CHARACTER.match(character))


_WORD: Final = ByteMasks(WORD_BYTES, ~WORD_BYTES)
_PUNCTUATION: Final = ByteMasks(PUNCTUATION_BYTES, ~PUNCTUATION_BYTES)
