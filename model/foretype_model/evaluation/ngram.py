"""A byte n-gram model of the workspace and the text so far: the baseline of counting alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import END_OF_TEXT, VOCABULARY, LogProbabilities

MAX_ORDER: Final = 6
"""Bytes of context, at most."""

MAX_CACHED_ORDER: Final = 2
"""Bytes of the contexts whose counts are cached, at most: they occur often in a workspace."""

PADDING: Final = bytes([END_OF_TEXT]) * MAX_ORDER
"""The bytes before each text, so that its start is a context like any other."""

Counts = NDArray[np.int64]
"""Counts of each following byte, shape (256,), or of each after every length of a context, shape
(MAX_ORDER + 1, 256).
"""

_OFFSETS: Final = np.arange(2, MAX_ORDER + 1)
"""Distances of a context's bytes from its end, but for the nearest byte."""


class NGramPredictor:
    """An n-gram predictor, interpolated by Witten and Bell's method C (1991).

    A state is all of the text so far, so that it counts the text up to its own place alone.
    """

    def __init__(self, workspace: Iterable[bytes]) -> None:
        self._workspace = _Contexts(workspace)

    def start(self) -> bytes:
        return PADDING

    def feed(self, state: bytes, text: bytes) -> bytes:
        return state + text

    def step(self, states: Sequence[bytes], following: Sequence[int]) -> list[bytes]:
        return [state + bytes((byte,)) for state, byte in zip(states, following, strict=True)]

    def predict(self, states: Sequence[bytes]) -> LogProbabilities:
        return np.log(np.stack([self._predict(state) for state in states])).astype(np.float32)

    def _predict(self, state: bytes) -> NDArray[np.float64]:
        # N, T and T(w) of the paper, for each length of context: tokens, types, counts.
        counts = _counts(state) + self._workspace.counts(state[-MAX_ORDER:])
        types = np.count_nonzero(counts, axis=1)
        weights = counts.sum(axis=1) + types
        # From no context to the longest one that occurred: p = T(w) / (N + T) + T / (N + T) p'.
        p = np.full(VOCABULARY, 1 / VOCABULARY)
        for seen, new, weight in zip(counts, types.tolist(), weights.tolist(), strict=True):
            if weight == 0:
                break
            p = seen / weight + (new / weight) * p
        return p


def _counts(text: bytes) -> Counts:
    """Return the counts of the bytes in `text` after earlier occurrences of its last 0, 1, ...
    `MAX_ORDER` bytes.
    """
    data = np.frombuffer(text, np.uint8)
    # The places after an earlier occurrence of the last byte, shape (n,), and the length of the
    # context that each shares with the end of the text.
    places = np.flatnonzero(data[MAX_ORDER - 1 : -1] == data[-1]) + MAX_ORDER
    equal = data[places[:, np.newaxis] - _OFFSETS] == data[len(data) - _OFFSETS]
    longest = np.logical_and.accumulate(equal, axis=1).sum(axis=1)
    # A place whose longest shared context is n counts for all contexts of up to n bytes: sum from
    # the longest down.
    by_longest = np.bincount(longest * VOCABULARY + data[places], minlength=MAX_ORDER * VOCABULARY)
    counts = np.empty((MAX_ORDER + 1, VOCABULARY), np.int64)
    counts[0] = np.bincount(data[MAX_ORDER:], minlength=VOCABULARY)
    counts[1:] = by_longest.reshape(MAX_ORDER, VOCABULARY)[::-1].cumsum(axis=0)[::-1]
    return counts


class _Contexts:
    """The places in some texts, sorted by the bytes before them, nearest first: the occurrences of
    a context are a slice.
    """

    def __init__(self, texts: Iterable[bytes]) -> None:
        data = np.frombuffer(b"".join([PADDING + text for text in texts]) or PADDING, np.uint8)
        # A key holds the `MAX_ORDER` bytes before a place, the nearest in the highest bits.
        keys = np.zeros(len(data) - MAX_ORDER, np.int64)
        for length in range(MAX_ORDER):
            keys |= data[MAX_ORDER - 1 - length : len(data) - 1 - length].astype(
                np.int64
            ) << _bits_after(length + 1)
        order = np.argsort(keys, kind="stable")
        self._keys, self._following = keys[order], data[MAX_ORDER:][order]
        self._cache: dict[bytes, Counts] = {}

    def counts(self, context: bytes) -> Counts:
        """Return the counts of the bytes that follow the last 0, 1, ... bytes of `context`."""
        # The keys of a context of n bytes lie from its own bits, padded with zeros, up to the next.
        nearest_first = int.from_bytes(context[::-1], "big")
        lows = [nearest_first >> _bits_after(n) << _bits_after(n) for n in range(MAX_ORDER + 1)]
        highs = [low + (1 << _bits_after(n)) for n, low in enumerate(lows)]
        starts, ends = np.searchsorted(self._keys, [lows, highs])
        counts = np.zeros((MAX_ORDER + 1, VOCABULARY), np.int64)
        for length, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            if start == end:
                break
            counts[length] = self._count(context[MAX_ORDER - length :], start, end)
        return counts

    def _count(self, context: bytes, start: int, end: int) -> Counts:
        if len(context) > MAX_CACHED_ORDER:
            return np.bincount(self._following[start:end], minlength=VOCABULARY)
        if context not in self._cache:
            self._cache[context] = np.bincount(self._following[start:end], minlength=VOCABULARY)
        return self._cache[context]


def _bits_after(length: int) -> int:
    """Return the number of a key's bits below those of the nearest `length` bytes."""
    return 8 * (MAX_ORDER - length)
