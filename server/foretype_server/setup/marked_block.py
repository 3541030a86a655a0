"""A marked block of lines in a text that belongs to somebody else: found, put in, taken out.

The text around the block keeps every byte, and taking the block out gives the text of before.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from foretype_model.errors import ForetypeError

START: Final = ">>> foretype setup"
END: Final = "<<< foretype setup"


@dataclass(frozen=True)
class Insertion:
    """Lines for a place in a text.

    Attributes:
        offset: the place, in characters.
        lines: the lines of the block, each ended by a line feed.
    """

    offset: int
    lines: str


@dataclass(frozen=True)
class Block:
    """A block in a text.

    Attributes:
        start: the offset of the block, with the line end that was added before it.
        end: the offset after it.
        lines: its lines without the marks.
        changed: whether they were changed since they were put in.
    """

    start: int
    end: int
    lines: str
    changed: bool


def find_block(text: str, comment: str) -> Block | None:
    """Return the block in `text`, whose marks stand behind `comment`.

    Raises:
        ForetypeError: a mark stands alone or there are several blocks.
    """
    mark = re.escape(comment)
    found = list(
        re.finditer(
            rf"{mark} {START} (?P<digest>[0-9a-f]{{8}})(?P<line_end>\r?\n)"
            rf"(?P<lines>(?:(?!{mark} {START}).)*?){mark} {END}(?P<last>\r?\n)?",
            text,
            re.DOTALL,
        )
    )
    marks = text.count(f"{comment} {START}") + text.count(f"{comment} {END}")
    if marks != 2 * len(found) or len(found) > 1:
        raise ForetypeError(
            f"the marks {comment} {START!r} and {comment} {END!r} are no pair any more; delete the "
            f"lines for Foretype and the marks"
        )
    if not found:
        return None
    (match,) = found
    start, end, line_end = match.start(), match.end(), match["line_end"]
    if not match["last"] and end == len(text) and text[:start].endswith(line_end):
        start -= len(line_end)  # which was added at the end of a text without a line end
    lines = match["lines"].replace("\r\n", "\n")
    return Block(start, end, lines, match["digest"] != _digest(lines))


def put_in(text: str, insertion: Insertion, comment: str) -> str:
    """Return `text`, which has no block, with a block at that place.

    The block has the line ends of the text. At the end of a text without a line end, it begins
    with one and ends without.
    """
    lines = insertion.lines
    block = f"{comment} {START} {_digest(lines)}\n{lines}{comment} {END}\n"
    before, after = text[: insertion.offset], text[insertion.offset :]
    if before and not after and not before.endswith("\n"):
        block = "\n" + block.removesuffix("\n")
    first_line_end = re.search(r"\r?\n", text)
    if first_line_end and first_line_end[0] == "\r\n":
        block = block.replace("\n", "\r\n")
    return before + block + after


def take_out(text: str, block: Block) -> str:
    """Return `text` without the block."""
    return text[: block.start] + text[block.end :]


def _digest(lines: str) -> str:
    return hashlib.sha256(lines.encode()).hexdigest()[:8]
