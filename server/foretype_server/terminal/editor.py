"""``foretype try``: an editor in the terminal, with ghost text, the next characters, and the
temperature, live.
"""

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
"""Next characters shown."""

SAMPLED_MIN_CONFIDENCE: Final = 0.002
"""Ghost text is shown down to this probability above temperature 0, where what is drawn is seldom
the most probable.
"""

WORD_PATTERN: Final = regex.compile(r"\s*(?:[\w\p{M}]+|[^\w\p{M}\s]+)|\s+")
"""What Ctrl-Right takes: a word with the space before it, or as far as punctuation goes."""


class TerminalEditor:
    """One text, what is offered in it, and the keys. Works on the terminal of the current
    prompt_toolkit session.
    """

    def __init__(
        self,
        predictors: Mapping[str, Predictor],
        file: TextFile | None,
        model: str,
        options: Options,
    ) -> None:
        """`model` is the name shown; of `options`, temperature, seed and prose are the ones to
        begin with.
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
        self.app.ttimeoutlen = (
            0.05  # seconds after Esc until it is a key of its own, not the start of another
        )
        self.app.timeoutlen = 0.2
        self._set_temperature(options.temperature)
        self.suggestions = Suggestions(
            Completer(predictors, self._on_predictor_failure), self.app.invalidate
        )

    async def run(self) -> None:
        """Edit until the user leaves."""
        try:
            self.request_suggestions()
            await self.app.run_async()
        finally:
            self.suggestions.close()

    @property
    def ghost(self) -> str:
        """The ghost text at the cursor, "" where there is none."""
        answer, document = self.suggestions.answer, self.buffer.document
        return (
            answer.ghost_at(document.text_before_cursor, document.text_after_cursor)
            if answer
            else ""
        )

    @property
    def choices(self) -> list[str]:
        """What may come next at the cursor in prose, the first `MAX_CHOICES` of it; empty
        elsewhere.
        """
        answer, document = self.suggestions.answer, self.buffer.document
        here = answer is not None and answer.question.before == document.text_before_cursor
        return (
            [word.text for word in answer.next[:MAX_CHOICES]]
            if answer and here and self.options.prose
            else []
        )

    @property
    def unsaved(self) -> bool:
        """Whether leaving would lose changes to a file."""
        return self.file is not None and self.file.text != self.buffer.text

    def request_suggestions(self) -> None:
        """Ask for what may come at the cursor."""
        document = self.buffer.document
        self.suggestions.ask(document.text_before_cursor, document.text_after_cursor, self.options)

    def _on_predictor_failure(self, name: str, error: Exception) -> None:
        self.notice = one_line(f"The predictor {name} failed and is left out: {error}")
        self.app.invalidate()

    def _on_change(self, _buffer: Buffer) -> None:
        self.notice = ""
        self.request_suggestions()

    def accept_all(self) -> None:
        """Take the ghost text into the document."""
        self.buffer.insert_text(self.ghost)

    def accept_word(self) -> None:
        """Take the first word of the ghost text into the document."""
        word = WORD_PATTERN.match(self.ghost)
        self.buffer.insert_text(word.group() if word else "")

    def accept_choice(self, number: int) -> None:
        """Take one of the next words into the document, counted from 0."""
        if number < len(self.choices):
            self.buffer.insert_text(self.choices[number])

    def raise_temperature(self) -> None:
        """Go to the next temperature, from the highest back to 0."""
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
                "At temperature 0 there is one suggestion, the most probable: raise it with Ctrl-T."
            )
        else:
            self.options = replace(self.options, seed=self.options.seed + 1)
            self.request_suggestions()

    def save(self) -> bool:
        """Save the file, and say whether it went well."""
        if self.file is None:
            self.notice = "Nothing is saved here: name a file, as in foretype try notes.txt."
            return False
        try:
            self.file = self.file.save(self.buffer.text)
        except OSError as error:
            self.notice = f"Not saved: {error.strerror or error}."
            return False
        self.notice = f"Saved {self.file.path}."
        return True

    def quit(self) -> None:
        """Leave, or ask first where changes would be lost."""
        if self.unsaved:
            self.asks_to_save = True
        else:
            self.quit_without_saving()

    def quit_without_saving(self) -> None:
        """Leave, whatever is lost."""
        self.app.exit()

    def save_and_quit(self) -> None:
        """Save the file and leave; stay where it can't be saved."""
        self.asks_to_save = False
        if self.save():
            self.quit_without_saving()

    def cancel_quit(self) -> None:
        """Go on editing after all."""
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
