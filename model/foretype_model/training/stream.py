"""Documents end to end as one stream of bytes, read piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import END_OF_TEXT

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]


class Documents(Protocol):
    """Texts in memory or elsewhere; `foretype_model.training.pack` has those on disk."""

    @property
    def sizes(self) -> Offsets:
        """The bytes of each, shape (documents,)."""

    def read(self, document: int, start: int, stop: int) -> bytes:
        """Return bytes `start` to `stop` of a document, both within its size."""


class InMemoryDocuments:
    """Documents in memory."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._texts = texts
        self.sizes = np.array([len(text) for text in texts], np.int64)

    def read(self, document: int, start: int, stop: int) -> bytes:
        return self._texts[document][start:stop]


@dataclass(frozen=True)
class Excerpts:
    """Parts of other documents: of number `which[i]`, bytes `starts[i]` to `stops[i]`; each of
    shape (excerpts,).
    """

    documents: Documents
    which: Offsets
    starts: Offsets
    stops: Offsets

    @property
    def sizes(self) -> Offsets:
        return self.stops - self.starts

    def read(self, document: int, start: int, stop: int) -> bytes:
        before = int(self.starts[document])
        return self.documents.read(int(self.which[document]), before + start, before + stop)


class Stream:
    """Documents one after the other, in a given order, END_OF_TEXT after each."""

    def __init__(self, documents: Documents, order: Offsets) -> None:
        self._documents, self._order = documents, order
        self._ends = np.cumsum(documents.sizes[order] + 1)

    def read(self, start: int, count: int) -> Bytes:
        """Return `count` bytes from `start` on, all within the stream."""
        return np.frombuffer(b"".join(self._pieces(start, start + count)), np.uint8)

    def _pieces(self, start: int, stop: int) -> Iterator[bytes]:
        at = int(np.searchsorted(self._ends, start, side="right"))
        while start < stop:
            begin, end = int(self._ends[at - 1]) if at else 0, int(self._ends[at])
            yield self._documents.read(
                int(self._order[at]), start - begin, min(stop, end - 1) - begin
            )
            if stop >= end:
                yield bytes([END_OF_TEXT])
            start, at = end, at + 1


def load_all(documents: Documents) -> list[bytes]:
    """Return all of the documents, in memory."""
    return [documents.read(document, 0, int(size)) for document, size in enumerate(documents.sizes)]
