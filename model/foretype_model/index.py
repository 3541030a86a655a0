"""A full-text index over documents: after any context, which bytes have followed it, how often, and where.

All positions of the text are sorted by the bytes before them, read backwards. The positions that follow a given
context, of whatever length, are then one range of rows. The bytes that follow, in the order of the rows, are the
Burrows-Wheeler transform L of the reversed text, and one rank over it leads from the range of a context c to the range
of the context cb (Ferragina and Manzini 2000, "Opportunistic Data Structures with Applications"): a context is followed
byte by byte, as a recurrent state is, at a cost that does not depend on the size of the text.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from foretype_model.atomic import replacing
from foretype_model.errors import BrokenIndexError
from foretype_model.predictor import END_OF_TEXT

MOST: Final = 32
"""Bytes of context that positions are sorted by; longer ones are told apart by nothing."""

BLOCK: Final = 512
"""Rows between two stored counts: a rank counts half as many bytes on average (0.3 us)."""

MEMO: Final = 20_000
"""Steps from wide ranges that are remembered (some 4 MB): text repeats its short contexts, and a step takes half."""

ERASED: Final = 0xFE
"""Stands where a byte of a masked document follows; never occurs in UTF-8."""

SHARES_MEMO: Final = 2_000
"""Ranges whose counts are remembered (2.5 MB)."""

MAGIC: Final = b"foretype index 1\n"

Bytes = NDArray[np.uint8]


Range: TypeAlias = tuple[int, int, int]
"""(order, low, high): rows low to high (excluded) are the positions after the last `order` bytes of a context.

The order is the least for which the rows are these: a longer context may have the same ones.
"""

Matches: TypeAlias = tuple[int, tuple[Range, ...]]
"""What an index knows of one context: the bytes of it that occur somewhere (`MOST` at most), and their ranges.

