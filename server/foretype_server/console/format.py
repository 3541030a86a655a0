"""Formats text and figures for a terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from foretype_model.predictors.network.runtime import Metadata

WHITE_SPACE_SIGNS = {" ": "␠", "\n": "⏎", "\r": "␍", "\t": "⇥"}
"""A visible sign for each white-space character."""

EIGHTHS = " ▏▎▍▌▋▊▉█"
"""Bars of 0 to 8 eighths of a cell."""


def show_white_space(text: str) -> str:
    """Return `text` with signs for white space, and a dotted circle under a lone combining mark.

    Any other single invisible character becomes its code point, such as ``U+200B``.
    """
    signs = "".join(WHITE_SPACE_SIGNS.get(character, character) for character in text)
    category = unicodedata.category(text[0]) if len(text) == 1 else ""
    if category.startswith("M"):
        return f"◌{signs}"
    return (
        f"U+{ord(text):04X}"
        if text not in WHITE_SPACE_SIGNS and category[:1] in {"C", "Z"}
        else signs
    )


def one_line(text: str) -> str:
    """Return `text` on one line, as ghost text is shown: signs for tabs and line ends only."""
    return "".join(
        character if character == " " else WHITE_SPACE_SIGNS.get(character, character)
        for character in text
    )


def strip_control_characters(text: str) -> str:
    """Return `text` without terminal control characters; line feeds and tabs stay."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


def format_bar(share: float, width: int) -> str:
    """Return a bar for `share` (0 to 1) of `width` cells, in eighths of a cell."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + EIGHTHS[rest]).rstrip().ljust(width)


def table_width(table: Table, console: Console) -> int:
    """Return the terminal columns that `table` needs without cutting or folding a cell."""
    return console.measure(table, options=console.options.update(width=10_000)).maximum


def format_size(count: float) -> str:
    """Format a number of bytes, in units of 1000."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def format_network(about: Metadata) -> str:
    """Describe a network: its cell, hidden size, layers if several, vocabulary if it has one."""
    words = f", {about.vocabulary:,} words" if about.unit == "word" else ""
    return (
        f"{about.cell} {about.hidden}" + (f" × {about.layers}" if about.layers > 1 else "") + words
    )
