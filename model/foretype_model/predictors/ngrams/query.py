"""The question that a row of the n-gram model answers."""

from __future__ import annotations

from typing import NamedTuple


class Query(NamedTuple):
    """A place in a text: the tokens before it, and the bytes since they ended.

    Attributes:
        before, last: the last two tokens, as numbers in contexts.
        word: the bytes of the word at the place, or none.
        separator: the bytes after the last word, or none; never both.
        pending: bytes that belong to either: an apostrophe after a word, part of a character.
        soft: the separator that this one counts as, if a soft break may end it here; or none.
        may_break: whether a line feed here would be a soft break.
    """

    before: int
    last: int
    word: bytes
    separator: bytes
    pending: bytes
    soft: bytes
    may_break: bool
