"""Equal-size minibatches of shifted windows, in an order that lets the state be carried from one to the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foretype_model.errors import CorpusError
from foretype_model.predictor import END_OF_TEXT

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Position:
    """Where in the endless stream of windows a training stands."""

    epoch: int = 0
    window: int = 0


class Batches:
    """All texts, end to end, cut into `batch` rows; window after window along the rows, epoch after epoch.

    Row b of window i+1 goes on where row b of window i ended, so a state carried from one to the next has read what
    came before (truncated backpropagation through time, Williams and Peng 1990). Each epoch puts the texts into
    another order, drawn from `seed` and the epoch's number alone.
    """

    def __init__(self, texts: Sequence[bytes], batch: int, window: int, seed: int) -> None:
        self._texts = [np.frombuffer(text + bytes([END_OF_TEXT]), np.uint8) for text in texts]
        size = sum(map(len, self._texts))
        if size < 2 * (window + 1):
            raise CorpusError(f"only {size} bytes to learn from: give more or larger files")
        # A small corpus fills fewer rows rather than none.
        self.batch = min(batch, size // (window + 1))
        self.window, self._seed = window, seed
        self.per_epoch = (size // self.batch - 1) // window

    def windows(self, start: Position) -> Iterator[tuple[Position, Bytes, Bytes]]:
        """From `start` on without end: the position after it, x and y, each of shape (window, batch), y[t] = x[t+1]."""
        epoch, first = start.epoch, start.window
        while True:
            rows = self._rows(epoch)
            for i in range(first, self.per_epoch):
                span = rows[:, i * self.window : (i + 1) * self.window + 1].T
                yield Position(epoch, i + 1), span[:-1], span[1:]
            epoch, first = epoch + 1, 0

    def _rows(self, epoch: int) -> Bytes:
        order = np.random.default_rng((self._seed, epoch)).permutation(len(self._texts))
        stream = np.concatenate([self._texts[i] for i in order])
        length = len(stream) // self.batch
        return stream[: length * self.batch].reshape(self.batch, length)
