"""An index without the words that are forgotten."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import ERASED
from foretype_model.predictors.copy.index.fm_index import MOST, Shard
from foretype_model.privacy.forgotten_words import LONGEST_CHARACTER, is_whole


def without_word(shard: Shard, word: bytes) -> tuple[Shard, int]:
    """The same index, in which no byte of `word` follows anything any more; and how many times it
    did stand there.
    """
    if word in shard.words:
        return shard, 0
    starts = _starts(shard, word)
    words = shard.words | {word}
    if not len(starts):
        return replace(shard, words=words), 0
    erased = np.zeros(len(shard), bool)
    for offset in range(len(word)):
        erased[starts + offset] = True
    rows = shard.rows_of(erased)
    # What is masked already, with its file or with another word, counts for nothing.
    gone = rows[np.frombuffer(shard.visible, np.uint8)[rows] != ERASED]
    count = len(np.unique(np.searchsorted(starts, shard.positions[gone], "right")))
    return replace(shard.erased(gone), words=words), count


def holds(shard: Shard, word: bytes) -> bool:
    """Whether `word` stands anywhere in the text of an index, be it masked or not."""
    return len(_starts(shard, word)) > 0


def _starts(shard: Shard, word: bytes) -> NDArray[np.int64]:
    """Where `word` begins in the text of an index, each time that it stands whole, in rising
    order.
    """
    longest, ranges = shard.find(word)
    if longest < min(len(word), MOST):
        return np.zeros(0, np.int64)
    _, low, high = ranges[-1]
    starts = np.sort(shard.positions[low:high].astype(np.int64)) - len(word)
    return np.array(
        [start for start in starts.tolist() if _stands(shard.text, start, word)], np.int64
    )


def _stands(text: NDArray[np.uint8], start: int, word: bytes) -> bool:
    first, end = max(0, start - LONGEST_CHARACTER), start + len(word)
    near = text[first : end + LONGEST_CHARACTER].tobytes()
    return (
        start >= 0
        and near.startswith(word, start - first)
        and is_whole(near, start - first, end - first)
    )
