"""Characters that a reader cannot see, or that reorder the text around them.

Boucher and Anderson 2021, "Trojan Source: Invisible Vulnerabilities", hide code behind them. The
classes are those of the Unicode Character Database (UAX #44).
"""

from __future__ import annotations

from typing import Final

import regex

CONTEXT_CHARACTERS: Final = 4
"""Characters before a text that decide about its first ones: an emoji, its selector, its tone."""

_UNSEEN: Final = regex.compile(
    r"[[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\N{BRAILLE PATTERN BLANK}]--[\t\n]]",
    regex.V1,
)
"""Control, format, unassigned and private characters, line and paragraph separators, and those that
fonts draw as nothing.
"""

_JOINING_LETTER: Final = (
    r"[[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}"
    r"\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Myanmar}\p{Khmer}]&&[\p{L}\p{M}]]"
)
_PICTURE: Final = r"\p{Extended_Pictographic}"

_SHAPING: Final = regex.compile(
    # Joiners between two letters (the Unicode Standard, 23.2), and between two emoji (UTS #51).
    rf"(?<={_JOINING_LETTER})[\u200c\u200d](?={_JOINING_LETTER})"
    rf"|(?<={_PICTURE}[\ufe0f\p{{Emoji_Modifier}}]?)\u200d(?={_PICTURE})"
    # Variation selectors after a character that has variants.
    rf"|(?<={_PICTURE})[\ufe0e\ufe0f]|(?<=[0-9#*])\ufe0f(?=\u20e3)"
    r"|(?<=\p{Han})[\U000e0100-\U000e01ef]|(?<=\p{Mongolian})[\u180b-\u180d\u180f]",
    regex.V1,
)
"""Unseen characters that shape their neighbours, where these need them."""

_SEEN_SPACE: Final = frozenset(" \t\n")
"""White space that the menu shows by a sign when it stands alone."""


def is_visible(text: str, before: str = "") -> bool:
    """Return whether a reader sees all of `text` after `before`: something is drawn, and no
    character is unseen, except those that shape their neighbours.
    """
    if text.isascii() and text.isprintable():
        return bool(text)
    context = before[-CONTEXT_CHARACTERS:]
    whole = context + text
    unseen = [one.start() for one in _UNSEEN.finditer(whole, len(context))]
    if not all(_SHAPING.match(whole, place) for place in unseen):
        return False
    drawn = len(text) > len(unseen) and not text.isspace()
    return drawn or text in _SEEN_SPACE
