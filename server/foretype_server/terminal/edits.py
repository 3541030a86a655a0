"""The edits of a text: typed, pasted, cut and indented, and undone by words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import regex
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.clipboard import Clipboard, ClipboardData
from prompt_toolkit.document import Document
from prompt_toolkit.selection import SelectionState

from foretype_model.text import indentation
from foretype_model.text.indentation import DEFAULT_WIDTH, Indentation

MAX_UNDO_CHARACTERS: Final = 50_000_000
"""Characters of the texts that undo can go back to: each step keeps a whole text."""

TAB_SUFFIXES: Final = (".go", ".mk")
TAB_NAMES: Final = ("Makefile", "GNUmakefile", "makefile")
"""Files that are indented by tabs, also where they have no indented line yet."""

_OPENS_BLOCK: Final = regex.compile(r"[:{(\[]\s*\Z")
_SPACE_BEFORE: Final = regex.compile(r"[ \t]*")


class UndoHistory:
    """The texts before and after the present one."""

    def __init__(self) -> None:
        self._earlier: list[Document] = []
        self._undone: list[Document] = []

    def save(self, document: Document) -> None:
        """Remember the text before an edit; nothing can be redone after that."""
        self._undone.clear()
        if not self._earlier or self._earlier[-1].text != document.text:
            self._earlier.append(document)
        while len(self._earlier) > 1 and self._characters() > MAX_UNDO_CHARACTERS:
            self._earlier.pop(0)

    def undo(self, present: Document) -> Document:
        """Return the text before `present`; `present` itself if there is none."""
        return _step(present, self._earlier, self._undone)

    def redo(self, present: Document) -> Document:
        """Return the text that `undo` has left; `present` itself if there is none."""
        return _step(present, self._undone, self._earlier)

    def _characters(self) -> int:
        return sum(len(document.text) for document in self._earlier)


def _step(present: Document, source: list[Document], target: list[Document]) -> Document:
    """Take the last text from `source` that differs from `present`, which goes to `target`."""
    while source:
        document = source.pop()
        if document.text != present.text:
            target.append(present)
            return document
    return present


class Edits:
    """Edits of the text in a buffer. Each replaces the selection, if there is one."""

    def __init__(self, buffer: Buffer, clipboard: Clipboard, is_code: Callable[[], bool]) -> None:
        """Edit `buffer`; in code, lines are indented by spaces, unless the file has tabs."""
        self._buffer, self._clipboard, self._is_code = buffer, clipboard, is_code
        self._history = UndoHistory()
        self._run: tuple[str, Document] | None = None
        self.file_name = ""

    def type(self, text: str) -> None:
        """Insert text that was typed. Undo takes it away by words."""
        if not text:
            return
        before = self._buffer.document.char_before_cursor
        begins_word = before.isspace() and not text.isspace()
        self._save("type", again=not begins_word and not self._buffer.selection_state)
        self._put(text)
        self._run = ("type", self._buffer.document)

    def insert(self, text: str) -> None:
        """Insert text at once, as accepted or pasted. Undo takes all of it away."""
        if text:
            self._save("insert")
            self._put(text)

    def new_line(self) -> None:
        """Begin a line as deep as the present one; in code deeper, if that opens a block."""
        line = self._buffer.document.current_line_before_cursor
        found = _SPACE_BEFORE.match(line)
        space = found.group() if found else ""
        self._save("line")
        if line and line == space and not self._buffer.document.current_line_after_cursor.strip():
            # Nothing but indentation on it: leave an empty line.
            self._buffer.delete_before_cursor(len(line))
        elif self._is_code() and _OPENS_BLOCK.search(line):
            space += self._level().level
        self._put("\n" + space)

    def backspace(self) -> None:
        """Delete the selection, the character before the cursor, or a level of indentation."""
        if self._delete_selection():
            return
        before = self._buffer.document.current_line_before_cursor
        width = self._level().width
        is_level = self._is_code() and before and not before.strip(" ")
        self._delete(-((len(before) - 1) % width + 1) if is_level else -1)

    def delete(self) -> None:
        """Delete the selection, or the character after the cursor."""
        if not self._delete_selection():
            self._delete(1)

    def delete_to(self, move: Callable[[], None]) -> None:
        """Delete the selection, or the text from the cursor to the place that `move` goes to."""
        if self._delete_selection():
            return
        start = self._buffer.cursor_position
        move()
        end = self._buffer.cursor_position
        self._buffer.cursor_position = start
        self._run = None
        self._delete(end - start)
        self._run = None

    def indent(self) -> None:
        """Indent the selected lines; or insert a tab, in code up to the next level."""
        rows = self._selected_rows()
        level = self._level()
        if len(rows) > 1:
            self._change_lines(rows, lambda line: level.level + line if line else line)
        elif self._is_code() and not level.uses_tabs:
            column = len(self._buffer.document.current_line_before_cursor)
            self.insert(" " * (level.width - column % level.width))
        else:
            self.insert("\t")

    def unindent(self) -> None:
        """Take a level of indentation from the selected lines, or from the present one."""
        level = regex.compile(rf"\A(?:\t| {{1,{self._level().width}}})")
        self._change_lines(self._selected_rows(), lambda line: level.sub("", line))

    def copy(self) -> None:
        """Copy the selection to the clipboard; it stays selected."""
        self._clipboard.set_data(ClipboardData(self.selected))

    def cut(self) -> None:
        """Move the selection to the clipboard."""
        if self.selected:
            self.copy()
            self._delete_selection()

    def paste(self) -> None:
        """Insert the text of the clipboard."""
        self.insert(self._clipboard.get_data().text)

    def undo(self) -> None:
        """Take back the last edit."""
        self._go_to(self._history.undo(self._buffer.document))

    def redo(self) -> None:
        """Repeat the change that was undone last."""
        self._go_to(self._history.redo(self._buffer.document))

    @property
    def selected(self) -> str:
        """The selected text; "" if there is none."""
        start, end = self.selection
        return self._buffer.text[start:end]

    @property
    def selection(self) -> tuple[int, int]:
        """The ends of the selection, or the cursor's place twice."""
        cursor, state = self._buffer.cursor_position, self._buffer.selection_state
        other = min(state.original_cursor_position, len(self._buffer.text)) if state else cursor
        return min(cursor, other), max(cursor, other)

    def _go_to(self, document: Document) -> None:
        self._buffer.exit_selection()
        self._buffer.document = document
        self._run = None

    def _save(self, kind: str, *, again: bool = False) -> None:
        """Remember the text before an edit, unless it continues the last one, of the same kind and
        at the same place.
        """
        if not (again and self._run == (kind, self._buffer.document)):
            self._history.save(self._buffer.document)
        self._run = None

    def _put(self, text: str) -> None:
        start, end = self.selection
        whole = self._buffer.text
        self._buffer.exit_selection()
        self._buffer.document = Document(whole[:start] + text + whole[end:], start + len(text))

    def _delete(self, count: int) -> None:
        """Delete `count` characters after the cursor, or before it if `count` is negative."""
        document = self._buffer.document
        start, end = sorted((document.cursor_position, document.cursor_position + count))
        gone = document.text[max(start, 0) : end]
        if gone:
            beside = document.text[end : end + 1] if count > 0 else document.char_before_cursor
            kind = "delete" if count > 0 else "backspace"
            self._save(kind, again=abs(count) == 1 and not beside.isspace())
            kept = document.text[: max(start, 0)] + document.text[end:]
            self._buffer.document = Document(kept, max(start, 0))
            self._run = (kind, self._buffer.document)

    def _delete_selection(self) -> bool:
        """Delete the selection; return whether there was one."""
        if not self.selected:
            self._buffer.exit_selection()
            return False
        self._save("cut")
        self._put("")
        return True

    def _selected_rows(self) -> range:
        document = self._buffer.document
        rows = [document.translate_index_to_position(place)[0] for place in self.selection]
        return range(rows[0], rows[1] + 1)

    def _change_lines(self, rows: range, change: Callable[[str], str]) -> None:
        """Change whole lines; the selection and the cursor stay at their characters."""
        before, state = self._buffer.document, self._buffer.selection_state
        lines = [change(line) if row in rows else line for row, line in enumerate(before.lines)]
        after = Document("\n".join(lines))

        def moved(place: int) -> int:
            row, column = before.translate_index_to_position(place)
            column += len(lines[row]) - len(before.lines[row])
            return after.translate_row_col_to_index(row, max(0, column))

        self._save("lines")
        self._buffer.document = Document(after.text, moved(before.cursor_position))
        if state:
            self._buffer.selection_state = SelectionState(moved(state.original_cursor_position))

    def _level(self) -> Indentation:
        """Return a level of indentation, as in the text; otherwise as usual for the file."""
        uses_tabs = self.file_name.endswith(TAB_SUFFIXES) or self.file_name in TAB_NAMES
        return indentation.detect(self._buffer.text) or Indentation(uses_tabs, DEFAULT_WIDTH)
