"""Rules for prose: whole words and sentences, and no candidates inside a word."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

import regex

from foretype_model.text.grammar import UNSPACED_SCRIPTS, WORD_CHARACTER

PROSE_SUFFIXES: Final = (
    "adoc", "asciidoc", "fountain", "htm", "html", "markdown", "md", "mdx", "norg", "org", "qmd",
    "rst", "tex", "text",
    "textile", "txt", "typ", "wiki",
)  # fmt: skip

PROSE_LANGUAGES: Final = frozenset(
    {"", "asciidoc", "asciidoctor", "context", "fountain", "fundamental", "git-commit", "gitcommit",
     "gfm", "help", "latex", "mail", "markdown", "mediawiki", "norg", "org", "pandoc", "plaintex",
     "plaintext", "quarto", "restructuredtext", "rmd", "rst", "scminput", "tex", "text", "textile",
     "typst"}
)  # fmt: skip
"""Language identifiers of prose in the Language Server Protocol and in editors."""

NON_PROSE_PATTERNS: Final = ("*", "!*/", *(f"!*.{suffix}" for suffix in PROSE_SUFFIXES))
"""Patterns, as in a ``.gitignore``, of the files that are not learnt from: all without a suffix of
prose.
"""

TAKES_SPACE_BACK: Final = ",.;:!?)]}\n"
"""Characters before which a client takes a smart space back. Quotes do so, too, if they close a
quotation.
"""

MIN_CONTINUE_PROBABILITY: Final = 0.5
"""If a word is less likely than this to continue, it is taken as complete, and no ending is
offered.
"""

_APOSTROPHES: Final = "'’"
_SENTENCE_END: Final = regex.compile(r"[.!?…。！？｡।؟][\"'\p{Pe}\p{Pf}\p{Pi}]*\Z")
_MAX_END_BYTES: Final = 16
"""Bytes of a sentence's end, at most: a code point or two, and its quotes."""


def is_code_file(name: str) -> bool:
    """Return whether a file has a suffix, and none of prose."""
    suffix = PurePath(name).suffix[1:].lower()
    return bool(suffix) and suffix not in PROSE_SUFFIXES


def is_inside_word(before: bytes, after: bytes) -> bool:
    """Return whether a cursor between the two texts is inside a word; never in scripts without
    spaces.
    """
    left, right = _last_character(before), after[:8].decode(errors="ignore")
    if right[:1] in _APOSTROPHES:
        right = right[1:]
    return all(_is_spaced_word(character) for character in (left, right[:1]))


def is_after_word(before: bytes) -> bool:
    """Return whether a word ends right before the cursor."""
    return _is_spaced_word(_last_character(before))


def is_at_name(before: bytes) -> bool:
    """Return whether a name of code goes on at the cursor, or begins after a dot."""
    return before.endswith(b".") or is_after_word(before)


def ends_sentence(text: bytes) -> bool:
    """Return whether a sentence may end with `text`: "Mr." may end one, too."""
    return bool(_SENTENCE_END.search(text[-_MAX_END_BYTES:].decode(errors="ignore")))


def has_word(text: str) -> bool:
    """Return whether `text` has a word character."""
    return bool(WORD_CHARACTER.search(text))


def _last_character(text: bytes) -> str:
    return text[-8:].decode(errors="ignore")[-1:]


def _is_spaced_word(character: str) -> bool:
    return bool(WORD_CHARACTER.match(character)) and not UNSPACED_SCRIPTS.match(character)
