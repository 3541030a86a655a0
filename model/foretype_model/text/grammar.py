"""What counts as one next word, or one next character: which bytes go on with it and which end
it.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

import regex

from foretype_model.text import utf8
from foretype_model.text.utf8 import Mask

WORD_CHARACTER: Final = regex.compile(r"[\w\p{M}]")
"""Letters, digits, the underscore, and the marks that stand on them (the vowels of Hindi, the
points of Arabic).
"""

LONGEST: Final = 48
"""Bytes of a word at most: alignment by spaces and base64 would go on for ever."""

WORD_BYTES: Final = utf8.mask(
    (0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0xC3, 0xE1), (0xE3, 0xF4)
)
"""First bytes of what a word goes on with. The code points under 0xC2 and 0xE2 are nearly all signs
and quotes.
"""

INSIDE_A_LINE: Final = utf8.STARTS & ~utf8.mask((0x0A, 0x0A))
PUNCTUATION: Final = (
    INSIDE_A_LINE & ~WORD_BYTES & ~utf8.mask((0x09, 0x09), (0x20, 0x20), (0x80, 0xFF))
)
ANY: Final = utf8.mask((0, 255))
NONE: Final = utf8.mask()

UNSPACED: Final = regex.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
"""Scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana and Han. (Korean does.)
"""

UNSPACED_CHARACTERS: Final = 2
"""A word of such a script ends here: the shortest that saves a key. What is sure beyond it is
offered with it.
"""


class Rules(NamedTuple):
    """The bytes that go on with a candidate, and those before which it is complete."""

    go_on: Mask
    end: Mask


class Grammar(Protocol):
    """A regular language over bytes: what may go on, and what may end."""

    def rules(self, text: bytes) -> Rules:
        """For what there is of a candidate so far."""
        ...


class Word:
    """White space, then a run of word characters or a run of punctuation.

    The white space spans lines where `lines` is above 1.
    """

    def __init__(self, lines: int = 1, begin: Mask = ANY) -> None:
        """`begin` has the bytes that may come first."""
        self._lines, self._begin = lines, begin

    def rules(self, text: bytes) -> Rules:
        unfinished = utf8.pending(text)
        if unfinished:
            return Rules(utf8.allowed(unfinished), NONE)
        if len(text) >= LONGEST:
            return Rules(NONE, ANY)
        body = text.decode().lstrip(" \t\n")
        if not body:
            go_on = utf8.STARTS if text.count(b"\n") + 1 < self._lines else INSIDE_A_LINE
            return Rules(go_on if text else go_on & self._begin, NONE)
        return self._after(body)

    @staticmethod
    def _after(body: str) -> Rules:
        last, kind = body[-1], _is_word(body[0])
        if _is_word(last) != kind:
            return Rules(NONE, ANY)
        if not kind:
            return _PUNCTUATION
        if UNSPACED.match(last) and len(body) >= UNSPACED_CHARACTERS:
            return Rules(NONE, ANY)
        return _WORD


class Character:
    """One whole code point."""

    def rules(self, text: bytes) -> Rules:
        unfinished = utf8.pending(text)
        if not text or unfinished:
            return Rules(utf8.allowed(unfinished), NONE)
        return Rules(NONE, ANY)


def _is_word(character: str) -> bool:
    return bool(WORD_CHARACTER.match(character))


_WORD: Final = Rules(WORD_BYTES, ~WORD_BYTES)
_PUNCTUATION: Final = Rules(PUNCTUATION, ~PUNCTUATION)
