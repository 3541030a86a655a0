"""A full-text index over documents: after any context, which bytes have followed it, how often, and
where.

All positions of the text are sorted by the bytes before them, read backwards. The positions that
follow a given context, of whatever length, are then one range of rows. The bytes that follow, in
the order of the rows, are the Burrows-Wheeler transform L of the reversed text, and one rank over
it leads from the range of a context c to the range of the context cb (Ferragina and Manzini 2000,
"Opportunistic Data Structures with Applications"): a context is followed byte by byte, as a
recurrent state is, at a cost that does not depend on the size of the text.
"""

from __future__ import annotations

import json
import os
import zlib
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from io import SEEK_END, BufferedReader
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from foretype_model.errors import BrokenIndexError
from foretype_model.files.atomic import atomic_write
from foretype_model.predictor import END_OF_TEXT, ERASED
from foretype_model.predictors.copy.index.suffix_sort import build_suffix_array

MAX_CONTEXT_BYTES: Final = 32
"""Bytes of context that positions are sorted by; longer ones are told apart by nothing."""

BLOCK_ROWS: Final = 1024
"""Rows between two stored counts: a rank counts half as many bytes on average. 512 took no less
time, and twice the memory: 16 MB for a workspace of 10 MB in which 200 bytes occur.
"""

MAX_CACHED_STEPS: Final = 20_000
"""Steps from wide ranges that are remembered (some 4 MB): text repeats its short contexts, and a
step takes half.
"""

MAX_CACHED_SHARES: Final = 2_000
"""Ranges whose counts are remembered (2.5 MB)."""

TEXT_CHUNK: Final = 256
ROW_CHUNK: Final = 1 << 16
"""Bytes of text, and rows, that are looked at together to find the rows of some text."""

MAGIC: Final = b"foretype index 4\n"
HEADER_OFFSET: Final = len(MAGIC) + 8
"""Where the head of a file begins."""

Bytes = NDArray[np.uint8]

RowRange: TypeAlias = tuple[int, int, int]
"""(order, low, high): rows low to high (excluded) are the positions after the last `order` bytes of
a context.

The order is the least for which the rows are these: a longer context may have the same ones.
"""

SearchState: TypeAlias = tuple[int, tuple[RowRange, ...]]
"""What an index knows of one context: the bytes of it that occur somewhere (`MAX_CONTEXT_BYTES` at
most), and their ranges.

The shortest context's range is first, and each lies within the one before. Plain tuples: named ones
took a third of the time of a step.
"""


class Shares(NamedTuple):
    """What follows in some rows: how many they are, how many have the most frequent byte, and the
    share of each byte.

    The shares are of shape (256,) and sum to 1, or to 0 where all is masked.
    """

    total: int
    max_count: int
    shares: NDArray[np.float32]


@dataclass(frozen=True)
class Location:
    """Where in a document something stands; `line` and `column` are from 1, the column in bytes."""

    name: str
    offset: int
    line: int
    column: int