The shortest context's range is first, and each lies within the one before. Plain tuples: named ones took a third of
the time of a step.
"""


class Shares(NamedTuple):
    """What follows in some rows: how many they are, how many have the most frequent byte, and the share of each byte.

    The shares are of shape (256,) and sum to 1, or to 0 where all is masked.
    """

    rows: int
    top: int
    shares: NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """Where in a document something stands; `line` and `column` are from 1, the column in bytes."""

    name: str
    offset: int
    line: int
    column: int


@dataclass(frozen=True, eq=False)
class Shard:
    """An immutable index over some documents, made by `build` or `open`.

    Attributes:
        names: of the documents, in the order of their texts.
        starts: where each document begins in the text, shape (documents + 1,).
        following: L, the byte that follows, by row.
        visible: the same, with ERASED for the documents that are masked.
        before: C, the number of rows whose context ends in a smaller byte than b, shape (257,).
        counts: how often the symbol s occurs in L before each block, flattened from shape (blocks, symbols).
        symbols: the column of `counts` for each byte, -1 for one that never occurs, shape (256,).
        width: the number of columns.
        positions: where the byte of each row stands in the text, shape (rows,); read from disk where needed.
        text: the documents, each after an END_OF_TEXT; read from disk where needed.
    """

    names: tuple[str, ...]
    starts: NDArray[np.int64]
    following: bytes
    visible: bytes
    before: list[int]
    counts: memoryview
    symbols: list[int]
    width: int
    positions: NDArray[np.int32]
    text: Bytes
    masked: frozenset[str] = frozenset()
    memo: dict[tuple[int, int, int], tuple[int, int]] = field(default_factory=dict, repr=False, compare=False)
    shares_memo: dict[tuple[int, int], Shares] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def build(cls, documents: Sequence[tuple[str, bytes]]) -> Shard:
        """Index `documents`, pairs of name and text."""
        mark = bytes([END_OF_TEXT])
        text = np.frombuffer(mark.join([b"", *(text for _, text in documents), b""]), np.uint8)
        starts = np.cumsum([1, *(len(text) + 1 for _, text in documents)])
        positions = _sorted_positions(text)
        following = text[positions]
        return cls._of([name for name, _ in documents], starts, following, _counts(following), positions, text)

    @classmethod
    def _of(cls, names: Sequence[str], starts: NDArray[np.int64], following: Bytes, *arrays: NDArray[Any]) -> Shard:
        counts, positions, text = arrays
        known = np.flatnonzero(counts[-1])
        symbols = np.full(256, -1)
        symbols[known] = np.arange(len(known))
        before = np.concatenate([[0], np.cumsum(counts[-1], dtype=np.int64)])
        last = following.tobytes()
        return cls(
            tuple(names), starts, last, last, before.tolist(), memoryview(counts[:, known].tobytes()).cast("I"),
            symbols.tolist(), len(known), positions, text,
        )  # fmt: skip

    def __len__(self) -> int:
        """Bytes of text."""
        return len(self.following)

    def start(self) -> Matches:
        """Of the empty context."""
        return 0, ((0, 0, len(self)),)

    def step(self, matches: Matches, byte: int) -> Matches:
        """Of the context that is one byte longer at its end."""
        longest, old = matches
        last = (0, len(self))
        ranges, longest = [(0, *last)], min(MOST, longest + 1)
        for order, low, high in old:
            # A longer context lies within: once one is unknown, so are the others.
            if order >= MOST or (found := self._narrowed(low, high, byte)) is None:
                longest = order
                break
            if found != last:
                last = found
                ranges.append((order + 1, *last))
        return longest, tuple(ranges)

    def _narrowed(self, low: int, high: int, byte: int) -> tuple[int, int] | None:
        """The rows that `byte` leads to from these rows; None where it does not follow there."""
        if high - low <= BLOCK:
            first = self._rank(byte, low)
            last = first + self.following.count(byte, low, high)
        elif (known := self.memo.get((low, high, byte))) is not None:
            first, last = known
        else:
            first, last = self._rank(byte, low), self._rank(byte, high)
            if len(self.memo) >= MEMO:
                self.memo.clear()
            self.memo[low, high, byte] = first, last
        return (first, last) if first < last else None

    def shares(self, low: int, high: int) -> Shares:
        """What follows in these rows."""
        known = self.shares_memo.get((low, high))
        if known is None:
            counts = np.bincount(np.frombuffer(self.visible, np.uint8, high - low, low), minlength=256)
            counts[[ERASED, END_OF_TEXT]] = 0
            rows = int(counts.sum())
            known = Shares(rows, int(counts.max()), (counts / max(1, rows)).astype(np.float32))
            if len(self.shares_memo) >= SHARES_MEMO:
                self.shares_memo.clear()
            self.shares_memo[low, high] = known
        return known

    def _rank(self, byte: int, row: int) -> int:
        """C[byte], and the number of times that `byte` stands in L before `row`."""
        block = row // BLOCK
        stored = self.counts[block * self.width + self.symbols[byte]]
        return self.before[byte] + stored + self.following.count(byte, block * BLOCK, row)

    def find(self, context: bytes) -> Matches:
        """Of any context; its last `MOST` bytes count."""
        matches = self.start()
        for byte in context[-MOST:]:
            matches = self.step(matches, byte)
        return matches

    def without(self, names: Collection[str]) -> Shard:
        """The same index, in which the documents of these names follow nothing any more."""
        masked = self.masked | (frozenset(names) & frozenset(self.names))
        if masked == self.masked:
            return self
        gone = np.isin(self.names, list(masked))
        erased = np.repeat(np.concatenate([[False], gone]), np.diff([0, *self.starts]))
        visible = np.where(erased[self.positions], np.uint8(ERASED), np.frombuffer(self.following, np.uint8))
        return replace(self, visible=visible.tobytes(), masked=masked, shares_memo={})

    def places(self, rows: Range, byte: int, most: int) -> Iterator[Place]:
        """Where `byte` follows in these rows, at most `most` of the places."""
        _, low, high = rows
        row = self.visible.find(byte, low, high)
        while row >= 0 and most > 0:
            yield self._place(int(self.positions[row]))
            most -= 1
            row = self.visible.find(byte, row + 1, high)

    def _place(self, position: int) -> Place:
        number = min(bisect_right(self.starts, position), len(self.names)) - 1
        head = self.text[self.starts[number] : position].tobytes()
        column = len(head) - head.rfind(b"\n")
        return Place(self.names[number], len(head), head.count(b"\n") + 1, column)

    def document(self, name: str) -> bytes:
        """The text of one document, as it was indexed."""
        number = self.names.index(name)
        return self.text[self.starts[number] : self.starts[number + 1] - 1].tobytes()

    def save(self, path: Path) -> None:
        """Write one file, whole or not at all. A masked document is written too: build anew to be rid of its text."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            file.write(MAGIC)
            np.save(file, np.frombuffer(json.dumps(self.names).encode(), np.uint8))
            following = np.frombuffer(self.following, np.uint8)
            for array in (self.starts, following, _counts(following), self.positions, self.text):
                np.save(file, array)

    @classmethod
    def open(cls, path: Path) -> Shard:
        """Read what `save` wrote; positions and text stay on disk until they are asked for.

        Raises:
            BrokenIndexError: it is no such file, or not whole.
        """
        try:
            return cls._read(path)
        except (OSError, ValueError, EOFError, TokenError) as error:  # numpy reads a header by Python's tokenizer
            raise BrokenIndexError(f"{path} is no whole index: remove it, and it is made again ({error})") from error

    @classmethod
    def _read(cls, path: Path) -> Shard:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError("of another kind or release")
            names, starts, following = (np.load(file, allow_pickle=False) for _ in range(3))
            counts, positions, text = (_mapped(path, file) for _ in range(3))
        if not len(following) == len(positions) == len(text) == starts[-1] == counts[-1].sum():
            raise ValueError("not whole")
        return cls._of(json.loads(names.tobytes()), starts, following, counts, positions, text)


