"""A full-text index: the bytes that have followed any context, their counts and positions.

All positions of the text are sorted by the bytes before them, read backwards. The positions that
follow a context, of whatever length, are then one range of rows. The bytes that follow, in the
order of the rows, are the Burrows-Wheeler transform L of the reversed text. A rank over L leads
from the rows of a context c to the rows of the context cb:

    low' = C[b] + occ(b, low),  high' = C[b] + occ(b, high)

(Ferragina and Manzini 2000, "Opportunistic Data Structures with Applications"). A context is
followed byte by byte, as a recurrent state is, at a cost that does not depend on the size of the
text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import END_OF_TEXT, ERASED
from foretype_model.predictors.copy.index import segment_file
from foretype_model.predictors.copy.index.segment_file import BLOCK_ROWS, Bytes, SegmentContent
from foretype_model.predictors.copy.index.suffix_sort import build_suffix_array

MAX_CONTEXT_BYTES: Final = 32
"""Bytes of context that positions are sorted by; bytes further back make no difference."""

MAX_CACHED_STEPS: Final = 20_000
"""Steps from wide ranges that are cached (some 4 MB): text repeats its short contexts, and a cached
step takes half the time.
"""

MAX_CACHED_SHARES: Final = 2_000
"""Ranges whose counts are cached (2.5 MB)."""

TEXT_CHUNK: Final = 256
ROW_CHUNK: Final = 1 << 16
"""Bytes of text, and rows, that are examined together to find the rows of some text."""

RowRange: TypeAlias = tuple[int, int, int]
"""(order, low, high): rows low to high (excluded) follow the last `order` bytes of a context.

It is the least order with these rows; longer contexts may have the same ones.
"""

SearchState: TypeAlias = tuple[int, tuple[RowRange, ...]]
"""(length, ranges): the bytes of a context that occur, at most `MAX_CONTEXT_BYTES`, and their rows.

