"""What is scored: a stretch of a text, with what stands before and after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

At = Literal["end", "middle"]
"""Where one types: a new text, from its start; or the middle third of one that is there already."""


@dataclass(frozen=True)
class Passage:
    """`typed` is scored, standing between `before` and `after`; lines end in a line feed alone."""

    before: str
    typed: str
    after: str

    @classmethod
    def of(cls, text: str, at: At, max_characters: int) -> Passage:
        """The first `max_characters` of `text`; or, of three times as many, the middle third,
        between the others.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if at == "end":
            return cls("", text[:max_characters], "")
        text = text[: 3 * max_characters]
        start, end = len(text) // 3, 2 * len(text) // 3
        return cls(text[:start], text[start:end], text[end:])


def free_indentation(before: str, rest: str) -> str:
    """The white space at the start of `rest` that an editor puts there by itself after `before`.

    That is what a new line's indentation has in common with that of the last line that isn't blank.
    """
    if not before.endswith("\n"):
        return ""
    above = next((line for line in reversed(before.split("\n")) if line.strip()), "")
    both = zip(_indentation(above), _indentation(rest), strict=False)
    return "".join(want for want, _ in takewhile(lambda pair: pair[0] == pair[1], both))


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


FIRST_WORD = re.compile(r"\s*(?:\w+|[^\w\s]+)")
"""What the keys that take one word of a ghost text take."""
