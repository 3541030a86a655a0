"""The order of all positions of a text, by the bytes before each of them read backwards.

The positions are put into buckets that have their nearest bytes in common, and each bucket is
sorted by itself: in all it takes some 12 bytes of memory for each byte of text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_BUCKET: Final = 1 << 19
"""Positions that are sorted at once, at some 50 bytes of memory each."""

Bytes = NDArray[np.uint8]
Positions = NDArray[np.int32]


def build_suffix_array(text: Bytes, depth: int) -> Positions:
    """All positions, by at least `depth` bytes before them. The text goes round: it begins after
    its end.
    """
    words, previous = _Words(text, depth), np.roll(text, 1)
    positions, end = np.empty(len(text), np.int32), 0
    for byte in range(256):
        for bucket in _buckets(words, np.flatnonzero(previous == byte).astype(np.int32)):
            positions[end : end + len(bucket)] = _sorted_bucket(words, bucket)
            end += len(bucket)
    return positions


def _buckets(words: _Words, positions: Positions) -> Iterator[Positions]:
    """Split positions with the same byte before them, in order, into few enough to be sorted at
    once.
    """
    waiting = [(positions, 1)]
    del positions  # what has been split is held no longer
    while waiting:
        bucket, shared = waiting.pop()
        if len(bucket) <= MAX_BUCKET or shared == words.depth:
            yield bucket
            continue
        nearest = words.byte_before(bucket, shared)
        bytes_ = np.flatnonzero(np.bincount(nearest))
        waiting += [(bucket[nearest == byte], shared + 1) for byte in bytes_[::-1]]


class _Words:
    """The bytes before any position, the nearest byte first."""

    def __init__(self, text: Bytes, depth: int) -> None:
        backwards = text[::-1]
        self._round = np.concatenate([backwards, np.resize(backwards[: depth + 8], depth + 8)])
        self._words = np.ndarray((len(self._round) - 7,), ">u8", self._round, strides=(1,))
        self.depth, self._length = depth, len(text)

    def byte_before(self, positions: Positions, skipped: int) -> Bytes:
        """The byte before each position, once `skipped` bytes are passed over."""
        return self._round[self._length - positions + skipped]

    def before(self, positions: Positions, skipped: int) -> NDArray[np.uint64]:
        """Eight bytes, likewise, as a big-endian number."""
        return self._words[self._length - positions + skipped].astype(np.uint64)


def _sorted_bucket(words: _Words, positions: Positions) -> Positions:
    """Positions whose byte before is the same, sorted: by eight bytes, then those that are alike by
    five more each.
    """
    keys = words.before(positions, 0)
    order = np.argsort(keys)
    positions, keys = positions[order], keys[order]
    tied, group = _ties(keys)
    for skipped in range(8, words.depth, 5):
        if not len(tied):
            break
        keys = (group.astype(np.uint64) << np.uint64(40)) | (
            words.before(positions[tied], skipped) >> np.uint64(24)
        )
        order = np.argsort(keys)
        positions[tied] = positions[tied[order]]
        still, group = _ties(keys[order])
        tied = tied[still]
    return positions


def _ties(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of sorted keys: the indices of those that are not alone, and a number for each set of equal
    ones, rising.
    """
    equal = keys[1:] == keys[:-1]
    tied = np.flatnonzero(np.concatenate([[False], equal]) | np.concatenate([equal, [False]]))
    new = np.concatenate([[True], keys[tied][1:] != keys[tied][:-1]])[: len(tied)]
    return tied, np.cumsum(new)
