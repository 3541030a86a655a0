"""Git's wildcard patterns (``wildmatch.c``), matched in bounded time.

A pattern comes from whoever wrote the repository. A regular expression that backtracks takes
exponential time for some: sixteen ``*a`` against a name of sixty letters never ended. Here each
part between two stars is an atomic group, matched at its first place. That loses no match, for the
next star takes up the difference; so n bytes of text and a pattern of m bytes take O(n m).
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

MAX_PATTERN_BYTES: Final = 65_536
"""Bytes of a text that a pattern may need at least; no system has longer paths."""

COMPILE_COST: Final = 10
"""Steps to compile a byte of a pattern (3 us)."""


class OutOfStepsError(Exception):
    """The patterns need more time than they may take."""


@dataclass
class StepBudget:
    """The steps that are left for patterns; a step is a failed comparison (0.3 us)."""

    left: int

    def spend(self, steps: int) -> None:
        """Take some steps; raise OutOfStepsError if too few are left."""
        self.left -= steps
        if self.left < 0:
            raise OutOfStepsError


class Wildcard:
    """A pattern that is compared with many texts.

    Most texts are refused by the literal bytes of the pattern, in 0.1 us. The others are compared
    with a regular expression, which is compiled for the first of them (0.1 ms).

    Args:
        pattern: as in a ``.gitignore``, without the ``!`` before it.
        is_path: ``*`` and ``?`` match no slash, and ``**`` matches whole folders.
        ignore_case: ASCII letters match in either case; the texts must be in lower case.

    Attributes:
        start: the literal bytes that each matching text begins with.
        end: the literal bytes that each matching text ends with.
    """

    __slots__ = (
        "_ignore_case", "_is_path", "_middle", "_min_bytes", "_regex", "_wild", "end", "start",
    )  # fmt: skip

    def __init__(self, pattern: bytes, *, is_path: bool, ignore_case: bool) -> None:
        self._is_path, self._ignore_case = is_path, ignore_case
        literals = _required_literals(pattern.lower() if ignore_case else pattern)
        self.start, self._middle, self.end = literals
        self._wild = pattern[len(self.start) :]
        self._min_bytes = _min_bytes(pattern)
        self._regex: re.Pattern[bytes] | None = None

    def matches(self, text: bytes, budget: StepBudget) -> bool:
        """Return whether the whole text matches; raise OutOfStepsError."""
        budget.left -= 1
        if not (
            text.startswith(self.start)
            and text.endswith(self.end)
            and len(text) >= self._min_bytes
            and self._middle in text
        ):
            return False
        if self._regex is None:
            budget.spend(COMPILE_COST * len(self._wild))
            self._regex = _compile(self._wild, self._is_path, self._ignore_case)
        budget.spend(len(self._wild) * len(text) >> 10)
        return self._regex.match(text, len(self.start)) is not None


def faults(pattern: bytes, *, is_path: bool) -> list[str]:
    """Return the errors in a pattern, of which git says nothing."""
    try:
        wild = pattern[len(literal_prefix(pattern)) :]
        return _Parser(wild, is_path, ignore_case=False).parse().faults
    except PatternError as error:
        return [str(error)]


# Literal bytes

_NO_LITERAL: Final = re.compile(rb"[*?\[\]\\]")
_WILDCARD: Final = re.compile(rb"[*?\[\\]")


def literal_prefix(pattern: bytes) -> bytes:
    """Return the bytes before the first wildcard, which git compares literally."""
    found = _WILDCARD.search(pattern)
    return pattern[: found.start()] if found else pattern


def _required_literals(pattern: bytes) -> tuple[bytes, bytes, bytes]:
    """Return bytes that each matching text begins with, contains and ends with."""
    start, parts = literal_prefix(pattern), _NO_LITERAL.split(pattern)
    # The slash after "**" may match nothing, and so does not count.
    end = parts[-1].removeprefix(b"/") if len(parts) > 1 else parts[-1]
    if len(parts) < 3 or b"[" in pattern:
        return start, b"", end
    return start, max((part.strip(b"/") for part in parts[1:-1]), key=len), end


def _min_bytes(pattern: bytes) -> int:
    """Return a number of bytes that each matching text has at least."""
    if b"[" in pattern:
        return 0
    return len(pattern) - sum(map(pattern.count, (b"*", b"\\", b"**/")))


# Parsing


class PatternError(Exception):
    """A pattern matches nothing, because of an error in it."""


class Star(Enum):
    """Parts of a pattern that match any number of bytes."""

    IN_FOLDER = "bytes other than a slash"
    ANYTHING = "bytes"
    FOLDERS = "whole folders, each with its slash"


Item: TypeAlias = frozenset[int] | Star
"""A part of a pattern: the bytes, one of which is matched, or a star."""

_ALL: Final = frozenset(range(256))
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
class _Parser:
    """Reads the part of a pattern from its first wildcard on, as ``dowild`` in git does.

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

    def parse(self) -> _Parser:
        """Read all items; raise PatternError if no text can match."""
        while self.at < len(self.pattern):
            byte = self.pattern[self.at]
            if byte == _STAR:
                self.items.append(self._star())
                continue
            if byte == _OPEN:
                self.items.append(self._one_of(self._class()))
            else:
                self.items.append(self._one_of(_ALL) if byte == _ANY else self._literal())
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
        return _ALL - members if negated else frozenset(members)

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


