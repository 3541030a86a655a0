"""A text in pieces that its versions share, so that their common parts are found without reading
them.

A rope in the sense of Boehm, Atkinson and Plass 1995, "Ropes: an Alternative to Strings", but flat:
10 MB are some 2,000 pieces, and an operation on the tuple of all pieces (slicing, comparing) takes
some 20 us.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final, TypeVar

Parts = TypeVar("Parts", bytes, tuple[bytes, ...])

HASHED_BYTES: Final = 64
"""Bytes at the end of a text that its hash depends on, with its length."""


class Rope:
    """An immutable text of bytes. Its slices are `bytes`; `upto` and `since` return ropes."""

    __slots__ = ("_pieces", "_starts")

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = tuple(pieces)
        self._starts = list(accumulate(map(len, self._pieces), initial=0))

    @classmethod
    def _from_pieces(cls, pieces: tuple[bytes, ...], starts: list[int]) -> Rope:
        """Create a rope with known starts of its pieces. Computing 2,000 starts takes 100 us."""
        rope = object.__new__(cls)
        rope._pieces, rope._starts = pieces, starts
        return rope

    @classmethod
    def of(cls, text: Rope | bytes) -> Rope:
        """Return a rope itself, or bytes as a rope of one piece."""
        return text if isinstance(text, Rope) else cls((text,))

    def __len__(self) -> int:
        return self._starts[-1]

    def __bytes__(self) -> bytes:
        return b"".join(self._pieces)

    def __repr__(self) -> str:
        return f"Rope({bytes(self)!r})"

    def __hash__(self) -> int:
        return hash((len(self), self[-HASHED_BYTES:]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rope):
            return NotImplemented
        return self is other or (len(self) == len(other) and self.common_prefix(other) == len(self))

    def __getitem__(self, part: slice) -> bytes:
        """Return the bytes of a slice with step 1."""
        start, end, _ = part.indices(len(self))
        first = bisect_right(self._starts, start) - 1  # the piece that holds byte `start`
        found, end = [], max(start, end)
        while start < end:
            low = self._starts[first]
            found.append(self._pieces[first][start - low : end - low])
            start = self._starts[first + 1]
            first += 1
        return found[0] if len(found) == 1 else b"".join(found)

    def __add__(self, more: Rope | bytes) -> Rope:
        pieces = Rope.of(more)._pieces
        starts = accumulate(map(len, pieces), initial=len(self))
        return Rope._from_pieces(self._pieces + pieces, [*self._starts[:-1], *starts])

    def start(self, number: int) -> int:
        """Return the first byte of a piece; the length of the text for the last number plus 1."""
        return self._starts[number]

    def upto(self, end: int) -> Rope:
        """Return the text before byte `end`."""
        if end >= len(self):
            return self
        number = bisect_right(self._starts, end) - 1
        pieces = (*self._pieces[:number], self._pieces[number][: end - self._starts[number]])
        return Rope._from_pieces(pieces, [*self._starts[: number + 1], end])

    def since(self, start: int) -> Rope:
        """Return the text from byte `start` on."""
        if start <= 0:
            return self
        number = bisect_right(self._starts, min(start, len(self))) - 1
        pieces = self._pieces[number:]
        return Rope((pieces[0][start - self._starts[number] :], *pieces[1:]) if pieces else ())

    def startswith(self, other: Rope) -> bool:
        """Return whether the text begins with `other`."""
        return len(other) <= len(self) and self.common_prefix(other) == len(other)

    def common_prefix(self, other: Rope) -> int:
        """Return the length of the longest common prefix."""
        return (
            len(self)
            if self is other
            else _common(self._pieces, other._pieces, lambda piece: piece)
        )

    def common_suffix(self, other: Rope) -> int:
        """Return the length of the longest common suffix."""
        return _common(self._pieces[::-1], other._pieces[::-1], lambda piece: piece[::-1])


def common_prefix(a: Parts, b: Parts) -> int:
    """Return the length of the longest common prefix, by bisection over equal slices: 21 us for
    100,000 bytes.

    Tuples are compared in C as well, and their items by identity first.
    """
    low, high = 0, min(len(a), len(b))
    if a[:high] == b[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def to_lf(text: bytes) -> bytes:
    """Replace each CR LF by LF, as predictors expect. Without CR LF, return the same object, which
    takes no memory.
    """
    return text.replace(b"\r\n", b"\n")


def _common(
    pieces_a: tuple[bytes, ...], pieces_b: tuple[bytes, ...], oriented: Callable[[bytes], bytes]
) -> int:
    """Return the number of equal bytes from the first pieces on, each piece `oriented`."""
    total = i = j = 0
    rest_a = rest_b = b""  # of the pieces before i and j
    while True:
        # Both texts at the start of a piece: skip the pieces that they share.
        if not rest_a and not rest_b:
            run = common_prefix(pieces_a[i:], pieces_b[j:])
            total += sum(map(len, pieces_a[i : i + run]))
            i, j = i + run, j + run
        if not rest_a:
            if i == len(pieces_a):
                return total
            rest_a, i = oriented(pieces_a[i]), i + 1
        if not rest_b:
            if j == len(pieces_b):
                return total
            rest_b, j = oriented(pieces_b[j]), j + 1
        # Compare bytes up to the end of the shorter rest.
        same = common_prefix(rest_a, rest_b)
        total += same
        if same < min(len(rest_a), len(rest_b)):
            return total
        rest_a, rest_b = rest_a[same:], rest_b[same:]
