"""Text as it was typed, newest last, found again by the bytes before any place in it.

What an index is to a workspace, this is to the document at hand: it grows by a byte in a microsecond.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

WIDTH: Final = 16
"""Bytes of context that are compared."""

TOP: Final = 8 * (WIDTH - 1)
KEYS: Final = ((6, 24), (3, 12))
"""Bytes that a place is filed under, and how many of the newest places are looked at: long contexts first."""


def context_of(tail: bytes) -> int:
    """The last `WIDTH` bytes as one number, the last byte on top: alike contexts agree from the top down."""
    return int.from_bytes(tail[: -WIDTH - 1 : -1].ljust(WIDTH, b"\xff"), "big")


class Recent:
    """A log of text. What is added once stays; make a new one to forget."""

    def __init__(self) -> None:
        self._following = bytearray()
        self._contexts: list[int] = []
        self._places: tuple[defaultdict[int, list[int]], ...] = tuple(defaultdict(list) for _ in KEYS)

    def __len__(self) -> int:
        return len(self._following)

    def add(self, before: bytes, text: bytes) -> None:
        """Take in `text`, which stands after `before` (its last bytes are enough)."""
        context = context_of(before)
        for byte in text:
            place = len(self._contexts)
            self._following.append(byte)
            self._contexts.append(context)
            for (length, _), places in zip(KEYS, self._places, strict=True):
                places[context >> 8 * (WIDTH - length)].append(place)
            context = (context >> 8) | (byte << TOP)

    def find(self, context: int) -> list[tuple[int, int]]:
        """(bytes of context in common, byte that followed) of places like this one, the newest first."""
        found: dict[int, int] = {}
        for (length, most), places in zip(KEYS, self._places, strict=True):
            key = context >> 8 * (WIDTH - length)
            if key in places:
                for place in places[key][: -most - 1 : -1]:
                    if place not in found:
                        found[place] = WIDTH - ((self._contexts[place] ^ context).bit_length() + 7) // 8
        return [(length, self._following[place]) for place, length in found.items()]
