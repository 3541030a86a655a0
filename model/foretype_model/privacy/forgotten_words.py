"""Words that the user wants never to be offered again: where they stand in a text.

A word is forgotten where it stands whole: with no word character right before or after it. It may
have spaces in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from foretype_model.predictor import ERASED
from foretype_model.privacy import secret_scanner
from foretype_model.text.grammar import WORD_CHARACTER
from foretype_model.text.rope import Rope

MAX_CHARACTER_BYTES: Final = 4
"""Bytes of UTF-8."""

_UNREDACTED: Final = re.compile(b"[^%c]+" % ERASED)


def occurrences(text: bytes, word: bytes) -> Iterator[int]:
    """Where `word` begins, each time that it stands whole; what lies beyond the ends of `text` is
    no word character.
    """
    start = text.find(word)
    while start >= 0:
        if is_whole_word(text, start, start + len(word)):
            yield start
        start = text.find(word, start + 1)


def is_whole_word(text: bytes, start: int, end: int) -> bool:
    """Whether no word character stands right before `start` or after `end`."""
    ahead, behind = (
        text[max(0, start - MAX_CHARACTER_BYTES) : start],
        text[end : end + MAX_CHARACTER_BYTES],
    )
    # What is no UTF-8, the end of a document or a word that is blanked, becomes a sign that no word
    # has.
    return not _ends_in_word(ahead) and not WORD_CHARACTER.match(behind.decode(errors="replace"))


def redact_words(text: bytes, words: Collection[bytes]) -> bytes:
    """As long as `text`, with ERASED for each byte of the words."""
    blank = bytearray(text)
    for word in words:
        for start in occurrences(text, word):
            blank[start : start + len(word)] = bytes([ERASED]) * len(word)
    return bytes(blank)


def unredacted_spans(
    text: bytes, start: int, end: int, words: Collection[bytes]
) -> Iterator[tuple[int, int]]:
    """The parts of `text` from `start` to `end` that belong to none of the words."""
    reach = context_bytes(words)
    first = max(0, start - reach)
    near = redact_words(text[first : end + reach], words)
    for part in _UNREDACTED.finditer(near, start - first, end - first):
        yield first + part.start(), first + part.end()


def context_bytes(words: Collection[bytes]) -> int:
    """Bytes before and after a place that say whether it belongs to one of the words."""
    return max(map(len, words), default=0) + MAX_CHARACTER_BYTES


def pending_word_suffix(before: bytes, words: Collection[bytes]) -> int:
    """Bytes at the end of `before` that may become one of the words as the user types on."""
    return max((_begun_length(before, word) for word in words), default=0)


def learnable_end(text: Rope, end: int, words: Collection[bytes]) -> int:
    """Where what may become a secret, or one of the words, begins at the end of the text before
    byte `end`.
    """
    end -= secret_scanner.pending_suffix(text[max(0, end - secret_scanner.SCAN_BYTES) : end])
    return end - pending_word_suffix(text[max(0, end - context_bytes(words)) : end], words)


def _begun_length(before: bytes, word: bytes) -> int:
    lengths = range(min(len(word), len(before)), 0, -1)
    begun = (
        n
        for n in lengths
        if before.endswith(word[:n]) and not _ends_in_word(before[: len(before) - n])
    )
    return next(begun, 0)


def _ends_in_word(text: bytes) -> bool:
    return bool(WORD_CHARACTER.match(text[-MAX_CHARACTER_BYTES:].decode(errors="replace")[-1:]))