The range of the shortest context is first, and each range lies within the one before. Plain tuples:
named tuples took a third of the time of a step.
"""


class Shares(NamedTuple):
    """The followers in some rows.

    Attributes:
        total: how many rows count.
        max_count: how many of them have the most frequent byte.
        shares: of each byte, shape (256,), summing to 1, or to 0 if all rows are masked.
    """

    total: int
    max_count: int
    shares: NDArray[np.float32]


@dataclass(frozen=True)
class Location:
    """A position in a document; `line` and `column` start at 1, the column counts bytes."""

    name: str
    offset: int
    line: int
    column: int


@dataclass(frozen=True, eq=False)
class FMIndex:
    """An immutable index over some documents, made by `build` or `open`.

    Attributes:
        names: of the documents, in the order of their texts.
        starts: offset of each document in the text, shape (documents + 1,).
        bwt: L, the byte that follows, by row.
        bwt_masked: L with ERASED in the masked rows.
        alphabet: the bytes that occur, ascending.
        C: the number of rows whose context ends in a byte smaller than b, shape (257,).
        columns: the column of `occ` for each byte, shape (256,); the last column for all bytes
            that never occur.
        occ: how often each byte of the alphabet occurs in L before each block, and in all of L,
            flattened from shape (blocks + 1, len(alphabet) + 1).
        suffix_array: position in the text of each row's byte, shape (rows,); mapped from disk.
        text: the documents, each after an END_OF_TEXT, shape (rows,); mapped from disk.
        masked_names: the documents that are masked.
        masked_words: the words that are masked (see `privacy.forgotten_words`).
        checksum: of the mapped parts; None if the index was not read from a file.
    """

    names: tuple[str, ...]
    starts: NDArray[np.int64]
    bwt: bytes
    bwt_masked: bytes
    alphabet: bytes
    C: list[int]
    columns: list[int]
    occ: memoryview
    suffix_array: NDArray[np.int32]
    text: Bytes
    masked_names: frozenset[str] = frozenset()
    masked_words: frozenset[bytes] = frozenset()
    checksum: int | None = None
    step_cache: dict[tuple[int, int, int], tuple[int, int]] = field(
        default_factory=dict, repr=False, compare=False
    )
    shares_cache: dict[tuple[int, int], Shares] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def build(cls, documents: Sequence[tuple[str, bytes]]) -> FMIndex:
        """Index `documents`, pairs of name and text; takes 12 bytes of memory a byte of text."""
        mark = bytes([END_OF_TEXT])
        text = np.frombuffer(mark.join([b"", *(text for _, text in documents), b""]), np.uint8)
        suffix_array = build_suffix_array(text, MAX_CONTEXT_BYTES)
        # In chunks: numpy converts an index array to 8 bytes a row.
        chunks = range(0, len(text), ROW_CHUNK)
        bwt = np.concatenate([text[suffix_array[first : first + ROW_CHUNK]] for first in chunks])
        occ, alphabet = _occ_table(bwt)
        sizes = [(name, len(text)) for name, text in documents]
        return cls._of(
            SegmentContent(sizes, alphabet, bwt.tobytes(), occ.tobytes(), suffix_array, text)
        )

    @classmethod
    def open(cls, path: Path) -> FMIndex:
        """Read a file that `save` wrote, without the parts that `is_intact` checks.

        Raises:
            BrokenIndexError: the file is missing, incomplete, damaged or of another kind.
        """
        return cls._of(segment_file.read(path))

    def save(self, path: Path) -> None:
        """Write one file, whole or not at all.

        It holds the text of masked documents, too: build a new index to be rid of that.
        """
        sizes = list(zip(self.names, (np.diff(self.starts) - 1).tolist(), strict=True))
        content = SegmentContent(
            sizes, self.alphabet, self.bwt, self.occ, self.suffix_array, self.text
        )
        segment_file.write(path, content)

    @classmethod
    def _of(cls, content: SegmentContent) -> FMIndex:
        sizes, alphabet, bwt, occ, suffix_array, text, checksum = content
        flat, width = memoryview(occ).cast("B").cast("I"), len(alphabet) + 1
        columns = [len(alphabet)] * 256
        for column, byte in enumerate(alphabet):
            columns[byte] = column
        total = flat[-width:].tolist()
        names = tuple(name for name, _ in sizes)
        return cls(
            names,
            starts=np.cumsum([1, *(size + 1 for _, size in sizes)]),
            bwt=bwt,
            bwt_masked=bwt,
            alphabet=alphabet,
            C=[0, *accumulate(total[column] for column in columns)],
            columns=columns,
            occ=flat,
            suffix_array=suffix_array,
            text=text,
            checksum=checksum,
        )

    def __len__(self) -> int:
        """Bytes of text."""
        return len(self.bwt)

    @cached_property
    def ignored_rows(self) -> int:
        """The number of rows that do not count: masked rows, and the ends of documents."""
        return self.count_ignored_rows(0, len(self))

    def count_ignored_rows(self, low: int, high: int) -> int:
        """Return how many of the rows low to high do not count."""
        masked = self.bwt_masked.count(ERASED, low, high)
        return masked + self.bwt_masked.count(END_OF_TEXT, low, high)

    @cached_property
    def is_intact(self) -> bool:
        """Whether the mapped parts are as they were written; check it before any masking."""
        return (
            self.checksum is None
            or segment_file.checksum(self.suffix_array.data, self.text.data) == self.checksum
        )

    # Searching

    def start(self) -> SearchState:
        """Return the state of the empty context: all rows."""
        return 0, ((0, 0, len(self)),)

    def step(self, state: SearchState, byte: int) -> SearchState:
        """Return the state of the context with one more byte at its end."""
        longest, old = state
        last = (0, len(self))
        ranges, longest = [(0, *last)], min(MAX_CONTEXT_BYTES, longest + 1)
        for order, low, high in old:
            # Ranges nest: if a context does not occur, no longer one does.
            if order >= MAX_CONTEXT_BYTES or (found := self._extend_range(low, high, byte)) is None:
                longest = order
                break
            if found != last:
                last = found
                ranges.append((order + 1, *last))
        return longest, tuple(ranges)

    def _extend_range(self, low: int, high: int, byte: int) -> tuple[int, int] | None:
        """Return the rows of the contexts of these rows and `byte`; None if it never follows."""
        # high' - low' is the count of `byte` in the rows: for few rows, sooner than a second rank.
        if high - low <= BLOCK_ROWS:
            first = self._rank(byte, low)
            last = first + self.bwt.count(byte, low, high)
        elif (known := self.step_cache.get((low, high, byte))) is not None:
            first, last = known
        else:
            first, last = self._rank(byte, low), self._rank(byte, high)
            if len(self.step_cache) >= MAX_CACHED_STEPS:
                self.step_cache.clear()
            self.step_cache[low, high, byte] = first, last
        return (first, last) if first < last else None

    def shares(self, low: int, high: int) -> Shares:
        """Return the followers in the rows low to high."""
        known = self.shares_cache.get((low, high))
        if known is None:
            counts = np.bincount(
                np.frombuffer(self.bwt_masked, np.uint8, high - low, low), minlength=256
            )
            counts[[ERASED, END_OF_TEXT]] = 0
            count = int(counts.sum())
            known = Shares(count, int(counts.max()), (counts / max(1, count)).astype(np.float32))
            if len(self.shares_cache) >= MAX_CACHED_SHARES:
                self.shares_cache.clear()
            self.shares_cache[low, high] = known
        return known

    def _rank(self, byte: int, row: int) -> int:
        """Return C[byte] + occ(byte, row): the stored count, and a count within the block."""
        block = row // BLOCK_ROWS
        stored = self.occ[block * (len(self.alphabet) + 1) + self.columns[byte]]
        return self.C[byte] + stored + self.bwt.count(byte, block * BLOCK_ROWS, row)

    def find(self, context: bytes) -> SearchState:
        """Return the state of a context, of which the last `MAX_CONTEXT_BYTES` bytes count."""
        state = self.start()
        for byte in context[-MAX_CONTEXT_BYTES:]:
            state = self.step(state, byte)
        return state

    # Masking

    def mask_documents(self, names: Collection[str]) -> FMIndex:
        """Return the index with the rows of these documents masked: they follow no context."""
        masked_names = self.masked_names | (frozenset(names) & frozenset(self.names))
        if masked_names == self.masked_names:
            return self
        gone = np.isin(self.names, list(masked_names - self.masked_names))
        rows = self.rows_at(np.repeat([False, *gone], np.diff([0, *self.starts])))
        return replace(self.mask_rows(rows), masked_names=masked_names)

    def mask_rows(self, rows: NDArray[np.int64]) -> FMIndex:
        """Return the index with these rows masked."""
        bwt_masked = np.frombuffer(self.bwt_masked, np.uint8).copy()
        bwt_masked[rows] = ERASED
        return replace(self, bwt_masked=bwt_masked.tobytes(), shares_cache={})

    def rows_at(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the rows of the chosen bytes of text; `chosen` has shape (len(text),)."""
        # A table of one bit for each chunk of text, small enough for the processor's cache, rules
        # out most rows.
        near = np.logical_or.reduceat(chosen, range(0, len(chosen), TEXT_CHUNK))
        rows = []
        for first in range(0, len(self), ROW_CHUNK):
            suffix_array = self.suffix_array[first : first + ROW_CHUNK]
            some = np.flatnonzero(near[suffix_array // TEXT_CHUNK])
            rows.append(first + some[chosen[suffix_array[some]]])
        return np.concatenate(rows)

    # Positions

    def locate(self, rows: RowRange, byte: int, limit: int) -> Iterator[Location]:
        """Yield at most `limit` locations at which `byte` follows in these rows."""
        _, low, high = rows
        row = self.bwt_masked.find(byte, low, high)
        while row >= 0 and limit > 0:
            yield self._location(int(self.suffix_array[row]))
            limit -= 1
            row = self.bwt_masked.find(byte, row + 1, high)

    def _location(self, position: int) -> Location:
        number = min(bisect_right(self.starts, position), len(self.names)) - 1
        head = self.text[self.starts[number] : position].tobytes()
        column = len(head) - head.rfind(b"\n")
        return Location(self.names[number], len(head), head.count(b"\n") + 1, column)

    def document(self, name: str) -> bytes:
        """Return the text of one document, as it was indexed."""
        number = self.names.index(name)
        return self.text[self.starts[number] : self.starts[number + 1] - 1].tobytes()


def _occ_table(bwt: Bytes) -> tuple[NDArray[np.uint32], bytes]:
    """Return how often each byte of the alphabet occurs before each block, and the alphabet.

    The shape is (blocks + 1, len(alphabet) + 1). The last row counts all of L; the last column, for
    all bytes that never occur, is 0.
    """
    firsts = range(0, len(bwt), BLOCK_ROWS)
    occ = np.zeros((len(firsts) + 1, 257), np.uint32)
    for i, first in enumerate(firsts):
        occ[i + 1] = np.bincount(bwt[first : first + BLOCK_ROWS], minlength=257)
    np.cumsum(occ, axis=0, dtype=np.uint32, out=occ)
    alphabet = np.flatnonzero(occ[-1])
    return occ[:, [*alphabet, 256]], bytes(alphabet.tolist())
