"""Lines that a suggestion repeats.

Generation by the most probable byte falls into loops (Holtzman et al. 2020, "The Curious Case of
Neural Text Degeneration"), and each round makes the next one more probable.
"""

from __future__ import annotations

from typing import Final

RECENT_LINES: Final = 8
"""Lines before a line with which it is compared."""

MIN_REPEATED_BYTES: Final = 8
"""Bytes of a repetition at least, without white space at its ends: closing brackets and ``pass``
are none.
"""


def first_repeated_line(text: bytes, before: bytes) -> int:
    """Return the end of the suggestion `text` before its first line that repeats one of the lines
    before it, or the length of `text`.

    The first line of `text` continues a line of the user, and is no repetition.
    """
    whole = before.split(b"\n")[-RECENT_LINES:]
    first, *lines = text.split(b"\n")
    recent = [*whole[:-1], whole[-1] + first]
    end = len(first)
    for line in lines:
        if len(line.strip()) >= MIN_REPEATED_BYTES and line in recent[-RECENT_LINES:]:
            return end
        recent.append(line)
        end += 1 + len(line)
    return len(text)
