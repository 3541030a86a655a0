"""Git's wildcard patterns (``wildmatch.c``), matched in bounded time.

A pattern comes from whoever wrote the repository. A regular expression that backtracks takes
exponential time for some: sixteen ``*a`` against a name of sixty letters never ended. Here each
part between two stars is an atomic group, matched at its first place. That loses no match, for the
next star takes up the difference; so n bytes of text and a pattern of m bytes take O(n m).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from foretype_model.files.wildmatch_parser import (
    ALL_BYTES,
    Item,
    Parser,
    PatternError,
    Star,
    is_literal,
)

COMPILE_COST: Final = 15
"""Steps to compile a byte of a pattern (4 us); to parse it takes one."""


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

    Most texts are refused by the literal bytes of the pattern, in 0.2 us. For the first of the
    others the pattern is parsed (0.3 us a byte), and for the first that this does not refuse it
    becomes a regular expression (0.1 ms).

    Args:
        pattern: as in a ``.gitignore``, without the ``!`` before it.
        is_path: ``*`` and ``?`` match no slash, and ``**`` matches whole folders.
        ignore_case: ASCII letters match in either case; the texts must be in lower case.

    Attributes:
        start: the literal bytes that each matching text begins with.
        end: the literal bytes that each matching text ends with.
    """

    __slots__ = (
        "_ignore_case", "_is_parsed", "_is_path", "_middle", "_min_bytes", "_regex", "_wild", "end",
        "start",
    )  # fmt: skip

    def __init__(self, pattern: bytes, *, is_path: bool, ignore_case: bool) -> None:
        self._is_path, self._ignore_case = is_path, ignore_case
        literals = _required_literals(pattern.lower() if ignore_case else pattern)
        self.start, self._middle, self.end = literals
        self._wild = pattern[len(self.start) :]
        self._min_bytes = _min_bytes(pattern)
        self._is_parsed = False
        self._regex: re.Pattern[bytes] | None = None

    def matches(self, text: bytes, budget: StepBudget) -> bool:
        """Return whether the whole text matches; raise OutOfStepsError."""
        budget.left -= 1
        if not self._may_match(text):
            return False
        if not self._is_parsed:
            budget.spend(len(self._wild))
            self._parse()
            if not self._may_match(text):
                return False
        if self._regex is None:
            budget.spend(COMPILE_COST * len(self._wild))
            self._regex = _compile(self._items())
        budget.spend(len(self._wild) * len(text) >> 10)
        return self._regex.match(text, len(self.start)) is not None

    def _may_match(self, text: bytes) -> bool:
        return (
            text.startswith(self.start)
            and text.endswith(self.end)
            and len(text) >= self._min_bytes
            and self._middle in text
        )

    def _parse(self) -> None:
        """Find out more of the bytes that each matching text has."""
        self._is_parsed = True
        try:
            items = self._items()
        except PatternError:
            self._min_bytes = sys.maxsize
            return
        self._min_bytes = len(self.start) + sum(not isinstance(item, Star) for item in items)
        runs = [
            b"".join(bytes(item) for item in run if is_literal(item))
            for _, run in groupby(items, is_literal)
        ]
        self._middle = max(runs, key=len, default=b"")

    def _items(self) -> list[Item]:
        return Parser(self._wild, self._is_path, self._ignore_case).parse().items


def faults(pattern: bytes, *, is_path: bool) -> list[str]:
    """Return the errors in a pattern, of which git says nothing."""
    try:
        wild = pattern[len(literal_prefix(pattern)) :]
        return Parser(wild, is_path, ignore_case=False).parse().faults
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


# The regular expression

_ANY_BEFORE: Final = {Star.ANYTHING: b".*?", Star.FOLDERS: b"(?:[^/]*+/)*?"}


def _compile(items: Sequence[Item]) -> re.Pattern[bytes]:
    """Return an expression for the part of a pattern from its first wildcard on."""
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
        others = b"".join(b"\\x%02x" % byte for byte in sorted(ALL_BYTES - members))
        return b"[^%b]" % others if others else b"."
    return b"[%b]" % b"".join(b"\\x%02x" % byte for byte in sorted(members))
