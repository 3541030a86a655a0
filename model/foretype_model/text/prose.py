"""What a writer of prose wants otherwise: whole words and sentences, and peace inside of a word."""

from __future__ import annotations

from typing import Final

import regex

from foretype_model.text.grammar import UNSPACED_SCRIPTS, WORD_CHARACTER

PROSE_SUFFIXES: Final = (
    "adoc", "asciidoc", "fountain", "htm", "html", "markdown", "md", "mdx", "norg", "org", "qmd",
    "rst", "tex", "text",
    "textile", "txt", "typ", "wiki",
)  # fmt: skip

NON_PROSE_PATTERNS: Final = ("*", "!*/", *(f"!*.{suffix}" for suffix in PROSE_SUFFIXES))
"""Patterns, as in a ``.gitignore``, of what is not learnt from: every file that is not named as
prose is.
"""

MIN_CONTINUE_PROBABILITY: Final = 0.5
"""A word that is less likely than this to go on is right as it stands, and no ending is offered for
it.
"""

_APOSTROPHES: Final = "'’"
_SENTENCE_END: Final = regex.compile(r"[.!?…。！？｡।؟][\"'\p{Pe}\p{Pf}\p{Pi}]*\Z")
_MAX_END_BYTES: Final = 16
"""Bytes of a sentence's end at most: a code point or two, and its quotes."""


def is_inside_word(before: bytes, after: bytes) -> bool:
    """Whether a cursor between the two stands inside a word; scripts without spaces have no
    inside.
    """
    left, right = _last_character(before), after[:8].decode(errors="ignore")
    if right[:1] in _APOSTROPHES:
        right = right[1:]
    return all(_is_spaced_word(character) for character in (left, right[:1]))


def is_after_word(before: bytes) -> bool:
    """Whether a word stands right before the cursor."""
    return _is_spaced_word(_last_character(before))


def ends_sentence(text: bytes) -> bool:
    """Whether a sentence may end with `text`; not whether it does: "Mr." may be anything."""
    return bool(_SENTENCE_END.search(text[-_MAX_END_BYTES:].decode(errors="ignore")))


def has_word(text: str) -> bool:
    """Whether there is more in `text` than punctuation."""
    return bool(WORD_CHARACTER.search(text))


def _last_character(text: bytes) -> str:
    return text[-8:].decode(errors="ignore")[-1:]


def _is_spaced_word(character: str) -> bool:
    return bool(WORD_CHARACTER.match(character)) and not UNSPACED_SCRIPTS.match(character)
