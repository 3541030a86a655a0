"""Mask forgotten words in an index."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import ERASED
from foretype_model.predictors.copy.index.fm_index import MAX_CONTEXT_BYTES, FMIndex
from foretype_model.privacy.forgotten_words import MAX_CHARACTER_BYTES, is_whole_word


def mask_word(segment: FMIndex, word: bytes) -> tuple[FMIndex, int]:
    """Return the index with all bytes of `word` masked, and the number of its occurrences."""
    if word in segment.masked_words:
        return segment, 0
    starts = _starts(segment, word)
    masked_words = segment.masked_words | {word}
    if not len(starts):
        return replace(segment, masked_words=masked_words), 0
    erased = np.zeros(len(segment), bool)
    for offset in range(len(word)):
        erased[starts + offset] = True
    rows = segment.rows_at(erased)
    # Occurrences that are already masked, by file or by another word, are not counted again.
    newly_masked = rows[np.frombuffer(segment.bwt_masked, np.uint8)[rows] != ERASED]
    count = len(np.unique(np.searchsorted(starts, segment.suffix_array[newly_masked], "right")))
    return replace(segment.mask_rows(newly_masked), masked_words=masked_words), count


def contains_word(segment: FMIndex, word: bytes) -> bool:
    """Return whether `word` stands anywhere in the text of an index, masked or not."""
    return len(_starts(segment, word)) > 0


def _starts(segment: FMIndex, word: bytes) -> NDArray[np.int64]:
    """Return the positions in the text where the whole word `word` begins, in rising order."""
    longest, ranges = segment.find(word)
    if longest < min(len(word), MAX_CONTEXT_BYTES):
        return np.zeros(0, np.int64)
    # The rows after the last `MAX_CONTEXT_BYTES` bytes of the word; each is compared in full below.
    _, low, high = ranges[-1]
    starts = np.sort(segment.suffix_array[low:high].astype(np.int64)) - len(word)
    return np.array(
        [start for start in starts.tolist() if _is_whole_at(segment.text, start, word)], np.int64
    )


def _is_whole_at(text: NDArray[np.uint8], start: int, word: bytes) -> bool:
    first, end = max(0, start - MAX_CHARACTER_BYTES), start + len(word)
    near = text[first : end + MAX_CHARACTER_BYTES].tobytes()
    return (
        start >= 0
        and near.startswith(word, start - first)
        and is_whole_word(near, start - first, end - first)
    )
