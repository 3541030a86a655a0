"""Brackets and quotes in a part of a line: those that it closes itself, and those that it does not.

The rules hold for most languages, as they know no grammar: brackets match by kind, a quote begins a
string only if its partner follows, and an apostrophe between letters is no quote.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import regex

PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
QUOTES: Final = frozenset("\"'`")
CLOSERS: Final = frozenset(PAIRS.values()) | QUOTES

_MARK: Final = regex.compile(r"\\.|[()\[\]{}\"'`]")
_STRING: Final = {mark: regex.compile(rf"(?:\\.|[^\\\n{mark}])*{mark}") for mark in QUOTES}
_APOSTROPHE: Final = regex.compile(r"(?<!\b(?i:[rbuf]{1,2}))(?<=\w)'(?=\w)")

CLOSING_MARKS: Final = ".,;:!?…)]}>\"'’”»"
"""Marks at the end of a text that make no other item of it."""

OPENING_BRACKETS: Final = {closing: opening for opening, closing in PAIRS.items()} | {">": "<"}


class Mark(NamedTuple):
    """A bracket or quote, and its place in the text."""

    start: int
    character: str


def find_marks(text: str, start: int = 0, *, apostrophes: bool = False) -> Iterator[Mark]:
    """Yield the brackets and quotes from `start` on, without escaped ones; with the `apostrophes`
    between letters if these may be quotes.
    """
    for found in _MARK.finditer(text, start):
        at = found.start()
        is_escaped = len(found[0]) > 1
        if not is_escaped and (apostrophes or not _APOSTROPHE.match(text, at)):
            yield Mark(at, found[0])


def string_end(text: str, mark: Mark) -> int:
    """Return the index after the string that begins with a quote; after the quote if its partner
    does not follow.
    """
    start = mark.start + 1
    found = _STRING[mark.character].match(text, start)
    return found.end() if found else start


def unmatched(text: str) -> tuple[list[str], list[str]]:
    """Return the closing brackets without an opening one in `text`, and the closing brackets that
    its unclosed brackets need, the innermost last. Brackets in whole strings do not count.
    """
    closing, needed, end = list[str](), list[str](), 0
    for mark in find_marks(text):
        if mark.start < end:
            continue
        if mark.character in QUOTES:
            end = string_end(text, mark)
        elif mark.character in PAIRS:
            needed.append(PAIRS[mark.character])
        elif needed and needed[-1] == mark.character:
            needed.pop()
        else:
            closing.append(mark.character)
    return closing, needed


def has_odd_quotes(text: str, quote: str) -> bool:
    """Return whether `quote` stands in `text` an odd number of times."""
    return sum(mark.character == quote for mark in find_marks(text)) % 2 == 1


def is_only_closers(text: str) -> bool:
    """Return whether `text` is nothing but closing marks and white space."""
    return all(character in CLOSERS or character.isspace() for character in text)


def without_closing_marks(text: str) -> str:
    """Return `text` up to the closing marks at its end, except brackets that it has opened."""
    end = len(text)
    while end > 1 and text[end - 1] in CLOSING_MARKS:
        opening = OPENING_BRACKETS.get(text[end - 1])
        if opening and text.count(opening, 0, end) >= text.count(text[end - 1], 0, end):
            break
        end -= 1
    return text[:end]
