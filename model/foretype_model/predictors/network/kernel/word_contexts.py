"""Hashes of the words before a byte, by which a network looks up embeddings.

PAQ-like compressors gain most on prose by contexts of words (Mahoney 2005, "Adaptive Weighing of
Context Models for Lossless Data Compression"): the word so far, with the word before it, with the
two before it. Here each context has an embedding, found by its hash, beside those of the n-grams of
bytes.

A word is a run of letters, digits, underscores and bytes from 0x80; an apostrophe after a letter
goes on with it. ASCII letters count alike in both cases. Any other byte but a space or a tab is a
word of its own. Bytes 0xE3 to 0xE9 begin a word anew: they are the first of a character in Japanese
and Chinese, which have no spaces.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import END_OF_TEXT

ORDERS: Final = 3
"""Contexts of a byte: the word so far, with the word before, with the two before."""

ROWS: Final = 1 << 18
"""Rows of the table that all contexts share, unless a network has another number of them: a power
of two.
"""

LETTER, MARK, FIRST, SECOND = 0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F
"""Odd multipliers modulo 2^32 (Knuth 1998, section 6.4; those of xxHash): of letters, of marks, and
of the first and second word before.
"""

SPACE, CONTINUES, BEGINS, WORD, JOINS, ENDS = range(6)
"""Kinds of bytes. WORD is a mark, a word of its own; ENDS ends the text."""

WordHashes = NDArray[np.uint32]
"""Hashes of the word so far, of the word before and of the one before that, shape (B, 3); 0 is no
word.
"""


def _kinds() -> NDArray[np.uint8]:
    kinds = np.full(256, WORD, np.uint8)
    kinds[[*b" \t"]] = SPACE
    kinds[[*b"0123456789_", *range(0x41, 0x5B), *range(0x61, 0x7B), *range(0x80, 0xFF)]] = CONTINUES
    kinds[0xE3:0xEA] = BEGINS
    kinds[ord("'")] = JOINS
    kinds[END_OF_TEXT] = ENDS
    return kinds


KINDS: Final = _kinds()
FOLDED: Final = np.array([*bytes(range(256)).lower()], np.uint32) + np.uint32(1)
"""The value of each byte in a hash: ASCII letters in lower case, plus 1."""


def start(rows: int) -> WordHashes:
    """Return the hashes before the first byte of `rows` texts."""
    return np.zeros((rows, ORDERS), np.uint32)


def read(
    words: WordHashes, text: NDArray[np.uint8], rows: int = ROWS
) -> tuple[NDArray[np.int64], WordHashes]:
    """Return the table's rows for each byte of B texts, and the hashes after the last byte.

    Args:
        words: the hashes of each text so far, shape (B, 3).
        text: the bytes that follow, shape (T, B).
        rows: the rows that the table has, a power of two.

    Returns:
        Rows of the table, shape (T, B, 3), and hashes, shape (B, 3).
    """
    found = np.empty((*text.shape, ORDERS), np.int64)
    so_far, before, second = words.T.copy()
    shift = np.uint32(33 - rows.bit_length())
    for t, byte in enumerate(text):
        kind, value = KINDS[byte], FOLDED[byte]
        inside = so_far != 0
        continues = (kind == CONTINUES) | (kind == BEGINS) | ((kind == JOINS) & inside)
        # 1. A word that has ended becomes the word before.
        ended = inside & (~continues | (kind == BEGINS))
        second, before = np.where(ended, before, second), np.where(ended, so_far, before)
        so_far = np.where(ended, np.uint32(0), so_far)
        # 2. A letter goes on with the word so far.
        so_far = np.where(continues, (so_far + value) * np.uint32(LETTER), so_far)
        # 3. A mark is a word before at once.
        mark = ~continues & (kind != SPACE)
        second, before = (
            np.where(mark, before, second),
            np.where(mark, value * np.uint32(MARK), before),
        )
        # 4. No context reaches into the text before.
        ends = kind == ENDS
        so_far, before, second = (
            np.where(ends, np.uint32(0), one) for one in (so_far, before, second)
        )
        found[t] = _contexts(so_far, before, second) >> shift
    return found, np.stack([so_far, before, second], -1)


def _contexts(
    so_far: NDArray[np.uint32], before: NDArray[np.uint32], second: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    """Return the hashes of the three contexts, shape (B, 3). The highest bits, which are the most
    random of a multiplicative hash, are the row.
    """
    pair = so_far + before * np.uint32(FIRST)
    contexts = np.stack(
        [
            so_far + np.uint32(1),
            pair + np.uint32(2),
            pair + second * np.uint32(SECOND) + np.uint32(3),
        ],
        -1,
    )
    hashes: NDArray[np.uint32] = contexts * np.uint32(LETTER)
    return hashes
