"""Fits suggestions to the text after the cursor, so that an accepted one leaves nothing twice.

The text after the cursor is the likeliest continuation of the text before it, and useless as an
offer. So the end of a suggestion that already follows the cursor is cut off: words in the same
line, and whole lines below it.

Editors close brackets and quotes as they are opened. A closing mark in a suggestion that the
suggestion has not opened itself closes one before the cursor. If its partner already follows the
cursor, the suggestion replaces it, as typing it would, or stops before it in editors that cannot
replace text after the cursor.

The text after the cursor cuts suggestions, but does not rank them. Ranked by the probability of the
next 4 to 8 bytes after them, the first word is right 4 % more often if only that word is missing,
no more often if 12 more characters are missing, and 6 % less often if 700 are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import regex

from foretype_model.text import brackets
from foretype_model.text.brackets import CLOSERS, PAIRS, QUOTES, Mark
from foretype_model.text.grammar import UNSPACED_RANGES, WORD_CHARACTER
from foretype_model.text.indentation import indent_as_file
from foretype_model.text.utf8 import ends_on_grapheme

_TOKEN: Final = regex.compile(
    rf"[{UNSPACED_RANGES}]"
    r"|[\w\p{M}]+|[^\w\s]"
)
"""A word or a sign. In scripts without spaces, each character is a token."""

_LAST_WORD: Final = regex.compile(r"[\w\p{M}]*\Z")

MIN_WORD_REST: Final = 2
"""Characters after a cursor inside a word that a suggestion must end with, at least, to be cut: a
single letter ends many words.
"""


class Fit(NamedTuple):
    """A suggestion that fits.

    Attributes:
        text: the text to insert at the cursor.
        replaces_after: the characters after the cursor that `text` replaces: closing marks alone,
            in the cursor's line.
    """

    text: str
    replaces_after: int = 0


class _Token(NamedTuple):
    start: int
    text: str


@dataclass(frozen=True)
class AroundCursor:
    """The text on both sides of a cursor.

    Attributes:
        before: the text before the cursor; some kilobytes are enough.
        after: the text after the cursor; some lines are enough.
        can_replace: whether the editor can replace text after the cursor.
    """

    before: str
    after: str
    can_replace: bool = False

    def fit(self, text: str) -> Fit | None:
        """Return the part of `text` that adds to the text around the cursor; None for no part."""
        fitted = indent_as_file(text, self.before, self.after)
        fitted = fitted[: self._repeated_from(fitted)]
        fitted, replaced = self._without_closing_twice(fitted)
        if self._rest[:1].isspace():
            fitted = fitted.rstrip(" \t")
        fitted = self._without_next_line(fitted, replaced)
        if not fitted or (fitted != text and brackets.is_only_closers(fitted)):
            return None
        return Fit(fitted, replaced)

    # The parts of the text around the cursor:

    @cached_property
    def _line_before(self) -> str:
        return self.before.rpartition("\n")[2]

    @cached_property
    def _rest(self) -> str:
        """The rest of the line."""
        return self.after.partition("\n")[0]

    @cached_property
    def _next_line(self) -> str:
        """The next line that is not blank, without its indentation."""
        return self.after.partition("\n")[2].lstrip().partition("\n")[0].rstrip()

    @cached_property
    def _rest_tokens(self) -> list[_Token]:
        return _tokens(self._rest)

    @cached_property
    def _rest_has_word(self) -> bool:
        return any(WORD_CHARACTER.match(token.text) for token in self._rest_tokens)

    @cached_property
    def _closers(self) -> str:
        """The closing marks right after the cursor. A quote is one if only closing marks follow the
        cursor, as editors insert them, or if the cursor may be in a string: a quote of its kind is
        left open in the line before the cursor, or after it.
        """
        if brackets.is_only_closers(self._rest):
            return self._rest.partition(" ")[0]
        for index, mark in enumerate(self._rest):
            if mark not in CLOSERS or (mark in QUOTES and not self._is_in_string(mark)):
                return self._rest[:index]
        return self._rest

    def _is_in_string(self, quote: str) -> bool:
        return any(brackets.has_odd_quotes(text, quote) for text in (self._line_before, self._rest))

    @cached_property
    def _later_closers(self) -> list[str]:
        """The closing brackets further on in the line that close brackets before them; not if the
        rest begins inside a word, as the line is being written then.
        """
        if WORD_CHARACTER.match(self._rest):
            return []
        return brackets.unmatched(self._rest[len(self._closers) :])[0]

    @cached_property
    def _needed(self) -> list[str]:
        """The closing brackets that the line before the cursor needs, the innermost last."""
        return brackets.unmatched(self._line_before)[1]

    # The steps of `fit`:

    def _repeated_from(self, text: str) -> int:
        """Return the first index from which `text` repeats the beginning of the rest of the line,
        up to its own end or to the end of the rest, white space aside; else the length of `text`.
        """
        following, tokens = self._rest_tokens, _tokens(text)
        if self.after.startswith(text):
            return 0
        if not following:
            return len(text)
        if index := self._word_rest(tokens):
            return index
        for i, token in enumerate(tokens):
            shared = min(len(tokens) - i, len(following))
            same = all(tokens[i + j].text == following[j].text for j in range(shared))
            # A rest of signs alone is too short to be recognised inside a text.
            is_whole = shared == len(tokens) - i or self._rest_has_word
            closes = all(one.text in CLOSERS for one in following[:shared])
            splits = _is_closed_inside(text, token) or not ends_on_grapheme(text[: token.start])
            if same and is_whole and not closes and not splits:
                return token.start
        return len(text)

    def _word_rest(self, tokens: list[_Token]) -> int:
        """Return the index of the rest of the word that the cursor is in, if the suggestion ends
        this word; else 0.
        """
        if not tokens or not self._rest_tokens or self._rest_tokens[0].start:
            return 0
        (start, word), (_, rest) = tokens[0], self._rest_tokens[0]
        is_inside = (
            start == 0 and WORD_CHARACTER.match(rest) and WORD_CHARACTER.match(self.before[-1:])
        )
        ends = len(word) > len(rest) >= MIN_WORD_REST and word.endswith(rest)
        return len(word) - len(rest) if is_inside and ends else 0

    def _without_closing_twice(self, text: str) -> tuple[str, int]:
        """Return `text` up to the first mark that closes a bracket twice, and the number of closing
        marks after the cursor that it replaces.
        """
        end, over = self._closing_marks(text)
        if self._closers and not self.can_replace:
            # Not every editor knows an escaped quote from the end of a string.
            escaped = text.find("\\" + self._closers[0])
            end = min([escaped if escaped >= 0 else end, *over[:1], end])
            over = []
        # A suggestion that ends with the marks that follow the cursor can as well leave them alone.
        while over and not text[over[-1] + 1 : end].strip():
            end = over.pop()
        if text[end : end + 1] == "'" and WORD_CHARACTER.match(text, end + 1):
            end = len(text[:end]) - len(_LAST_WORD.search(text[:end])[0])  # inside "don't"
        return text[:end], len(over)

    def _closing_marks(self, text: str) -> tuple[int, list[int]]:
        """Return the index at which `text` must end, and the indices of the marks in it that are
        the closing marks right after the cursor.
        """
        inner, over, needed, start = list[str](), list[int](), list(self._needed), 0
        while mark := self._next_mark(text, start):
            index, character = mark
            start = index + 1
            if character in PAIRS:
                inner.append(PAIRS[character])
            elif inner and inner[-1] == character:
                inner.pop()
            elif self._closers.startswith(character, len(over)):
                over.append(index)
                needed = needed[:-1]
            elif character in QUOTES:
                start = brackets.string_end(text, mark)
            elif self._is_closed_later(character, needed, len(over)):
                return index, over
            else:
                needed = needed[:-1]
        return len(text), over

    def _next_mark(self, text: str, start: int) -> Mark | None:
        return next(brackets.find_marks(text, start, apostrophes="'" in self._closers), None)

    def _is_closed_later(self, bracket: str, needed: list[str], over: int) -> bool:
        """Return whether the bracket that `bracket` would close is closed further on in the line,
        or at the beginning of the next line.
        """
        if over < len(self._closers):
            return False
        if self._later_closers:
            return self._later_closers[0] == bracket and len(needed) <= len(self._later_closers)
        return not needed and self._next_line.startswith(bracket)

    def _without_next_line(self, text: str, replaced: int) -> str:
        """Return `text` without the line that would equal the next line, and all that follows it.

        Lines are compared without their indentation. Lines of closing brackets may be repeated.
        """
        if not self._next_line or brackets.is_only_closers(self._next_line):
            return text
        lines = text.split("\n")
        whole = [*lines[:-1], lines[-1] + self._rest[replaced:]]
        whole[0] = self._line_before + whole[0]
        for i, line in enumerate(whole):
            if line.strip() == self._next_line and lines[i].strip():
                return "\n".join(lines[:i])
        return text


def _tokens(text: str) -> list[_Token]:
    return [_Token(found.start(), found[0]) for found in _TOKEN.finditer(text)]


def _is_closed_inside(text: str, token: _Token) -> bool:
    """Return whether the token is a bracket that closes one in `text`."""
    needed, rest = (brackets.unmatched(text[: token.start + n])[1] for n in (0, 1))
    return len(rest) < len(needed)