@dataclass(frozen=True, eq=False)
class FMIndex:
    """An immutable index over some documents, made by `build` or `open`.

    Attributes:
        names: of the documents, in the order of their texts.
        starts: where each document begins in the text, shape (documents + 1,).
        bwt: L, the byte that follows, by row.
        bwt_masked: the same, with ERASED for the documents that are masked.
        C: C, the number of rows whose context ends in a smaller byte than b, shape (257,).
        alphabet: the bytes that occur, ascending.
        columns: the column of `occ` for each byte, shape (256,); the last one for all that never
            occur.
        occ: how often each symbol occurs in L before each block, and at last in all of L,
            flattened.
        suffix_array: where the byte of each row stands in the text, shape (rows,); read from disk
            where needed.
        text: the documents, each after an END_OF_TEXT; read from disk where needed.
        masked_names: the names of documents that follow nothing any more.
        masked_words: those that do not either (see `privacy.forgotten_words`).
        checksum: of what stays on disk; None of what was not read from there.
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
        """Index `documents`, pairs of name and text. It takes 12 bytes of memory for each byte of
        text.
        """
        mark = bytes([END_OF_TEXT])
        text = np.frombuffer(mark.join([b"", *(text for _, text in documents), b""]), np.uint8)
        suffix_array = build_suffix_array(text, MAX_CONTEXT_BYTES)
        # In chunks, as numpy makes eight bytes of each index.
        bwt = np.concatenate(
            [
                text[suffix_array[first : first + ROW_CHUNK]]
                for first in range(0, len(text), ROW_CHUNK)
            ]
        )
        occ, alphabet = _occ_table(bwt)
        sizes = [(name, len(text)) for name, text in documents]
        return cls._of(
            sizes, alphabet, bwt.tobytes(), occ.tobytes(), suffix_array=suffix_array, text=text
        )

    @classmethod
    def _of(
        cls,
        sizes: Sequence[tuple[str, int]],
        alphabet: bytes,
        bwt: bytes,
        occ: bytes,
        *,
        suffix_array: NDArray[np.int32],
        text: Bytes,
    ) -> FMIndex:
        """`occ` are numbers of shape (blocks + 1, len(alphabet) + 1), of 32 bits each."""
        flat, width = memoryview(occ).cast("I"), len(alphabet) + 1
        columns = [len(alphabet)] * 256
        for column, byte in enumerate(alphabet):
            columns[byte] = column
        total = flat[-width:].tolist()
        c = [0, *accumulate(total[column] for column in columns)]
        names, starts = (
            tuple(name for name, _ in sizes),
            np.cumsum([1, *(size + 1 for _, size in sizes)]),
        )
        return cls(names, starts, bwt, bwt, alphabet, c, columns, flat, suffix_array, text)

    def __len__(self) -> int:
        """Bytes of text."""
        return len(self.bwt)

    @cached_property
    def ignored_rows(self) -> int:
        """Rows that count for nothing: those that are masked, and the ends of documents."""
        return self.count_ignored_rows(0, len(self))

    def count_ignored_rows(self, low: int, high: int) -> int:
        """The same, of these rows."""
        return self.bwt_masked.count(ERASED, low, high) + self.bwt_masked.count(
            END_OF_TEXT, low, high
        )

    @cached_property
    def is_intact(self) -> bool:
        """Whether what stays on disk is as it was written: to be asked before anything is masked by
        it.
        """
        return (
            self.checksum is None
            or _checksum(self.suffix_array.data, self.text.data) == self.checksum
        )

    def start(self) -> SearchState:
        """Of the empty context."""
        return 0, ((0, 0, len(self)),)

    def step(self, state: SearchState, byte: int) -> SearchState:
        """Of the context that is one byte longer at its end."""
        longest, old = state
        last = (0, len(self))
        ranges, longest = [(0, *last)], min(MAX_CONTEXT_BYTES, longest + 1)
        for order, low, high in old:
            # A longer context lies within: once one is unknown, so are the others.
            if order >= MAX_CONTEXT_BYTES or (found := self._extend_range(low, high, byte)) is None:
                longest = order
                break
            if found != last:
                last = found
                ranges.append((order + 1, *last))
        return longest, tuple(ranges)

    def _extend_range(self, low: int, high: int, byte: int) -> tuple[int, int] | None:
        """The rows that `byte` leads to from these rows; None where it does not follow there."""
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
        """What follows in these rows."""
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
        """C[byte], and the number of times that `byte` stands in L before `row`."""
        block = row // BLOCK_ROWS
        stored = self.occ[block * (len(self.alphabet) + 1) + self.columns[byte]]
        return self.C[byte] + stored + self.bwt.count(byte, block * BLOCK_ROWS, row)

    def find(self, context: bytes) -> SearchState:
        """Of any context; its last `MAX_CONTEXT_BYTES` bytes count."""
        state = self.start()
        for byte in context[-MAX_CONTEXT_BYTES:]:
            state = self.step(state, byte)
        return state

    def mask_documents(self, names: Collection[str]) -> FMIndex:
        """The same index, in which the documents of these names follow nothing any more."""
        masked_names = self.masked_names | (frozenset(names) & frozenset(self.names))
        if masked_names == self.masked_names:
            return self
        gone = np.isin(self.names, list(masked_names - self.masked_names))
        rows = self.rows_at(np.repeat([False, *gone], np.diff([0, *self.starts])))
        return replace(self.mask_rows(rows), masked_names=masked_names)

    def mask_rows(self, rows: NDArray[np.int64]) -> FMIndex:
        """The same index, in which the bytes of these rows follow nothing any more."""
        bwt_masked = np.frombuffer(self.bwt_masked, np.uint8).copy()
        bwt_masked[rows] = ERASED
        return replace(self, bwt_masked=bwt_masked.tobytes(), shares_cache={})

    def rows_at(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The rows of the bytes of text that are chosen, from an array as long as the text."""
        # Most rows are told not to be among them by a table so small that it stays in the
        # processor's cache.
        near = np.logical_or.reduceat(chosen, range(0, len(chosen), TEXT_CHUNK))
        rows = []
        for first in range(0, len(self), ROW_CHUNK):
            suffix_array = self.suffix_array[first : first + ROW_CHUNK]
            some = np.flatnonzero(near[suffix_array // TEXT_CHUNK])
            rows.append(first + some[chosen[suffix_array[some]]])
        return np.concatenate(rows)

    def locate(self, rows: RowRange, byte: int, limit: int) -> Iterator[Location]:
        """Where `byte` follows in these rows, at most `limit` of the places."""
        _, low, high = rows
        row = self.bwt_masked.find(byte, low, high)
        while row >= 0 and limit > 0:
            yield self._place(int(self.suffix_array[row]))
            limit -= 1
            row = self.bwt_masked.find(byte, row + 1, high)

    def _place(self, position: int) -> Location:
        number = min(bisect_right(self.starts, position), len(self.names)) - 1
        head = self.text[self.starts[number] : position].tobytes()
        column = len(head) - head.rfind(b"\n")
        return Location(self.names[number], len(head), head.count(b"\n") + 1, column)

    def document(self, name: str) -> bytes:
        """The text of one document, as it was indexed."""
        number = self.names.index(name)
        return self.text[self.starts[number] : self.starts[number + 1] - 1].tobytes()

    def save(self, path: Path) -> None:
        """Write one file, whole or not at all. A masked document is written too: build anew to be
        rid of its text.

        After `MAGIC`: the checksum and the length of a head, the head, positions, counts, L and
        text. The head is JSON: names and sizes, the alphabet, and two checksums: of counts and L,
        and of positions and text.
        """
        sizes = list(zip(self.names, (np.diff(self.starts) - 1).tolist(), strict=True))
        checksums = (
            _checksum(self.occ, self.bwt),
            _checksum(self.suffix_array.data, self.text.data),
        )
        head = json.dumps([sizes, list(self.alphabet), checksums]).encode()
        head += b" " * (-(HEADER_OFFSET + len(head)) % 8)  # positions are aligned
        fixed = np.array([zlib.crc32(head), len(head)], np.uint32)
        rest = (self.suffix_array.data, self.occ, self.bwt, self.text.data)
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            for part in (MAGIC, fixed.data, head, *rest):
                file.write(part)

    @classmethod
    def open(cls, path: Path) -> FMIndex:
        """Read what `save` wrote; positions and text stay on disk until they are asked for (see
        `is_intact`).

        Raises:
            BrokenIndexError: it is no such file, or not whole.
        """
        try:
            with path.open("rb") as file:
                return cls._read(file)
        except (OSError, ValueError, TypeError) as error:
            raise BrokenIndexError(
                f"{path} is no whole index: remove it, and it is made again ({error})"
            ) from error

    @classmethod
    def _read(cls, file: BufferedReader) -> FMIndex:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError("of another kind or release")
        checksum, length = np.frombuffer(file.read(HEADER_OFFSET - len(MAGIC)), np.uint32).tolist()
        # A length that is wrong may be one of gigabytes, which a read would make room for.
        head = file.read(min(length, os.fstat(file.fileno()).st_size))
        if zlib.crc32(head) != checksum:
            raise ValueError("not whole")
        sizes, alphabet, (checksum, of_the_rest) = json.loads(head)
        rows = 1 + sum(size + 1 for _, size in sizes)
        lengths = (4 * rows, 4 * (len(alphabet) + 1) * (-(-rows // BLOCK_ROWS) + 1), rows, rows)
        first, counted, followers, last, end = accumulate(lengths, initial=HEADER_OFFSET + length)
        if file.seek(0, SEEK_END) != end:
            raise ValueError("not whole")
        # Read, and not mapped: what is copied out of a map stays resident twice.
        file.seek(counted)
        occ, bwt = file.read(followers - counted), file.read(last - followers)
        if _checksum(occ, bwt) != checksum:
            raise ValueError("not whole")
        suffix_array = np.asarray(np.memmap(file, np.int32, "r", first, (rows,)))
        text = np.asarray(np.memmap(file, np.uint8, "r", last, (rows,)))
        segment = cls._of(sizes, bytes(alphabet), bwt, occ, suffix_array=suffix_array, text=text)
        return replace(segment, checksum=of_the_rest)


def _checksum(*parts: bytes | memoryview) -> int:
    """Of the parts, one after the other."""
    return reduce(lambda before, part: zlib.crc32(part, before), parts, 0)


def _occ_table(bwt: Bytes) -> tuple[NDArray[np.uint32], bytes]:
    """How often each byte that occurs does so before each block, and in the last row, in all; and
    which these are.

    The shape is (blocks + 1, their number + 1): the last column, of all that never occur, is 0.
    """
    firsts = range(0, len(bwt), BLOCK_ROWS)
    occ = np.zeros((len(firsts) + 1, 257), np.uint32)
    for i, first in enumerate(firsts):
        occ[i + 1] = np.bincount(bwt[first : first + BLOCK_ROWS], minlength=257)
    np.cumsum(occ, axis=0, dtype=np.uint32, out=occ)
    alphabet = np.flatnonzero(occ[-1])
    return occ[:, [*alphabet, 256]], bytes(alphabet.tolist())
