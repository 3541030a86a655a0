"""The indentation of a file, and of new lines in it."""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

import regex

DEFAULT_WIDTH: Final = 4
"""Spaces of a level in a text whose own width is unknown."""

_INDENTED: Final = regex.compile(r"^([ \t]*)\S", regex.MULTILINE)
_NEW_INDENTATION: Final = regex.compile(r"(?<=\n)[ \t]+(?=[^\s])")
_OPENS_BLOCK: Final = regex.compile(r"[:{]\s*\Z")


class Indentation(NamedTuple):
    """One level of indentation: a tab, or `width` spaces."""

    uses_tabs: bool
    width: int

    @property
    def level(self) -> str:
        """The text of one level."""
        return "\t" if self.uses_tabs else " " * self.width


def detect(text: str) -> Indentation | None:
    """Return the indentation of most lines; None if no line is indented."""
    indents = [found[1] for found in _INDENTED.finditer(text)]
    tabs = sum(indent.startswith("\t") for indent in indents)
    spaces = sum(indent.startswith("  ") for indent in indents)
    if tabs + spaces == 0:
        return None
    return Indentation(tabs > spaces, DEFAULT_WIDTH if tabs > spaces else _width(indents))


def _width(indents: list[str]) -> int:
    """Return the most frequent step from one line to a deeper next one."""
    steps = Counter(
        len(deeper) - len(indent)
        for indent, deeper in zip(["", *indents], indents, strict=False)
        if 2 <= len(deeper) - len(indent) <= 8 and "\t" not in indent + deeper
    )
    return steps.most_common(1)[0][0] if steps else DEFAULT_WIDTH


def indent_as_file(text: str, before: str, after: str) -> str:
    """Return `text`, which is to stand between `before` and `after`, with its new lines indented as
    the lines around it.
    """
    line = before.rpartition("\n")[2]
    begins_line = not line.strip() and text[:1] in (" ", "\t") and text.strip()
    if not begins_line and not _NEW_INDENTATION.search(text):
        return text
    file = detect(before + "\n" + after)
    if file is None:
        return text
    if begins_line:
        space = line + leading_space(text)
        body = text.lstrip(" \t")
        above = before[: len(before) - len(line)].rstrip()
        fitted = _convert(space, above, file)
        # The white space before the cursor is the user's.
        text = (fitted[len(line) :] if fitted.startswith(line) else "") + body
    # A line as deep as an earlier one stays so.
    depths = {leading_space(line): leading_space(line)} if line.strip() else {}
    result, end = "", 0
    for found in _NEW_INDENTATION.finditer(text):
        result += text[end : found.start()]
        end = found.end()
        if found[0] not in depths:
            depths[found[0]] = _convert(found[0], (before + result).rstrip(), file)
        result += depths[found[0]]
    return result + text[end:]


def _convert(space: str, above: str, file: Indentation) -> str:
    """Return the white space `space` at the start of a line in the file's style; `above` ends with
    the line above it.
    """
    line = above.rpartition("\n")[2]
    outer = leading_space(line)
    if _OPENS_BLOCK.search(line) and _columns(space) > _columns(outer):
        return outer + file.level  # one level deeper, however wide the model's levels are
    if file.uses_tabs:
        tabs = space.count("\t")
        spaces = len(space) - tabs
        return "\t" * (tabs + -(-spaces // DEFAULT_WIDTH)) if spaces else space
    return space.replace("\t", file.level)


def _columns(space: str) -> int:
    return len(space.expandtabs(DEFAULT_WIDTH))


def leading_space(line: str) -> str:
    """Return the spaces and tabs at the start of `line`."""
    return line[: len(line) - len(line.lstrip(" \t"))]
