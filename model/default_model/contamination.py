"""Find texts that share a passage with those that the model is scored on.

Runs of 13 words in common are the usual criterion (Brown et al. 2020). One such run may be a
proverb or an address, so as many in a row are needed as make 50 words (Lee et al. 2022), or all of
a shorter text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from default_model.shingles import Hashes, shingles

RUN_WORDS: Final = 13
MIN_PASSAGE_WORDS: Final = 50
"""Words in a row; in scripts without spaces, characters."""


class Contamination:
    """The runs of 13 words of the scored texts, which are given as the hashes of their words."""

    def __init__(self, scored: Iterable[Hashes]) -> None:
        runs = [shingles(words, RUN_WORDS) for words in scored if len(words) >= RUN_WORDS]
        self._runs = np.unique(np.concatenate([np.zeros(0, np.uint64), *runs]))

    def found(self, words: Hashes) -> bool:
        """Return whether these words share a passage with a scored text."""
        if len(words) < RUN_WORDS or not len(self._runs):
            return False
        runs = shingles(words, RUN_WORDS)
        at = np.minimum(np.searchsorted(self._runs, runs), len(self._runs) - 1)
        return _longest(self._runs[at] == runs) >= min(MIN_PASSAGE_WORDS - RUN_WORDS + 1, len(runs))


def _longest(hits: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """Return the length of the longest stretch of hits."""
    borders = np.flatnonzero(np.diff(hits, prepend=False, append=False))
    return int((borders[1::2] - borders[::2]).max(initial=0))
