"""Finds the words of the forget list in a text.

A word counts where it occurs whole: with no word character right before or after it. It may contain
spaces.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from foretype_model.predictor import ERASED
from foretype_model.privacy import secret_scanner
from foretype_model.text.grammar import WORD_CHARACTER
from foretype_model.text.input_method import (
    MAX_COMPOSED_BYTES,
    NEARBY_BYTES,
    composing_suffix,
)
from foretype_model.text.rope import Rope

MAX_CHARACTER_BYTES: Final = 4
"""Bytes of a character in UTF-8 at most."""

_UNREDACTED: Final = re.compile(b"[^%c]+" % ERASED)


def occurrences(text: bytes, word: bytes) -> Iterator[int]:
    """Yield each place where `word` begins and occurs whole. The ends of `text` end words too."""
    start = text.find(word)
    while start >= 0:
        if is_whole_word(text, start, start + len(word)):
            yield start
        start = text.find(word, start + 1)


def is_whole_word(text: bytes, start: int, end: int) -> bool:
    """Return whether there is no word character right before `start` and right after `end`."""
    before = text[max(0, start - MAX_CHARACTER_BYTES) : start]
    after = text[end : end + MAX_CHARACTER_BYTES]
    # Bytes that are no UTF-8, such as ERASED and the end of a text, decode to U+FFFD, which no word
    # contains.
    return not _ends_in_word(before) and not WORD_CHARACTER.match(after.decode(errors="replace"))


def redact_words(text: bytes, words: Collection[bytes]) -> bytes:
    """Return `text` with ERASED in place of each byte of the words; the length stays."""
    redacted = bytearray(text)
    for word in words:
        for start in occurrences(text, word):
            redacted[start : start + len(word)] = bytes([ERASED]) * len(word)
    return bytes(redacted)


def unredacted_spans(
    text: bytes, start: int, end: int, words: Collection[bytes]
) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each part of `text[start:end]` that is outside of the words."""
    reach = context_bytes(words)
    first = max(0, start - reach)
    near = redact_words(text[first : end + reach], words)
    for part in _UNREDACTED.finditer(near, start - first, end - first):
        yield first + part.start(), first + part.end()


def context_bytes(words: Collection[bytes]) -> int:
    """Return the bytes around a place that decide whether it is in one of the words."""
    return max(map(len, words), default=0) + MAX_CHARACTER_BYTES


def pending_word_suffix(before: bytes, words: Collection[bytes]) -> int:
    """Return the length of the suffix of `before` that further typing may turn into a word."""
    return max((_prefix_length(before, word) for word in words), default=0)


def learnable_end(text: Rope, end: int, words: Collection[bytes]) -> int:
    """Return the end of the text before byte `end` that may be learnt.

    The suffix behind it may become a secret, or one of the words, as the user types on; or an input
    method may replace it.
    """
    end -= composing_suffix(text[max(0, end - MAX_COMPOSED_BYTES - NEARBY_BYTES) : end])
    end -= secret_scanner.pending_suffix(text[max(0, end - secret_scanner.REACH) : end])
    return end - pending_word_suffix(text[max(0, end - context_bytes(words)) : end], words)


def _prefix_length(before: bytes, word: bytes) -> int:
    """Return the length of the longest prefix of `word` that ends `before` and begins a word."""
    lengths = range(min(len(word), len(before)), 0, -1)
    prefixes = (
        n
        for n in lengths
        if before.endswith(word[:n]) and not _ends_in_word(before[: len(before) - n])
    )
    return next(prefixes, 0)


def _ends_in_word(text: bytes) -> bool:
    return bool(WORD_CHARACTER.match(text[-MAX_CHARACTER_BYTES:].decode(errors="replace")[-1:]))