def _mapped(path: Path, file: BinaryIO) -> NDArray[Any]:
    """The array that begins where `file` stands, mapped into memory; `file` goes on behind it."""
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    array = np.memmap(path, dtype, "r", file.tell(), shape)
    file.seek(array.nbytes, 1)
    return array


def _counts(following: Bytes) -> NDArray[np.uint32]:
    """How often each byte occurs before each block, and, in the last row, in all: shape (blocks + 1, 256)."""
    firsts = range(0, len(following), BLOCK)
    counts = np.zeros((len(firsts) + 1, 256), np.uint32)
    for i, first in enumerate(firsts):
        counts[i + 1] = np.bincount(following[first : first + BLOCK], minlength=256)
    return np.cumsum(counts, axis=0, dtype=np.uint32, out=counts)


# Sorting


def _sorted_positions(text: Bytes) -> NDArray[np.int32]:
    """All positions, by the `MOST` bytes before them read backwards. The text goes round: it begins after its end."""
    words = _Words(text)
    previous = np.roll(text, 1)
    # A bucket for each byte before bounds the memory: sorting takes some 50 bytes a position.
    buckets = (np.flatnonzero(previous == byte) for byte in range(256))
    return np.concatenate([_sorted_bucket(words, bucket).astype(np.int32) for bucket in buckets])


class _Words:
    """The bytes before any position as big-endian numbers, the nearest byte first."""

    def __init__(self, text: Bytes) -> None:
        round_ = np.concatenate([np.resize(text[::-1], len(text)), np.resize(text[::-1], MOST + 8)])
        self._at = np.ndarray((len(round_) - 7,), ">u8", round_.tobytes(), strides=(1,))
        self._length = len(text)

    def before(self, positions: NDArray[np.int64], skipped: int) -> NDArray[np.uint64]:
        """The eight bytes before each position, once `skipped` bytes are passed over."""
        return self._at[self._length - positions + skipped].astype(np.uint64)


def _sorted_bucket(words: _Words, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions whose byte before is the same, sorted: by eight bytes, then those that are alike by five more each."""
    keys = words.before(positions, 0)
    order = np.argsort(keys)
    positions, keys = positions[order], keys[order]
    tied, group = _ties(keys)
    for skipped in range(8, MOST, 5):
        if not len(tied):
            break
        keys = (group.astype(np.uint64) << np.uint64(40)) | (words.before(positions[tied], skipped) >> np.uint64(24))
        order = np.argsort(keys)
        positions[tied] = positions[tied[order]]
        still, group = _ties(keys[order])
        tied = tied[still]
    return positions


def _ties(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of sorted keys: the indices of those that are not alone, and a number for each set of equal ones, rising."""
    alike = keys[1:] == keys[:-1]
    tied = np.flatnonzero(np.concatenate([[False], alike]) | np.concatenate([alike, [False]]))
    new = np.concatenate([[True], keys[tied][1:] != keys[tied][:-1]])[: len(tied)]
    return tied, np.cumsum(new)
