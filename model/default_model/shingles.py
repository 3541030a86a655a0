"""Runs of n words as numbers, to find passages that texts have in common.

A word is a run of letters, marks and digits whatever their case; in scripts without spaces, one
character. Quotes, white space and other punctuation count for nothing, so a text that was wrapped
or typeset anew has the same words.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

BETWEEN, WITHIN, SINGLE = 0, 1, 2

SPACELESS: Final = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
)
"""Thai, Lao, Burmese, Khmer, kana and Chinese characters."""

LAST_CODE_POINT: Final = 0xFFFF
"""Characters above it, most of them Chinese ones and emoji, count as it does."""


def _kinds() -> NDArray[np.uint8]:
    kinds = [
        WITHIN if unicodedata.category(chr(code))[0] in "LMN" else BETWEEN
        for code in range(LAST_CODE_POINT)
    ]
    table = np.array([*kinds, SINGLE], np.uint8)
    for first, last in SPACELESS:
        table[first : last + 1] *= SINGLE
    return table


CHARACTER_KINDS: Final = _kinds()
ODD_FACTORS: Final = (
    np.random.default_rng(0).integers(0, 2**63, 64, dtype=np.uint64) << np.uint64(1)
) | np.uint64(1)
"""Factors for the places in a word, and for the words in a shingle; bijective modulo 2 ** 64, as
they are odd.
"""


def mix_bits(hashes: Hashes) -> Hashes:
    """Apply the finaliser of SplitMix64 (Steele et al. 2014): every bit comes to depend on every
    other.
    """
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


def words(text: str) -> Hashes:
    """Return a hash of each word, shape (words,). The first 64 characters of a word count."""
    codes = np.frombuffer(text.lower().encode("utf-32-le", "replace"), np.uint32)
    kinds = CHARACTER_KINDS[np.minimum(codes, LAST_CODE_POINT)]
    before = np.concatenate([[BETWEEN], kinds[:-1]])
    starts = np.flatnonzero((kinds == SINGLE) | ((kinds == WITHIN) & (before != WITHIN)))
    if not len(starts):
        return np.zeros(0, np.uint64)
    places = np.arange(starts[0], len(codes)) - np.repeat(
        starts, np.diff(starts, append=len(codes))
    )
    letters = (
        mix_bits(codes[starts[0] :].astype(np.uint64))
        * ODD_FACTORS[np.minimum(places, len(ODD_FACTORS) - 1)]
    )
    letters[kinds[starts[0] :] == BETWEEN] = 0
    return mix_bits(np.add.reduceat(letters, starts - starts[0]))


def shingles(found: Hashes, length: int) -> Hashes:
    """Return a hash of every run of `length` of the words, in order; fewer words are one run, no
    words none.
    """
    length = min(length, len(found))
    if not length:
        return found
    runs = len(found) - length + 1
    total = np.zeros(runs, np.uint64)
    for place in range(length):
        total += found[place : place + runs] * ODD_FACTORS[place]
    return mix_bits(total)
