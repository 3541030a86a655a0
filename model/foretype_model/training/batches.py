"""Minibatches of equal size, in an order that lets the state be carried from one to the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from foretype_model.errors import CorpusError
from foretype_model.training.stream import Bytes, Documents, Offsets, Stream

READ_BYTES: Final = 16_384
"""Bytes of each row to read at once, about; a training holds as much of its corpus in memory."""


@dataclass(frozen=True)
class Position:
    """A position in the endless stream of windows."""

    epoch: int = 0
    window: int = 0


class Batches:
    """All documents, end to end, cut into `batch` rows; window after window along the rows, epoch
    after epoch.

    Row b of window i+1 continues row b of window i, so a carried state has read the text before
    (truncated backpropagation through time, Williams and Peng 1990). Each epoch has its own order
    of the documents, drawn from `seed` and the epoch's number alone. Memory: 16 bytes for each
    document, and about READ_BYTES of each row.
    """

    def __init__(self, documents: Documents, batch: int, window: int, seed: int) -> None:
        self._documents, self._seed = documents, seed
        size = int(documents.sizes.sum()) + len(documents.sizes)
        if size < 2 * (window + 1):
            raise CorpusError(f"only {size} bytes to learn from: give more or larger files")
        # A small corpus fills fewer rows rather than none.
        self.batch = min(batch, size // (window + 1))
        self.window = window
        self._row = size // self.batch
        self.per_epoch = (self._row - 1) // window

    def windows(self, start: Position, rows: range) -> Iterator[tuple[Position, Bytes, Bytes]]:
        """Yield windows from `start` on, without end: the position after it, x and y, each of shape
        (window, rows), with y[t] = x[t+1].

        Args:
            start: the first position.
            rows: the rows to read; no others are read.
        """
        epoch, first = start.epoch, start.window
        while True:
            stream = Stream(self._documents, self._order(epoch))
            while first < self.per_epoch:
                last = min(first + max(1, READ_BYTES // self.window), self.per_epoch)
                begin, count = first * self.window, (last - first) * self.window + 1
                block = np.stack(
                    [stream.read(row * self._row + begin, count) for row in rows], axis=1
                )
                for i in range(last - first):
                    span = block[i * self.window : (i + 1) * self.window + 1]
                    yield Position(epoch, first + i + 1), span[:-1], span[1:]
                first = last
            epoch, first = epoch + 1, 0

    def _order(self, epoch: int) -> Offsets:
        return np.random.default_rng((self._seed, epoch)).permutation(len(self._documents.sizes))
