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

TOP: Final = 8 * (WIDTH - 1)
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


def context_of(tail: bytes) -> int:
    """The last `WIDTH` bytes as one number, the last byte on top: alike contexts agree from the top down."""
    return int.from_bytes(tail[: -WIDTH - 1 : -1].ljust(WIDTH, b"\xff"), "big")


class Recent:
    """A log of text. What is added once stays; to forget is to make a new one `without` it."""

    def __init__(self) -> None:
        self._following = bytearray()
        self._contexts: list[int] = []
        self._places: tuple[defaultdict[int, list[int]], ...] = tuple(defaultdict(list) for _ in KEYS)
        self._pieces: list[tuple[int, str, bytes]] = []
        self._next = context_of(b"")

    def __len__(self) -> int:
        return len(self._following)

    def add(self, before: bytes, text: bytes, document: str = "") -> None:
        """Take in `text`, which stands after `before` (its last bytes are enough) in `document`."""
        context = context_of(before)
        if not self._pieces or (self._pieces[-1][1], self._next) != (document, context):
            self._pieces.append((len(self), document, before[-REACH:]))
        for byte in text:
            place = len(self._contexts)
            self._following.append(byte)
            self._contexts.append(context)
            for (length, _), places in zip(KEYS, self._places, strict=True):
                places[context >> 8 * (WIDTH - length)].append(place)
            context = (context >> 8) | (byte << TOP)
        self._next = context

    def find(self, context: int) -> list[tuple[int, int]]:
        """(bytes of context in common, byte that followed) of places like this one, the newest first."""
        return [(length, self._following[place]) for place, length in self.places(context).items()]

    def places(self, context: int) -> dict[int, int]:
        """The places like this one, the newest first, each with the bytes of context in common."""
        found: dict[int, int] = {}
        for (length, most), places in zip(KEYS, self._places, strict=True):
            key = context >> 8 * (WIDTH - length)
            if key in places:
                for place in places[key][: -most - 1 : -1]:
                    if place not in found:
                        found[place] = WIDTH - ((self._contexts[place] ^ context).bit_length() + 7) // 8
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
        end = self._pieces[number + 1][0] if number + 1 < len(self._pieces) else len(self)
        return Piece(first, document, before, bytes(self._following[first:end]))

    def alike(self, before: bytes, byte: int) -> list[int]:
        """The places where `byte` follows the end of `before`, as far as contexts are compared; its length matters."""
        length, _ = KEYS[-1]
        context, irrelevant = context_of(before), 8 * (WIDTH - min(len(before), WIDTH))
        return [
            place
            for place in self._places[-1].get(context >> 8 * (WIDTH - length), ())
            if self._following[place] == byte and self._contexts[place] >> irrelevant == context >> irrelevant
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
