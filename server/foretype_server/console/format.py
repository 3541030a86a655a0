"""How text and figures look on a terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from foretype_model.predictors.network.runtime import Metadata

WHITE_SPACE_SIGNS = {" ": "␠", "\n": "⏎", "\r": "␍", "\t": "⇥"}
"""A sign for each character that leaves no mark of its own."""

EIGHTHS = " ▏▎▍▌▋▊▉█"


def show_white_space(text: str) -> str:
    """`text` with everything in it to be seen: signs for spaces and line ends, a dotted circle
    under a lone mark.
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
    """`text` on one line, as ghost text is shown: its spaces left blank, its line ends as signs."""
    return "".join(
        character if character == " " else WHITE_SPACE_SIGNS.get(character, character)
        for character in text
    )


def strip_control_characters(text: str) -> str:
    """`text` without the control characters that would command a terminal; line ends and tabs
    stay.
    """
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


def format_bar(share: float, width: int) -> str:
    """A bar of `share` (0 to 1) of `width` cells, in eighths of a cell."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + EIGHTHS[rest]).rstrip().ljust(width)


def table_width(table: Table, console: Console) -> int:
    """The columns of a terminal that `table` takes where nothing of it is cut or folded."""
    return console.measure(table, options=console.options.update(width=10_000)).maximum


def format_size(count: float) -> str:
    """`count` bytes, as people say it."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def format_network(about: Metadata) -> str:
    """A network in short: its cell, hidden size, layers where there are several, and how many words
    it knows.
    """
    words = f", {about.vocabulary:,} words" if about.unit == "word" else ""
    return (
        f"{about.cell} {about.hidden}" + (f" × {about.layers}" if about.layers > 1 else "") + words
    )
