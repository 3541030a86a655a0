"""Text as it was typed, newest last, found again by the bytes before any place in it.

What an index is to a workspace, this is to the document at hand: it grows by a byte in a
microsecond, and by 26 bytes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple
from zlib import crc32

COMPARED_BYTES: Final = 16
"""Bytes of context that are compared."""

CHAIN_LIMITS: Final = ((6, 24), (3, 12))
"""Bytes that a place is filed under, and how many of the newest places are looked at: long contexts
first.
"""

HASH_BUCKETS: Final = 1 << 16
MAX_CHAIN_STEPS: Final = 400
"""Chains of places, by a hash of what they are filed under; and how far one is followed, as others
may be in it.
"""

PIECE_CONTEXT_BYTES: Final = 32
"""Bytes before a piece that are kept."""


class Piece(NamedTuple):
    """What was added without a break.

    Attributes:
        first: the place of its first byte in the log.
        document: that it was in.
        before: the bytes before it there, `PIECE_CONTEXT_BYTES` at most.
    """

    first: int
    document: str
    before: bytes
    text: bytes


class _HashChains:
    """The places in a log that are filed under so many bytes, each of which leads to the one
    before.

    8 bytes a place, where a dictionary of lists took 100.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self._newest = array("i", [0]) * HASH_BUCKETS
        self.before = array("i")

    def add(self, near: bytes, first: int) -> None:
        """File the bytes of `near` but for the context that it begins with; that stands at `first`
        in the log.
        """
        newest, before, length = self._newest, self.before, self.length
        before.extend([0] * (first + COMPARED_BYTES - len(before)))
        for end in range(COMPARED_BYTES, len(near)):
            chain = crc32(near[end - length : end]) % HASH_BUCKETS
            before.append(newest[chain])
            newest[chain] = first + end

    def newest(self, context: bytes) -> int:
        """The first place to look at; `before` has the next ones, and 0 is none."""
        return self._newest[crc32(context[-self.length :]) % HASH_BUCKETS]


class MatchHistory:
    """A log of text. What is added once stays; to forget is to make a new one `without` it.

    A place is that of a byte in the log. Before the first byte of each piece stands its context, so
    that the context of every place is what stands before it.
    """

    def __init__(self) -> None:
        self._log = bytearray()
        self._count = 0
        self._chains = [_HashChains(length) for length, _ in CHAIN_LIMITS]
        self._pieces: list[tuple[int, str, bytes]] = []

    def __len__(self) -> int:
        """Bytes that were added."""
        return self._count

    def add(self, before: bytes, text: bytes, document: str = "") -> None:
        """Take in `text`, which stands after `before` (its last bytes are enough) in `document`."""
        context = _context(before)
        if (
            not self._pieces
            or self._pieces[-1][1] != document
            or self._log[-COMPARED_BYTES:] != context
        ):
            self._log += context
            self._pieces.append((len(self._log), document, before[-PIECE_CONTEXT_BYTES:]))
        first = len(self._log) - COMPARED_BYTES
        self._log += text
        self._count += len(text)
        near = bytes(self._log[first:])
        for chains in self._chains:
            chains.add(near, first)

    def find(self, tail: bytes) -> list[tuple[int, int]]:
        """(bytes of context in common, byte that followed) of places like the end of `tail`, the
        newest first.
        """
        return [(length, self._log[place]) for place, length in self.places(tail).items()]

    def places(self, tail: bytes) -> dict[int, int]:
        """The places like the end of `tail`, the newest first, each with the bytes of context in
        common.
        """
        context = _context(tail)
        # The last byte on top: what has it in common, and the ones before, agrees from the top
        # down.
        number, log, found = int.from_bytes(context, "little"), self._log, dict[int, int]()
        for (length, max_places), chains in zip(CHAIN_LIMITS, self._chains, strict=True):
            place, before, remaining, steps = (
                chains.newest(context),
                chains.before,
                max_places,
                MAX_CHAIN_STEPS,
            )
            while place and remaining and steps:
                different = int.from_bytes(log[place - COMPARED_BYTES : place], "little") ^ number
                common = COMPARED_BYTES - (different.bit_length() + 7) // 8
                if common >= length:
                    found.setdefault(place, common)
                    remaining -= 1
                place, steps = before[place], steps - 1
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
        end = (
            self._pieces[number + 1][0] - COMPARED_BYTES
            if number + 1 < len(self._pieces)
            else len(self._log)
        )
        return Piece(first, document, before, bytes(self._log[first:end]))

    def occurrences(self, before: bytes, byte: int) -> list[int]:
        """The places where `byte` follows the end of `before`, as far as contexts are compared; its
        length matters.
        """
        found, end, chains = [], before[-COMPARED_BYTES:], self._chains[-1]
        place = chains.newest(_context(before))
        while place:
            if self._log[place] == byte and self._log[place - len(end) : place] == end:
                found.append(place)
            place = chains.before[place]
        return found

    def without(self, removed: Collection[int]) -> MatchHistory:
        """The same log, had these places never been added."""
        if not removed:
            return self
        other, places = MatchHistory(), sorted(removed)
        for first, document, before, text in self.pieces():
            start, end = first, first + len(text)
            for stop in [*places[bisect_left(places, start) : bisect_left(places, end)], end]:
                if start < stop:
                    other.add(
                        before + text[: start - first], text[start - first : stop - first], document
                    )
                start = stop + 1
        return other


def _context(tail: bytes) -> bytes:
    """The last `COMPARED_BYTES` bytes; before a document there are so many ends of text."""
    return tail[-COMPARED_BYTES:].rjust(COMPARED_BYTES, b"\xff")
