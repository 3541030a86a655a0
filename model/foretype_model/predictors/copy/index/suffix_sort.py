"""A bucket sort of all positions of a text, by the bytes before each of them read backwards.

The positions of a bucket have their nearest bytes in common. Each bucket is sorted by itself, which
takes some 12 bytes of memory for each byte of text in all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_BUCKET: Final = 1 << 19
"""Positions that are sorted together, at some 50 bytes of memory each."""

Bytes = NDArray[np.uint8]
Positions = NDArray[np.int32]


def build_suffix_array(text: Bytes, depth: int) -> Positions:
    """Return all positions in the order of at least `depth` bytes before them, shape (len(text),).

    The text is cyclic: its end stands before its beginning.
    """
    words, previous = _Words(text, depth), np.roll(text, 1)
    positions, end = np.empty(len(text), np.int32), 0
    # One pass a byte value: the positions right after it, in buckets that fit `MAX_BUCKET`.
    for byte in range(256):
        for bucket in _buckets(words, np.flatnonzero(previous == byte).astype(np.int32)):
            positions[end : end + len(bucket)] = _sorted_bucket(words, bucket)
            end += len(bucket)
    return positions


def _buckets(words: _Words, positions: Positions) -> Iterator[Positions]:
    """Split positions after one byte into buckets of at most `MAX_BUCKET`, in their order.

    A bucket whose first `depth` bytes are all equal stays whole.
    """
    waiting = [(positions, 1)]  # a stack of (bucket, bytes in common)
    del positions  # free each bucket once it is split
    while waiting:
        bucket, shared = waiting.pop()
        if len(bucket) <= MAX_BUCKET or shared == words.depth:
            yield bucket
            continue
        # Split by the next byte back; pushed in descending order, popped in ascending order.
        nearest = words.byte_before(bucket, shared)
        bytes_ = np.flatnonzero(np.bincount(nearest))
        waiting += [(bucket[nearest == byte], shared + 1) for byte in bytes_[::-1]]


class _Words:
    """The bytes before any position, the nearest byte first.

    The reversed text is laid out cyclically, and viewed both as bytes and as overlapping big-endian
    words of eight bytes, one word starting at each byte.
    """

    def __init__(self, text: Bytes, depth: int) -> None:
        backwards = text[::-1]
        self._round = np.concatenate([backwards, np.resize(backwards[: depth + 8], depth + 8)])
        self._words = np.ndarray((len(self._round) - 7,), ">u8", self._round, strides=(1,))
        self.depth, self._length = depth, len(text)

    def byte_before(self, positions: Positions, skipped: int) -> Bytes:
        """Return the byte before each position, beyond `skipped` nearer bytes."""
        return self._round[self._length - positions + skipped]

    def before(self, positions: Positions, skipped: int) -> NDArray[np.uint64]:
        """Return the eight bytes beyond `skipped` nearer ones, as a big-endian number."""
        return self._words[self._length - positions + skipped].astype(np.uint64)


def _sorted_bucket(words: _Words, positions: Positions) -> Positions:
    """Return the sorted positions of a bucket: by eight bytes, then ties by five more each time."""
    keys = words.before(positions, 0)
    order = np.argsort(keys)
    positions, keys = positions[order], keys[order]
    tied, group = _ties(keys)
    for skipped in range(8, words.depth, 5):
        if not len(tied):
            break
        # A key of 64 bits: the number of the tied group (24 bits), then the next five bytes.
        keys = (group.astype(np.uint64) << np.uint64(40)) | (
            words.before(positions[tied], skipped) >> np.uint64(24)
        )
        order = np.argsort(keys)
        positions[tied] = positions[tied[order]]
        still, group = _ties(keys[order])
        tied = tied[still]
    return positions


def _ties(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of repeated keys, and for each the number of its group of equal keys.

    Args:
        keys: sorted, shape (n,).
    """
    equal = keys[1:] == keys[:-1]
    tied = np.flatnonzero(np.concatenate([[False], equal]) | np.concatenate([equal, [False]]))
    new = np.concatenate([[True], keys[tied][1:] != keys[tied][:-1]])[: len(tied)]
    return tied, np.cumsum(new)
