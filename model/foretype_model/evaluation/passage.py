"""The passage of a text that is scored, with the text before and after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from foretype_model.text.indentation import leading_space
from foretype_model.text.prose import TAKES_SPACE_BACK

At = Literal["end", "middle"]
"""The place to type: a new text from its start, or the middle third of an existing one."""


@dataclass(frozen=True)
class Passage:
    """The text `typed` that is scored, between `before` and `after`. Lines end in LF.

    Attributes:
        name: of the file; its suffix tells a language server the language.
    """

    before: str
    typed: str
    after: str
    name: str = ""

    @classmethod
    def of(cls, text: str, at: At, max_characters: int, name: str = "") -> Passage:
        """Return the first `max_characters` of `text`, or of three times as many the middle third,
        between the other two.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if at == "end":
            return cls("", text[:max_characters], "", name)
        text = text[: 3 * max_characters]
        start, end = len(text) // 3, 2 * len(text) // 3
        return cls(text[:start], text[start:end], text[end:], name)


def free_indentation(before: str, rest: str) -> str:
    """Return the white space at the start of `rest` that an editor inserts itself after `before`.

    It is the common prefix of the new line's indentation and that of the last line not blank.
    """
    if not before.endswith("\n"):
        return ""
    above = next((line for line in reversed(before.split("\n")) if line.strip()), "")
    both = zip(leading_space(above), leading_space(rest), strict=False)
    return "".join(want for want, _ in takewhile(lambda pair: pair[0] == pair[1], both))


def typed_part(offer: str, rest: str) -> str:
    """Return what an accepted offer leaves of itself in a text that goes on with `rest`: "" if it
    is wrong, and the offer without its smart space if that is taken back.
    """
    if rest.startswith(offer):
        return offer
    body, follows = offer[:-1], rest[len(offer) - 1 : len(offer)]
    is_taken_back = offer.endswith(" ") and bool(follows) and follows in TAKES_SPACE_BACK
    return body if is_taken_back and rest.startswith(body) else ""


FIRST_WORD = re.compile(r"\s*(?:\w+|[^\w\s]+)")
"""The part of a ghost text that the key for one word accepts."""
