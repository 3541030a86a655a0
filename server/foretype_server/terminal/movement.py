"""The ways of the cursor: by characters, words, rows of the screen, and to the ends of the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import regex
from prompt_toolkit.buffer import Buffer

from foretype_server.terminal.line_layout import LineLayout, lay_out

MAX_GRAPHEME: Final = 64
"""Characters of a grapheme at most."""

_GRAPHEME: Final = regex.compile(r"\X")


class Movement:
    """Moves the cursor in a buffer, whose lines are shown in rows of `columns()` columns."""

    def __init__(self, buffer: Buffer, columns: Callable[[], int]) -> None:
        self._buffer, self._columns = buffer, columns

    def left(self) -> None:
        """Move before the character before the cursor."""
        cursor = self._buffer.cursor_position
        before = self._buffer.text[max(0, cursor - MAX_GRAPHEME) : cursor]
        last = max((found.start() for found in _GRAPHEME.finditer(before)), default=0)
        self._buffer.cursor_position = cursor - len(before) + last

    def right(self) -> None:
        """Move after the next character."""
        cursor = self._buffer.cursor_position
        found = _GRAPHEME.match(self._buffer.text[cursor : cursor + MAX_GRAPHEME])
        self._buffer.cursor_position = cursor + (found.end() if found else 0)

    def word_left(self) -> None:
        """Move to the beginning of the word."""
        count = self._buffer.document.find_previous_word_beginning()
        self._buffer.cursor_position += count if count else -self._buffer.cursor_position

    def word_right(self) -> None:
        """Move to the end of the word."""
        count = self._buffer.document.find_next_word_ending()
        self._buffer.cursor_position += (
            count or len(self._buffer.text) - self._buffer.cursor_position
        )

    def row_start(self) -> None:
        """Move to the row's start, or behind its indentation; from there to the line's start."""
        line, column = self._line(), self._buffer.document.cursor_position_col
        first = line.index_at(line.row_and_column(column)[0], 0)
        text = self._buffer.document.current_line
        indented = len(text) - len(text.lstrip())
        start = indented if first == 0 and column != indented else first
        self._buffer.cursor_position += (0 if column == start else start) - column

    def row_end(self) -> None:
        """Move to the end of the row; from there to the line's end."""
        line, column = self._line(), self._buffer.document.cursor_position_col
        end = line.index_at(line.row_and_column(column)[0], line.columns)
        if end == column:
            end = len(self._buffer.document.current_line)
        self._buffer.cursor_position += end - column

    def text_start(self) -> None:
        """Move to the start of the text."""
        self._buffer.cursor_position = 0

    def text_end(self) -> None:
        """Move to the end of the text."""
        self._buffer.cursor_position = len(self._buffer.text)

    def line_start(self) -> None:
        """Move to the start of the line."""
        self._buffer.cursor_position -= self._buffer.document.cursor_position_col

    def line_end(self) -> None:
        """Move to the end of the line."""
        self._buffer.cursor_position += self._buffer.document.get_end_of_line_position()

    def by_rows(self, count: int) -> None:
        """Move down by `count` rows of the screen, or up if it is negative. The cursor stays in its
        column where the rows are long enough.
        """
        row_number, column = self._buffer.document.translate_index_to_position(
            self._buffer.cursor_position
        )
        row, column = self._line(row_number).row_and_column(column)
        wanted = self._buffer.preferred_column
        wanted = column if wanted is None else wanted
        row += count
        last = self._buffer.document.line_count - 1
        while row < 0 and row_number > 0:
            row_number -= 1
            row += self._line(row_number).last_row + 1
        while row > self._line(row_number).last_row and row_number < last:
            row -= self._line(row_number).last_row + 1
            row_number += 1
        if row < 0:
            self.text_start()
        elif row > self._line(row_number).last_row:
            self.text_end()
        else:
            index = self._line(row_number).index_at(row, wanted)
            self._buffer.cursor_position = self._buffer.document.translate_row_col_to_index(
                row_number, index
            )
        self._buffer.preferred_column = wanted

    def selecting(self, move: Callable[[], None]) -> None:
        """Extend the selection by a move, or begin one."""
        if self._buffer.selection_state is None:
            self._buffer.start_selection()
        move()
        state = self._buffer.selection_state
        if state and state.original_cursor_position == self._buffer.cursor_position:
            self._buffer.exit_selection()

    def select_all(self) -> None:
        """Select the whole text."""
        self.text_start()
        self._buffer.exit_selection()
        self.selecting(self.text_end)

    def _line(self, number: int | None = None) -> LineLayout:
        document = self._buffer.document
        row = document.cursor_position_row if number is None else number
        return lay_out(document.lines[row], self._columns())
