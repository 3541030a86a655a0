"""Parses git's wildcard patterns, as ``dowild`` in ``wildmatch.c`` reads them."""

from __future__ import annotations

import string
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias, TypeGuard


class PatternError(Exception):
    """A pattern matches nothing, because of an error in it."""


class Star(Enum):
    """Parts of a pattern that match any number of bytes."""

    IN_FOLDER = "bytes other than a slash"
    ANYTHING = "bytes"
    FOLDERS = "whole folders, each with its slash"


Item: TypeAlias = frozenset[int] | Star
"""A part of a pattern: the bytes, one of which is matched, or a star."""


def is_literal(item: Item) -> TypeGuard[frozenset[int]]:
    """Return whether an item is matched by one byte alone."""
    return not isinstance(item, Star) and len(item) == 1


ALL_BYTES: Final = frozenset(range(256))
_STAR, _ANY, _SLASH, _BACKSLASH, _OPEN, _CLOSE, _COLON, _DASH = b"*?/\\[]:-"


def _ascii(characters: str) -> frozenset[int]:
    return frozenset(characters.encode("ascii"))


_CLASSES: Final = {
    b"alnum": _ascii(string.ascii_letters + string.digits),
    b"alpha": _ascii(string.ascii_letters),
    b"blank": _ascii(" \t"),
    b"cntrl": frozenset({*range(32), 127}),
    b"digit": _ascii(string.digits),
    b"graph": frozenset(range(33, 127)),
    b"lower": _ascii(string.ascii_lowercase),
    b"print": frozenset(range(32, 127)),
    b"punct": _ascii(string.punctuation),
    b"space": _ascii(" \t\n\r"),  # git's table has no vertical tab and no form feed here
    b"upper": _ascii(string.ascii_uppercase),
    b"xdigit": _ascii(string.hexdigits),
}


@dataclass
class Parser:
    """Reads the part of a pattern from its first wildcard on.

    Attributes:
        at: the next byte to read.
        faults: errors that a match is possible with.
    """

    pattern: bytes
    is_path: bool
    ignore_case: bool
    at: int = 0
    items: list[Item] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def parse(self) -> Parser:
        """Read all items; raise PatternError if no text can match."""
        while self.at < len(self.pattern):
            byte = self.pattern[self.at]
            if byte == _STAR:
                self.items.append(self._star())
                continue
            if byte == _OPEN:
                self.items.append(self._one_of(self._class()))
            else:
                self.items.append(self._one_of(ALL_BYTES) if byte == _ANY else self._literal())
            self.at += 1
        return self

    def _byte(self, fault: str) -> int:
        if self.at == len(self.pattern):
            raise PatternError(fault)
        return self.pattern[self.at]

    def _literal(self) -> frozenset[int]:
        byte = self.pattern[self.at]
        if byte == _BACKSLASH:
            self.at += 1
            return frozenset((self._byte("it ends in a backslash"),))
        return frozenset(bytes((byte,)).lower() if self.ignore_case else (byte,))

    def _one_of(self, members: frozenset[int]) -> frozenset[int]:
        members = members - {_SLASH} if self.is_path else members
        if not members:
            raise PatternError(*(self.faults or ["its [] matches nothing"])[-1:])
        return members

    def _star(self) -> Star:
        """Read a run of stars, and the slash after it that `Star.FOLDERS` covers."""
        start, pattern = self.at, self.pattern
        while pattern[self.at : self.at + 1] == b"*":
            self.at += 1
        after = pattern[self.at : self.at + 2]
        if (
            not self.is_path
            or self.at - start == 1
            or pattern[:start][-1:] not in (b"", b"/")
            or not (after[:1] in (b"", b"/") or after == b"\\/")
        ):
            return Star.IN_FOLDER
        if after[:1] != b"/":
            return Star.ANYTHING
        self.at += 1
        return Star.FOLDERS

    def _class(self) -> frozenset[int]:
        """Read a class of characters up to its closing bracket."""
        self.at += 1
        negated = self._next_of_class() in b"!^"
        self.at += negated
        members: set[int] = set()
        previous = 0  # the byte that may begin a range
        while True:
            previous = self._member(members, previous)
            self.at += 1
            if self._next_of_class() == _CLOSE:
                break
        return ALL_BYTES - members if negated else frozenset(members)

    def _next_of_class(self) -> int:
        return self._byte("its [ is not closed")

    def _member(self, members: set[int], previous: int) -> int:
        """Add the next members of a class; return the byte that may begin a range, or 0."""
        byte = self._next_of_class()
        following = self.pattern[self.at + 1 : self.at + 2]
        if byte == _DASH and previous and following not in (b"", b"]"):
            self.at += 1
            members.update(self._either_case(self._range(previous)))
            return 0
        if byte == _OPEN and following == b":":
            end = self.pattern.find(b"]", self.at + 2)
            if end < 0:
                raise PatternError("its [ is not closed")
            if end > self.at + 2 and self.pattern[end - 1] == _COLON:
                name = self.pattern[self.at + 2 : end - 1]
                members.update(self._either_case(self._named_class(name)))
                self.at = end
                return 0
        byte = self._escaped()
        members.add(byte)
        return byte

    def _escaped(self) -> int:
        if self._next_of_class() == _BACKSLASH:
            self.at += 1
        return self._next_of_class()

    def _either_case(self, members: Collection[int]) -> set[int]:
        """Return the members, and the lower case of capitals; git does so in ranges and names."""
        capitals = _CLASSES[b"upper"].intersection(members if self.ignore_case else ())
        return {*members, *(byte + 32 for byte in capitals)}

    def _range(self, first: int) -> range:
        last = self._escaped()
        if first > last:
            self.faults.append(f"its range {chr(first)}-{chr(last)} is in the wrong order")
        return range(first, last + 1)

    def _named_class(self, name: bytes) -> frozenset[int]:
        if name not in _CLASSES:
            raise PatternError(f"it has no known class [:{name.decode(errors='replace')}:]")
        return _CLASSES[name]
