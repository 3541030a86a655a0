"""A match model over recently observed text: an append-only log, found again by its contexts.

Places in the log are chained by a hash of the bytes before them, as in LZ77 compressors and PAQ's
match models. Appending a byte takes 1 us and 26 bytes of memory.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple
from zlib import crc32

COMPARED_BYTES: Final = 16
"""Bytes of context that are compared, at most."""

CHAIN_LIMITS: Final = ((6, 24), (3, 12))
"""(bytes that are hashed, newest places that are examined) of each chain, long contexts first."""

HASH_BUCKETS: Final = 1 << 16
"""Chains; contexts whose hashes collide share one."""

MAX_CHAIN_STEPS: Final = 400
"""Places of a chain that are visited, those of colliding contexts included."""

PIECE_CONTEXT_BYTES: Final = 32
"""Bytes before a piece that are kept with it."""


class Piece(NamedTuple):
    """A run of text that stood in one document without a break.

    Attributes:
        first: the place of its first byte in the log.
        uri: of the document.
        before: the bytes before it there, `PIECE_CONTEXT_BYTES` at most.
        text: the run itself.
    """

    first: int
    uri: str
    before: bytes
    text: bytes


class _HashChains:
    """Chains of the places in a log, by a hash of the `length` bytes before each place.

    Takes 8 bytes a place; a dictionary of lists took 100.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self._newest = array("i", [0]) * HASH_BUCKETS
        self.before = array("i")

    def add(self, near: bytes, first: int) -> None:
        """Chain the places of some new bytes.

        Args:
            near: a context of `COMPARED_BYTES` bytes, then the new bytes.
            first: the place of that context in the log.
        """
        newest, before, length = self._newest, self.before, self.length
        before.extend([0] * (first + COMPARED_BYTES - len(before)))
        for end in range(COMPARED_BYTES, len(near)):
            chain = crc32(near[end - length : end]) % HASH_BUCKETS
            before.append(newest[chain])
            newest[chain] = first + end

    def remove(self, near: bytes) -> None:
        """Undo the `add` of the last bytes of the log, given as for `add`."""
        newest, before, length = self._newest, self.before, self.length
        for end in range(len(near) - 1, COMPARED_BYTES - 1, -1):
            newest[crc32(near[end - length : end]) % HASH_BUCKETS] = before.pop()

    def newest(self, context: bytes) -> int:
        """Return the newest place of a chain, or 0; `before[place]` is the next older one, or 0."""
        return self._newest[crc32(context[-self.length :]) % HASH_BUCKETS]


class MatchHistory:
    """An append-only log of text; forgetting makes a new log `without` some places.

    A place is the offset of a byte in the log. The context of each piece stands in the log before
    it, so that the bytes before a place are always its context.
    """

    def __init__(self) -> None:
        self._log = bytearray()
        self._count = 0
        self._chains = [_HashChains(length) for length, _ in CHAIN_LIMITS]
        self._pieces: list[tuple[int, str, bytes]] = []

    def __len__(self) -> int:
        """Return the number of bytes that were added, without the contexts of pieces."""
        return self._count

    def add(self, before: bytes, text: bytes, uri: str = "") -> None:
        """Append `text`, which stands after `before` (its last bytes suffice) in a document."""
        context = _context(before)
        # Begin a new piece, unless this text continues the last one.
        if not self._pieces or self._pieces[-1][1] != uri or self._log[-COMPARED_BYTES:] != context:
            self._log += context
            self._pieces.append((len(self._log), uri, before[-PIECE_CONTEXT_BYTES:]))
        first = len(self._log) - COMPARED_BYTES
        self._log += text
        self._count += len(text)
        near = bytes(self._log[first:])
        for chains in self._chains:
            chains.add(near, first)

    def remove_last(self, text: bytes, uri: str) -> bool:
        """Undo the last `add` of `text` from a document; return whether it was the last text added.

        The log is as if the text had never been added.
        """
        last = self.last()
        if not text or last is None or last.uri != uri or not last.text.endswith(text):
            return False
        log = bytes(self._log[-len(text) - COMPARED_BYTES :])
        for chains in self._chains:
            chains.remove(log)
        del self._log[-len(text) :]
        self._count -= len(text)
        return True

    def find(self, tail: bytes) -> list[tuple[int, int]]:
        """Return (bytes of context in common, byte that followed) of the matches of `tail`."""
        return [(length, self._log[place]) for place, length in self.places(tail).items()]

    def places(self, tail: bytes) -> dict[int, int]:
        """Return the places that match the end of `tail`, with the bytes of context in common.

        Matches of long contexts come first, then the newest.
        """
        context = _context(tail)
        # As little-endian numbers, the last byte is the most significant one: the leading zeros of
        # the XOR are the bytes in common, counted backwards from the cursor.
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

    def newest_after(self, text: bytes, limit: int) -> Iterator[tuple[int, int]]:
        """Yield the byte before and the place after the newest occurrences of `text`, up to a
        `limit`, newest first.
        """
        log, at = self._log, len(self._log)
        for _ in range(limit):
            at = log.rfind(text, 0, at + len(text) - 1)
            if at <= 0:  # the log begins with a context
                return
            yield log[at - 1], at + len(text)

    def pieces(self) -> Iterator[Piece]:
        """Yield all pieces of the log, the oldest first."""
        return map(self._piece, range(len(self._pieces)))

    def piece(self, place: int) -> Piece:
        """Return the piece that holds a place."""
        return self._piece(bisect_right(self._pieces, place, key=lambda piece: piece[0]) - 1)

    def last(self) -> Piece | None:
        """Return the newest piece, if there is any."""
        return self._piece(len(self._pieces) - 1) if self._pieces else None

    def _piece(self, number: int) -> Piece:
        first, uri, before = self._pieces[number]
        end = (
            self._pieces[number + 1][0] - COMPARED_BYTES
            if number + 1 < len(self._pieces)
            else len(self._log)
        )
        return Piece(first, uri, before, bytes(self._log[first:end]))

    def occurrences(self, before: bytes, byte: int) -> list[int]:
        """Return all places where `byte` follows the last `COMPARED_BYTES` bytes of `before`."""
        found, end, chains = [], before[-COMPARED_BYTES:], self._chains[-1]
        place = chains.newest(_context(before))
        while place:
            if self._log[place] == byte and self._log[place - len(end) : place] == end:
                found.append(place)
            place = chains.before[place]
        return found

    def without(self, removed: Collection[int]) -> MatchHistory:
        """Return the log that would be there if these places had never been added."""
        if not removed:
            return self
        other, places = MatchHistory(), sorted(removed)
        for first, uri, before, text in self.pieces():
            # Add the runs between the removed places.
            start, end = first, first + len(text)
            for stop in [*places[bisect_left(places, start) : bisect_left(places, end)], end]:
                if start < stop:
                    other.add(
                        before + text[: start - first], text[start - first : stop - first], uri
                    )
                start = stop + 1
        return other


def _context(tail: bytes) -> bytes:
    """Return the last `COMPARED_BYTES` bytes, padded with END_OF_TEXT before a document."""
    return tail[-COMPARED_BYTES:].rjust(COMPARED_BYTES, b"\xff")
