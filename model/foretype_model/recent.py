"""Text as it was typed, newest last, found again by the bytes before any place in it.

What an index is to a workspace, this is to the document at hand: it grows by a byte in a microsecond.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

WIDTH: Final = 16
"""Bytes of context that are compared."""

KEYS: Final = ((6, 24), (3, 12))
"""Bytes that a place is filed under, and how many of the newest places are looked at: long contexts first."""

REACH: Final = 32
"""Bytes before a piece that are kept."""


class Piece(NamedTuple):
    """What was added without a break.

    Attributes:
        first: the place of its first byte in the log.
        document: that it was in.
        before: the bytes before it there, `REACH` at most.
    """

    first: int
    document: str
    before: bytes
    text: bytes


class Recent:
    """A log of text. What is added once stays; to forget is to make a new one `without` it.

    A place is that of a byte in the log. Before the first byte of each piece stands its context, so that the context of
    every place is what stands before it.
    """

    def __init__(self) -> None:
        self._log = bytearray()
        self._count = 0
        self._places: tuple[defaultdict[bytes, list[int]], ...] = tuple(defaultdict(list) for _ in KEYS)
        self._pieces: list[tuple[int, str, bytes]] = []

    def __len__(self) -> int:
        """Bytes that were added."""
        return self._count

    def add(self, before: bytes, text: bytes, document: str = "") -> None:
        """Take in `text`, which stands after `before` (its last bytes are enough) in `document`."""
        context = _context(before)
        if not self._pieces or self._pieces[-1][1] != document or self._log[-WIDTH:] != context:
            self._log += context
            self._pieces.append((len(self._log), document, before[-REACH:]))
        first = len(self._log) - WIDTH
        self._log += text
        self._count += len(text)
        # Keys are slices, which take 0.1 us each to be made and found.
        near = bytes(self._log[first:])
        for (length, _), places in zip(KEYS, self._places, strict=True):
            for end in range(WIDTH, len(near)):
                places[near[end - length : end]].append(first + end)

    def find(self, tail: bytes) -> list[tuple[int, int]]:
        """(bytes of context in common, byte that followed) of places like the end of `tail`, the newest first."""
        return [(length, self._log[place]) for place, length in self.places(tail).items()]

    def places(self, tail: bytes) -> dict[int, int]:
        """The places like the end of `tail`, the newest first, each with the bytes of context in common."""
        found: dict[int, int] = {}
        context = _context(tail)
        # The last byte on top: what has it in common, and the ones before, agrees from the top down.
        number, log = int.from_bytes(context, "little"), self._log
        for (length, most), places in zip(KEYS, self._places, strict=True):
            for place in places.get(context[-length:], ())[: -most - 1 : -1]:
                if place not in found:
                    different = int.from_bytes(log[place - WIDTH : place], "little") ^ number
                    found[place] = WIDTH - (different.bit_length() + 7) // 8
        return found

    def pieces(self) -> Iterator[Piece]:
        """All of the log, the oldest first."""
        return map(self._piece, range(len(self._pieces)))

    def piece(self, place: int) -> Piece:
        """The one that holds a place."""
        return self._piece(bisect_right(self._pieces, place, key=lambda piece: piece[0]) - 1)

    def last(self) -> Piece | None:
        """The newest one, if there is any."""
        return self._piece(len(self._pieces) - 1) if self._pieces else None

    def _piece(self, number: int) -> Piece:
        first, document, before = self._pieces[number]
        end = self._pieces[number + 1][0] - WIDTH if number + 1 < len(self._pieces) else len(self._log)
        return Piece(first, document, before, bytes(self._log[first:end]))

    def alike(self, before: bytes, byte: int) -> list[int]:
        """The places where `byte` follows the end of `before`, as far as contexts are compared; its length matters."""
        length, _ = KEYS[-1]
        end = before[-WIDTH:]
        return [
            place
            for place in self._places[-1].get(_context(before)[-length:], ())
            if self._log[place] == byte and self._log[place - len(end) : place] == end
        ]

    def without(self, gone: Collection[int]) -> Recent:
        """The same log, had these places never been added."""
        if not gone:
            return self
        other, places = Recent(), sorted(gone)
        for first, document, before, text in self.pieces():
            start, end = first, first + len(text)
            for stop in [*places[bisect_left(places, start) : bisect_left(places, end)], end]:
                if start < stop:
                    other.add(before + text[: start - first], text[start - first : stop - first], document)
                start = stop + 1
        return other


def _context(tail: bytes) -> bytes:
    """The last `WIDTH` bytes; before a document there are so many ends of text."""
    return tail[-WIDTH:].rjust(WIDTH, b"\xff")
