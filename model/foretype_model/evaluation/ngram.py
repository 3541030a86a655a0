"""A byte n-gram over what was typed so far and the workspace: what counting alone can do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import END_OF_TEXT, VOCABULARY, LogProbabilities

MAX_ORDER: Final = 6
"""Bytes of context at most."""

MAX_CACHED_ORDER: Final = 2
"""Contexts up to this length occur so often in a workspace that their counts are worth keeping."""

PADDING: Final = bytes([END_OF_TEXT]) * MAX_ORDER
"""Before each text, so that its start is a context like any other."""

Counts = NDArray[np.int64]
"""How often each byte followed, shape (256,), or after each length of a context, shape (ORDER + 1,
256).
"""

_OFFSETS: Final = np.arange(2, MAX_ORDER + 1)
"""How far back all but the nearest byte of a context lie."""


class NGramPredictor:
    """Interpolated by Witten and Bell's estimate (1991, method C) from the longest context down to
    none.

    A state is all of the text so far, so it counts the text up to its own place and nothing beyond.
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
        counts = _counts(state) + self._workspace.counts(state[-MAX_ORDER:])
        types = np.count_nonzero(counts, axis=1)
        weights = counts.sum(axis=1) + types
        p = np.full(VOCABULARY, 1 / VOCABULARY)
        for seen, new, weight in zip(counts, types.tolist(), weights.tolist(), strict=True):
            if weight == 0:
                break
            p = seen / weight + (new / weight) * p
        return p


def _counts(text: bytes) -> Counts:
    """What followed the last 0, 1, ... `MAX_ORDER` bytes of `text` where they stood before in
    it.
    """
    data = np.frombuffer(text, np.uint8)
    places = np.flatnonzero(data[MAX_ORDER - 1 : -1] == data[-1]) + MAX_ORDER
    equal = data[places[:, np.newaxis] - _OFFSETS] == data[len(data) - _OFFSETS]
    longest = np.logical_and.accumulate(equal, axis=1).sum(axis=1)
    by_longest = np.bincount(longest * VOCABULARY + data[places], minlength=MAX_ORDER * VOCABULARY)
    counts = np.empty((MAX_ORDER + 1, VOCABULARY), np.int64)
    counts[0] = np.bincount(data[MAX_ORDER:], minlength=VOCABULARY)
    counts[1:] = by_longest.reshape(MAX_ORDER, VOCABULARY)[::-1].cumsum(axis=0)[::-1]
    return counts


class _Contexts:
    """Every place in some texts, sorted by the bytes before it, the nearest first: a context is a
    slice.
    """

    def __init__(self, texts: Iterable[bytes]) -> None:
        data = np.frombuffer(b"".join([PADDING + text for text in texts]) or PADDING, np.uint8)
        keys = np.zeros(len(data) - MAX_ORDER, np.int64)
        for length in range(MAX_ORDER):
            keys |= data[MAX_ORDER - 1 - length : len(data) - 1 - length].astype(
                np.int64
            ) << _bits_after(length + 1)
        order = np.argsort(keys, kind="stable")
        self._keys, self._following = keys[order], data[MAX_ORDER:][order]
        self._cache: dict[bytes, Counts] = {}

    def counts(self, context: bytes) -> Counts:
        """What follows the last 0, 1, ... `MAX_ORDER` bytes of `context`."""
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
    """Bits of a key that lie behind the nearest `length` bytes."""
    return 8 * (MAX_ORDER - length)
