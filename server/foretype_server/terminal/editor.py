"""The editor of ``foretype try``: a text with ghost text, next characters and a temperature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import regex
from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, FilterOrBool
from prompt_toolkit.key_binding import KeyBindings

from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.predictor import Predictor
from foretype_server.console.format import one_line
from foretype_server.console.text_file import TextFile
from foretype_server.terminal.suggestions import Suggestions
from foretype_server.terminal.view import MAX_CHOICES, STYLE, layout

TEMPERATURES: Final = (0.0, 0.3, 0.6, 0.8, 1.0, 1.2)
MAX_CHARACTERS: Final = 8
"""Maximum of next characters shown."""

SAMPLED_MIN_CONFIDENCE: Final = 0.002
"""Minimum probability of ghost text above temperature 0, where a sample is seldom the most probable
text.
"""

WORD_PATTERN: Final = regex.compile(r"\s*(?:[\w\p{M}]+|[^\w\p{M}\s]+)|\s+")
"""The part that Ctrl-Right accepts: the white space, and then a word or a run of punctuation."""


class TerminalEditor:
    """An editor of one text, on the terminal of the current prompt_toolkit session."""

    def __init__(
        self,
        predictors: Mapping[str, Predictor],
        file: TextFile | None,
        model: str,
        options: Options,
    ) -> None:
        """Open the editor.

        Args:
            predictors: what completes the text.
            file: the file to edit; None for a text that is not saved.
            model: the model's name, for display.
            options: the initial temperature and seed, and whether to write prose.
        """
        self.file = file
        self.options = replace(options, max_items=MAX_CHARACTERS)
        self.notice = ""
        self.asks_to_save = False
        self.model = model
        self.buffer = Buffer(
            multiline=True,
            read_only=Condition(lambda: self.asks_to_save),
            document=Document(file.text if file else "", 0),
            on_text_changed=self._on_change,
            on_cursor_position_changed=self._on_change,
        )
        self.app: Application[None] = Application(
            layout=layout(self), key_bindings=_key_bindings(self), style=STYLE, full_screen=True
        )
        # Seconds after Esc until it counts as a key, and not as the start of another key's code.
        self.app.ttimeoutlen = 0.05
        self.app.timeoutlen = 0.2
        self._set_temperature(options.temperature)
        self.suggestions = Suggestions(
            Completer(predictors, self._on_predictor_failure), self.app.invalidate
        )

    async def run(self) -> None:
        """Run until the user quits."""
        try:
            self.request_suggestions()
            await self.app.run_async()
        finally:
            self.suggestions.close()

    @property
    def ghost(self) -> str:
        """The ghost text at the cursor; "" if there is none."""
        answer, document = self.suggestions.answer, self.buffer.document
        if answer is None:
            return ""
        return answer.ghost_at(document.text_before_cursor, document.text_after_cursor)

    @property
    def choices(self) -> list[str]:
        """Up to `MAX_CHOICES` next words at the cursor in prose; otherwise empty."""
        answer, document = self.suggestions.answer, self.buffer.document
        if answer is None or not self.options.prose:
            return []
        if answer.question.before != document.text_before_cursor:
            return []
        return [word.text for word in answer.next[:MAX_CHOICES]]

    @property
    def unsaved(self) -> bool:
        """Whether the text has changes that the file does not have."""
        return self.file is not None and self.file.text != self.buffer.text

    def request_suggestions(self) -> None:
        """Request suggestions at the cursor."""
        document = self.buffer.document
        self.suggestions.ask(document.text_before_cursor, document.text_after_cursor, self.options)

    def _on_predictor_failure(self, name: str, error: Exception) -> None:
        self.notice = one_line(f"The predictor {name} failed and is disabled: {error}")
        self.app.invalidate()

    def _on_change(self, _buffer: Buffer) -> None:
        self.notice = ""
        self.request_suggestions()

    def accept_all(self) -> None:
        """Insert the ghost text."""
        self.buffer.insert_text(self.ghost)

    def accept_word(self) -> None:
        """Insert the first word of the ghost text."""
        word = WORD_PATTERN.match(self.ghost)
        self.buffer.insert_text(word.group() if word else "")

    def accept_choice(self, number: int) -> None:
        """Insert one of the next words, counted from 0."""
        if number < len(self.choices):
            self.buffer.insert_text(self.choices[number])

    def raise_temperature(self) -> None:
        """Set the next higher temperature; after the highest, 0."""
        higher = [
            temperature for temperature in TEMPERATURES if temperature > self.options.temperature
        ]
        self._set_temperature(higher[0] if higher else TEMPERATURES[0])
        self.request_suggestions()

    def _set_temperature(self, temperature: float) -> None:
        confidence = SAMPLED_MIN_CONFIDENCE if temperature else Options.min_confidence
        self.options = replace(self.options, temperature=temperature, min_confidence=confidence)

    def resample(self) -> None:
        """Draw another suggestion."""
        if self.options.temperature == 0:
            self.notice = (
                "At temperature 0 there is only the most probable suggestion: raise it with Ctrl-T."
            )
        else:
            self.options = replace(self.options, seed=self.options.seed + 1)
            self.request_suggestions()

    def save(self) -> bool:
        """Save the file; return whether it succeeded."""
        if self.file is None:
            self.notice = "This text has no file: start with one, such as foretype try notes.txt."
            return False
        try:
            self.file = self.file.save(self.buffer.text)
        except OSError as error:
            self.notice = f"Not saved: {error.strerror or error}."
            return False
        self.notice = f"Saved {self.file.path}."
        return True

    def quit(self) -> None:
        """Quit; ask first if there are unsaved changes."""
        if self.unsaved:
            self.asks_to_save = True
        else:
            self.quit_without_saving()

    def quit_without_saving(self) -> None:
        """Quit and discard unsaved changes."""
        self.app.exit()

    def save_and_quit(self) -> None:
        """Save the file and quit; stay if it cannot be saved."""
        self.asks_to_save = False
        if self.save():
            self.quit_without_saving()

    def cancel_quit(self) -> None:
        """Continue editing."""
        self.asks_to_save = False


def _key_bindings(editor: TerminalEditor) -> KeyBindings:
    keys = KeyBindings()
    asks = Condition(lambda: editor.asks_to_save)
    has_ghost = Condition(lambda: bool(editor.ghost)) & ~asks

    def bind(action: Callable[[], object], when: FilterOrBool, *names: str) -> None:
        for name in names:
            keys.add(name, filter=when)(lambda _event: action())

    bind(editor.accept_all, has_ghost, "tab")
    bind(lambda: editor.buffer.insert_text("\t"), ~has_ghost & ~asks, "tab")
    bind(editor.accept_word, has_ghost, "c-right")
    for number in range(MAX_CHOICES):
        keys.add("escape", str(number + 1), filter=~asks)(
            lambda _event, number=number: editor.accept_choice(number)
        )
    bind(editor.raise_temperature, ~asks, "c-t")
    bind(editor.resample, ~asks, "c-n")
    bind(editor.save, ~asks, "c-s")
    bind(editor.quit, ~asks, "escape", "c-q", "c-c")
    bind(editor.save_and_quit, asks, "y", "Y")
    bind(editor.quit_without_saving, asks, "n", "N")
    bind(editor.cancel_quit, asks, "escape", "c-q", "c-c")
    return keys
