"""Find texts that are nearly the same, by MinHash (Broder 1997) and locality-sensitive hashing.

Libraries for it (datasketch among them) hash one run of words at a time, in Python: 25 times as
slow as numpy does it here.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from default_model.shingles import Hashes, shingles

SHINGLE_WORDS: Final = 5
"""Length of the runs of words that texts are compared by."""

MIN_SIMILARITY: Final = 0.8
"""Jaccard similarity of two texts' runs from which on they are near-duplicates."""

BANDS, BAND_ROWS = 25, 5
"""Texts are compared if one band of their signatures is equal: at a similarity of 0.8, all but 5 in
100,000.
"""

FACTORS: Final = (
    np.random.default_rng(1).integers(0, 2**63, BANDS * BAND_ROWS, dtype=np.uint64) * 2 + 1
)


def signature(words: Hashes) -> Hashes | None:
    """Return the least hash of the runs of words under each of BANDS x ROWS orders; None if there
    are no words.
    """
    runs = np.unique(shingles(words, SHINGLE_WORDS))
    return np.array([(runs * factor).min() for factor in FACTORS]) if len(runs) else None


class NearDuplicates:
    """The signatures of the texts seen so far: 1 kB a text."""

    def __init__(self) -> None:
        self._signatures: list[Hashes] = []
        self._bands: dict[bytes, list[int]] = {}

    def seen(self, words: Hashes) -> bool:
        """Return whether nearly the same text, given as the hashes of its words, was seen before;
        if not, remember it.

        Similarity is estimated from the signatures, with a standard deviation of at most 0.04 near
        ALIKE.
        """
        new = signature(words)
        if new is None:
            return False
        bands = [bytes([i]) + band.tobytes() for i, band in enumerate(_banded(new))]
        for i in {i for band in bands for i in self._bands.get(band, ())}:
            if (self._signatures[i] == new).mean() >= MIN_SIMILARITY:
                return True
        for band in bands:
            self._bands.setdefault(band, []).append(len(self._signatures))
        self._signatures.append(new)
        return False


def _banded(hashes: Hashes) -> NDArray[np.uint32]:
    """Return the upper halves of the hashes, shape (BANDS, ROWS)."""
    return (hashes >> np.uint64(32)).astype(np.uint32).reshape(BANDS, BAND_ROWS)