# The regular expression

_NEVER: Final = re.compile(b"(?!)")
_ANY_BEFORE: Final = {Star.ANYTHING: b".*?", Star.FOLDERS: b"(?:[^/]*+/)*?"}


def _compile(wild: bytes, is_path: bool, ignore_case: bool) -> re.Pattern[bytes]:
    """Return an expression for the part of a pattern from its first wildcard on."""
    try:
        items = _Parser(wild, is_path, ignore_case).parse().items
    except PatternError:
        return _NEVER
    if len(items) > MAX_PATTERN_BYTES:
        return _NEVER
    return re.compile(b"".join(_units(items)), re.DOTALL)


def _units(items: Sequence[Item]) -> Iterator[bytes]:
    """Yield expressions for the parts of a pattern that begin with a star over folders.

    All but the last are atomic: their first match ends first, and the next star takes the rest.
    """
    before, start = b"", 0
    for i, item in enumerate(items):
        if item is Star.ANYTHING or item is Star.FOLDERS:
            yield b"(?>%b%b)" % (before, b"".join(_segments(items[start:i], is_last=False)))
            before, start = _ANY_BEFORE[item], i + 1
    yield before + b"".join(_segments(items[start:], is_last=True))


def _segments(items: Sequence[Item], *, is_last: bool) -> Iterator[bytes]:
    """Yield expressions for the parts of a unit that begin with a star."""
    *first, last = _split(items)
    for i, segment in enumerate(first):
        yield b"(?>[^/]*?%b)" % segment if i else segment
    if first:
        last = b"[^/]*%b" % last if is_last else b"(?>[^/]*?%b)" % last
    yield last + rb"\Z" if is_last else last


def _split(items: Sequence[Item]) -> list[bytes]:
    """Return the expressions between the stars of a unit."""
    segments = [bytearray()]
    for item in items:
        if isinstance(item, Star):
            segments.append(bytearray())
        else:
            segments[-1] += _one_byte(item)
    return [bytes(segment) for segment in segments]


def _one_byte(members: frozenset[int]) -> bytes:
    if len(members) == 1:
        return re.escape(bytes(members))
    if len(members) > 128:
        others = b"".join(b"\\x%02x" % byte for byte in sorted(_ALL - members))
        return b"[^%b]" % others if others else b"."
    return b"[%b]" % b"".join(b"\\x%02x" % byte for byte in sorted(members))
