"""The actions of the keys of `try`: on the cursor, the file, and the fields at the foot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.clipboard import Clipboard
from prompt_toolkit.search import SearchDirection

from foretype_model.completion.candidates import Options
from foretype_model.errors import ForetypeError
from foretype_model.predictor import Predictor
from foretype_model.text.prose import is_code_file
from foretype_server.console.text_file import TextFile
from foretype_server.languages import language_of
from foretype_server.terminal.mode import Mode
from foretype_server.terminal.movement import Movement
from foretype_server.terminal.suggesting import SuggestingText
from foretype_server.terminal.view import Screen
from foretype_server.usage.store import UsageRecorder


class EditorActions(SuggestingText):
    """A text with its file, its screen, and what the user is asked about."""

    def __init__(
        self,
        predictors: Mapping[str, Predictor],
        file: TextFile | None,
        model: str,
        options: Options,
        *,
        clipboard: Clipboard,
        usage: UsageRecorder,
    ) -> None:
        """Begin with the text of `file`, or with a text without a name.

        `model` is the model's name, for display; the rest as for `SuggestingText`.
        """
        text = file.text if file else ""
        super().__init__(text, predictors, options, clipboard=clipboard, usage=usage)
        self.file = file
        self.model = model
        self.screen = Screen(self, self._on_find)
        self.movement = Movement(self.buffer, lambda: self.screen.columns)
        self._quits_after_saving = False
        self._new_file: TextFile | None = None
        self._find_start = 0
        self._last_find = ""
        self._follow_file()

    def quit_without_saving(self) -> None:
        """Quit and discard unsaved changes."""
        raise NotImplementedError

    # The cursor

    def move(self, key: str, move: Callable[[], None]) -> None:
        """Move the cursor. From a selection, Left and Right go to its ends."""
        selected, cursor = self.edits.selected, self.buffer.cursor_position
        state = self.buffer.selection_state
        self.buffer.exit_selection()
        if selected and state and key in {"left", "right"}:
            choose = min if key == "left" else max
            self.buffer.cursor_position = choose(cursor, state.original_cursor_position)
        else:
            move()

    @property
    def page_rows(self) -> int:
        """The rows that a page key moves by."""
        return max(1, self.screen.rows - 1)

    def escape(self) -> None:
        """End the selection, or hide the ghost text; if there is neither, quit."""
        if self.edits.selected:
            self.buffer.exit_selection()
        elif self.ghost:
            self._dismissed = self.buffer.document
        else:
            self.quit()

    def copy_or_quit(self) -> None:
        """Copy the selection; quit if there is none."""
        if self.edits.selected:
            self.edits.copy()
            self.notice = "Copied."
        else:
            self.quit()

    # Files

    @property
    def unsaved(self) -> bool:
        """Whether the text has changes that no file has."""
        return self.buffer.text != (self.file.text if self.file else "")

    def _follow_file(self) -> None:
        """Suggest and indent as suits the file's name."""
        name = self.file.path.name if self.file else ""
        self.edits.file_name, self.language = name, language_of(name)
        self.options = replace(self.options, is_code=is_code_file(name) and not self.options.prose)

    def save(self) -> bool:
        """Save the file, or ask for its name; return whether it is saved."""
        if self.file is None:
            self.ask_for_name()
            return False
        return self._write(self.file)

    def _write(self, file: TextFile) -> bool:
        try:
            self.file = file.save(self.buffer.text)
        except OSError as error:
            self.notice = f"Not saved: {error.strerror or error}."
            return False
        self._follow_file()
        self.request_suggestions()
        self.notice = f"Saved {self.file.path}."
        return True

    def ask_for_name(self) -> None:
        """Ask for the name to save the text under."""
        self._show_field(Mode.NAME, str(self.file.path) if self.file else "")

    def submit_name(self) -> None:
        """Save the text under the name in the field; ask first if there is such a file."""
        name = self.screen.field.text.strip()
        quits, present = self._quits_after_saving, self.file
        self.edit()
        if not name:
            return
        path = Path(name).expanduser()
        try:
            file = TextFile.new(path, present.newline if present else "\n")
        except ForetypeError as error:
            self.notice = f"Not saved: {error}"
            return
        self._new_file, self._quits_after_saving = file, quits
        if path.exists() and not (present and present.path.resolve() == path.resolve()):
            self.mode = Mode.OVERWRITE
        else:
            self.overwrite()

    def overwrite(self) -> None:
        """Save the text under the name that was given."""
        file, quits = self._new_file, self._quits_after_saving
        self.edit()
        if file and self._write(file) and quits:
            self.quit_without_saving()

    def quit(self) -> None:
        """Quit; ask first if there are unsaved changes."""
        if self.unsaved:
            self.mode = Mode.UNSAVED
        else:
            self.quit_without_saving()

    def save_and_quit(self) -> None:
        """Save the file and quit; stay if it cannot be saved."""
        self.edit()
        if self.save():
            self.quit_without_saving()
        self._quits_after_saving = self.mode is Mode.NAME

    # Fields and questions

    def edit(self) -> None:
        """Go back to the text."""
        self.mode = Mode.TEXT
        self._quits_after_saving = False
        self.screen.leave_field()
        self.request_suggestions()

    def show_keys(self) -> None:
        """Show the list of keys."""
        self.mode = Mode.KEYS

    def _show_field(self, mode: Mode, text: str) -> None:
        self.mode = mode
        self.screen.enter_field(text)

    @property
    def name_to_overwrite(self) -> str:
        """The name of the file that the user is asked about."""
        return self._new_file.path.name if self._new_file else ""

    def find(self) -> None:
        """Ask for a text to find, at first the selected one or the last one."""
        self._find_start = self.edits.selection[0]
        selected = self.edits.selected.partition("\n")[0]
        self._show_field(Mode.FIND, selected or self._last_find)

    def find_next(self) -> None:
        """Go to the next place that has the text in the field; after the last, to the first."""
        self._search(SearchDirection.FORWARD)

    def find_previous(self) -> None:
        """Go to the place before that has the text in the field; before the first, to the last."""
        self._search(SearchDirection.BACKWARD)

    def _search(self, direction: SearchDirection, *, here: bool = False) -> None:
        state = self.screen.search
        state.text, state.direction = self.screen.field.text, direction
        if state.text:
            self._last_find = state.text
            self.buffer.exit_selection()
            self.buffer.apply_search(state, include_current_position=here)
            found = self.buffer.document.text_after_cursor[: len(state.text)]
            self.notice = "" if found.lower() == state.text.lower() else "Not found."

    def _on_find(self, _field: Buffer) -> None:
        """Go to the first place after the cursor that has the text typed so far."""
        if self.mode is Mode.FIND:
            self.buffer.cursor_position = max(0, self._find_start)
            self._search(SearchDirection.FORWARD, here=True)
