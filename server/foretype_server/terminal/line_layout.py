"""The rows of a line on the screen: tabs as wide as they are, ghost text, and no word torn apart.

prompt_toolkit breaks a line where a row is full. So a word that would not fit into the rest of its
row is moved to the next one by blanks in front of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

from prompt_toolkit.layout.screen import Char

from foretype_model.text.indentation import DEFAULT_WIDTH

TAB_COLUMNS: Final = DEFAULT_WIDTH
"""Columns between two tab stops."""

GHOST: Final = -1
BLANK: Final = -2
"""The sources of cells that are not in the text."""

MIN_COLUMNS: Final = 4
CACHED_LINES: Final = 256


class Cell(NamedTuple):
    """A character on the screen.

    Attributes:
        source: the index of its character in the line, or `GHOST`, or `BLANK`.
        columns: 0 for a combining mark, 2 for a wide character.
    """

    text: str
    source: int
    columns: int


@dataclass(frozen=True)
class LineLayout:
    """A line on the screen.

    Attributes:
        cells: its characters, in rows of `columns` columns without a break between them.
        places: the cell of each character of the line, and of its end.
        starts: the columns before each cell, and in total, counted over all rows.
    """

    columns: int
    cells: Sequence[Cell]
    places: Sequence[int]
    starts: Sequence[int]

    def source_at(self, cell: int) -> int:
        """Return the index in the line of the character that stands at a cell, or before it."""
        return max(0, bisect_right(self.places, cell) - 1)

    def row_and_column(self, index: int) -> tuple[int, int]:
        """Return the place of a character on the screen, counted from the line's first row."""
        return divmod(self.starts[self.places[index]], self.columns)

    @property
    def last_row(self) -> int:
        """The number of the row with the end of the line, from 0."""
        return self.row_and_column(len(self.places) - 1)[0]

    def index_at(self, row: int, column: int) -> int:
        """Return the index of the character in a row at `column`, or the last one before it."""
        found = bisect_right(
            range(len(self.places)),
            row * self.columns + min(column, self.columns - 1),
            key=lambda index: self.starts[self.places[index]],
        )
        return max(0, found - 1)


@lru_cache(CACHED_LINES)
def lay_out(line: str, columns: int, ghost: str = "", ghost_at: int = 0) -> LineLayout:
    """Lay out a line with `ghost` before its character `ghost_at`, in rows of `columns` columns."""
    columns = max(columns, MIN_COLUMNS)
    cells: list[Cell] = []
    places = []
    column = 0
    for index in range(len(line) + 1):
        places.append(len(cells))
        shown = [(one, GHOST) for one in ghost] if index == ghost_at else []
        for character, source in [*shown, *((one, index) for one in line[index : index + 1])]:
            added = _cells(character, source, column)
            cells += added
            column += sum(cell.columns for cell in added)
    wrapped, moved = _wrap(cells, columns)
    starts = [0, *accumulate(cell.columns for cell in wrapped)]
    return LineLayout(columns, wrapped, [moved[place] for place in places], starts)


def _cells(character: str, source: int, column: int) -> list[Cell]:
    """Return the cells of a character that stands `column` columns after the line's start."""
    if character == "\t":
        return [Cell(" ", source, 1)] * (TAB_COLUMNS - column % TAB_COLUMNS)
    if character == "\n":  # of ghost text: it goes on in the next row
        return [Cell(character, source, 0)]
    return [Cell(character, source, Char(character).width)]


def _wrap(cells: Sequence[Cell], columns: int) -> tuple[list[Cell], list[int]]:
    """Return the cells with blanks between them, and the new place of each one, and of the end.

    The last column of a row is kept for the space after a word, and for the cursor.
    """
    wrapped: list[Cell] = []
    moved: list[int] = []
    column = start = 0
    while start < len(cells):
        if cells[start].text == "\n":
            moved.append(len(wrapped))
            wrapped += [Cell(" ", cells[start].source, 1)] * ((columns - column) % columns)
            column = 0
            start += 1
            continue
        end = _word_end(cells, start)
        width = sum(cell.columns for cell in cells[start:end])
        is_word = cells[start].text != " "
        if is_word and columns - 1 - column < width < columns:
            wrapped += [Cell(" ", BLANK, 1)] * ((columns - column) % columns)
            column = 0
        for cell in cells[start:end]:
            if column + cell.columns > columns:  # half of a wide character
                wrapped += [Cell(" ", BLANK, 1)] * (columns - column)
                column = 0
            moved.append(len(wrapped))
            wrapped.append(cell)
            column = (column + cell.columns) % columns
        start = end
    return wrapped, [*moved, len(wrapped)]


def _word_end(cells: Sequence[Cell], start: int) -> int:
    """Return the end of the run without a break: of a word; of a wide character, which is one."""
    end = start + 1
    if cells[start].text == " " or cells[start].columns == 2:
        while end < len(cells) and cells[end].columns == 0 and cells[end].text != "\n":
            end += 1
        return end
    while end < len(cells) and cells[end].text not in " \n" and cells[end].columns < 2:
        end += 1
    return end
