"""The tokens of the n-gram model: words, and the separators between them.

A word is a run of letters, marks, digits and underscores, with apostrophes inside ("don't"). All
between two words is one separator; a single space is the usual one and no token of its own. So "Hi,
you all" is the three words and the separator ", ". Characters of scripts that put no space between
words belong to separators, which are then unknown: the model says nothing about Japanese, Chinese
and Thai.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import regex

from foretype_model.text.grammar import UNSPACED_RANGES, UNSPACED_SCRIPTS

UNKNOWN_WORD, UNKNOWN_SEPARATOR, START = range(3)
"""Numbers of the tokens without text: any other word or separator, and the start of a text."""

FIRST_SEPARATOR: Final = 3
"""Separators are numbered from here, in the order of their bytes; then come the words, likewise."""

APOSTROPHES: Final = ("'", "’")

SOFT_BREAK_COLUMN: Final = 40
"""A line of at least so many characters may have been broken by an editor: the single line feed at
its end counts as a space.
"""

MAX_TOKEN_BYTES: Final = 60
"""Bytes of a known token, at most."""

_WORD: Final = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{UNSPACED_RANGES}]]"
_OTHER: Final = rf"[[^\p{{L}}\p{{M}}\p{{N}}_]||[{UNSPACED_RANGES}]]"
_TOKEN: Final = regex.compile(rf"{_WORD}+(?:['’]{_WORD}+)*+|{_OTHER}+", regex.V1)
_WORD_CHARACTER: Final = regex.compile(_WORD, regex.V1)
_SOFT_BREAK: Final = regex.compile(
    rf"(?<=[^\n]{{{SOFT_BREAK_COLUMN}}}(?<!\s))\n(?={_WORD})", regex.V1
)


def tokenize(text: str) -> Iterator[str]:
    """Yield the words and separators of a text, without single spaces, soft breaks as spaces."""
    return (token for token in _TOKEN.findall(_SOFT_BREAK.sub(" ", text)) if token != " ")


@lru_cache(4096)
def is_word_character(character: str) -> bool:
    """Return whether a character belongs to a word wherever it stands."""
    return bool(_WORD_CHARACTER.match(character))


@lru_cache(4096)
def is_unspaced(character: str) -> bool:
    """Return whether a character's script puts no space between words."""
    return bool(UNSPACED_SCRIPTS.match(character))


def is_word(token: str) -> bool:
    """Return whether a token is a word, not a separator."""
    return is_word_character(token[0])


def context_class(separator: str) -> str | None:
    """Return the separator that an unknown one counts as: one with as many line feeds, or none."""
    breaks = min(separator.count("\n"), 2)
    return "\n" * breaks if breaks else None
