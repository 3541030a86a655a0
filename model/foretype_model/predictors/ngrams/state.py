"""A place in a text, as the n-gram model sees it; read byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from foretype_model.predictor import END_OF_TEXT, VOCABULARY
from foretype_model.predictors.ngrams.query import Query
from foretype_model.predictors.ngrams.tokens import (
    APOSTROPHES,
    MAX_TOKEN_BYTES,
    SOFT_BREAK_COLUMN,
    START,
    UNKNOWN_SEPARATOR,
    is_unspaced,
    is_word_character,
)

OPAQUE: Final = b"\xff"
"""Stands for a word or separator longer than all known ones, and for characters of scripts without
spaces. The state forgets the tokens before it, so that it depends on few bytes.
"""

_APOSTROPHES: Final = tuple(character.encode() for character in APOSTROPHES)

_IS_WORD: Final = [byte < 0x80 and is_word_character(chr(byte)) for byte in range(VOCABULARY)]
_IS_PLAIN: Final = [byte < 0x80 and chr(byte) not in {"'", "\n"} for byte in range(VOCABULARY)]
"""Bytes that are a character each, with no rule of their own."""

Numbers = Callable[[bytes, bytes], int]
"""The number in contexts of a token, given the bytes of a word and of a separator, one empty."""


class NgramState(NamedTuple):
    """The end of a text; the fields of `Query`, and the column.

    Attributes:
        column: characters since the last line feed, up to SOFT_BREAK_COLUMN.
    """

    before: int
    last: int
    word: bytes
    separator: bytes
    pending: bytes
    soft: bytes
    column: int

    def query(self) -> Query:
        """Return the query for the next byte at this place."""
        return Query(*self[:6], may_break=self.column >= SOFT_BREAK_COLUMN)


EMPTY: Final = NgramState(START, START, b"", b"", b"", b"", 0)


def after(state: NgramState, byte: int, numbers: Numbers) -> NgramState:
    """Return the state after one more byte."""
    before, last, word, separator, pending, _soft, column = state
    # The usual cases, in a microsecond: a word begins, goes on, or ends at an ASCII character.
    if word and not pending and _IS_PLAIN[byte]:
        column = column + 1 if column < SOFT_BREAK_COLUMN else column
        character = bytes((byte,))
        if not _IS_WORD[byte]:
            return NgramState(last, numbers(word, b""), b"", character, b"", b"", column)
        if len(word) < MAX_TOKEN_BYTES and word != OPAQUE:
            return NgramState(before, last, word + character, b"", b"", b"", column)
    if separator == b" " and not pending and _IS_WORD[byte]:
        column = column + 1 if column < SOFT_BREAK_COLUMN else column
        return NgramState(before, last, bytes((byte,)), b"", b"", b"", column)
    if byte == END_OF_TEXT:
        return EMPTY
    return _after_part(state, bytes((byte,)), numbers)


def _after_part(state: NgramState, part: bytes, numbers: Numbers) -> NgramState:
    """Return the state after a byte, which may be part of a character."""
    held = _apostrophe(state)
    unfinished = state.pending[len(held) :]
    state = state._replace(pending=held)
    if unfinished and part[0] & 0xC0 != 0x80:  # the character before was never finished
        return _after_part(_after_character(state, unfinished, numbers), part, numbers)
    character = unfinished + part
    if len(character) < _length(character[0]):
        return state._replace(pending=held + character)
    return _after_character(state, character, numbers)


def _apostrophe(state: NgramState) -> bytes:
    """Return the apostrophe that is pending after a word, or nothing."""
    return next((a for a in _APOSTROPHES if state.word and state.pending.startswith(a)), b"")


def _length(first: int) -> int:
    """Return the bytes of a character, by its first one; 1 for bytes that begin none."""
    return 1 if first < 0xC2 or first > 0xF4 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4


def _after_character(state: NgramState, character: bytes, numbers: Numbers) -> NgramState:
    """Return the state after a whole character; an apostrophe may be pending before it."""
    text = character.decode(errors="replace")
    column = 0 if character == b"\n" else min(state.column + 1, SOFT_BREAK_COLUMN)
    if is_word_character(text):
        before, last = (state.before, state.last) if state.word else _contexts(state, numbers)
        word = state.word + state.pending + character
        return _bounded(NgramState(before, last, word, b"", b"", b"", column))
    if state.word and not state.pending and character in _APOSTROPHES:
        return state._replace(pending=character, column=column)
    if state.word:
        last = numbers(state.word, b"")
        state = NgramState(state.last, last, b"", state.pending, b"", b"", state.column)
    if is_unspaced(text):
        return _bounded(state._replace(separator=OPAQUE, column=column))
    separator = state.separator + character
    soft = state.separator + b" " if _is_soft_break(state, character) else b""
    return _bounded(NgramState(state.before, state.last, b"", separator, b"", soft, column))


def _is_soft_break(state: NgramState, character: bytes) -> bool:
    before = state.separator
    return (
        character == b"\n"
        and state.column >= SOFT_BREAK_COLUMN
        and not before.endswith((b" ", b"\t", b"\n"))
        and b"\n" not in before
    )


def _contexts(state: NgramState, numbers: Numbers) -> tuple[int, int]:
    """Return the last two tokens where a word begins after the separator of `state`."""
    separator = state.soft or state.separator
    if separator in {b"", b" "} or separator.startswith(OPAQUE):
        return state.before, state.last
    return state.last, numbers(b"", separator)


def _bounded(state: NgramState) -> NgramState:
    """Return the state, or one that has forgotten the text if a token is too long."""
    is_opaque = state.word.startswith(OPAQUE) or state.separator.startswith(OPAQUE)
    if not is_opaque and len(state.word) + len(state.separator) <= MAX_TOKEN_BYTES:
        return state
    word, separator = (OPAQUE, b"") if state.word else (b"", OPAQUE)
    return NgramState(UNKNOWN_SEPARATOR, UNKNOWN_SEPARATOR, word, separator, b"", b"", state.column)
