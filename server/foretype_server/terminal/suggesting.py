"""A text and the suggestions at its cursor: shown, accepted, drawn again, and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import regex
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.clipboard import Clipboard
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition

from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.predictor import Predictor
from foretype_server.console.format import one_line
from foretype_server.languages import PLAIN_TEXT
from foretype_server.terminal.edits import Edits
from foretype_server.terminal.mode import Mode
from foretype_server.terminal.panel import MAX_CHOICES
from foretype_server.terminal.suggestions import Answer, Suggestions
from foretype_server.usage.store import Count, UsageRecorder

TEMPERATURES: Final = (0.0, 0.3, 0.6, 0.8, 1.0, 1.2)
MAX_CHARACTERS: Final = 8
"""Maximum of next characters shown."""

SAMPLED_MIN_CONFIDENCE: Final = 0.002
"""Minimum probability of ghost text above temperature 0, where a sample is seldom the most probable
text.
"""

WORD_PATTERN: Final = regex.compile(r"\s*(?:[\w\p{M}]+|[^\w\p{M}\s]+)|\s+")
"""The part that Ctrl-Right accepts: the white space, and then a word or a run of punctuation."""


class SuggestingText:
    """A text in a buffer, with suggestions at its cursor.

    Attributes:
        language: of the text, as the statistics name it.
        notice: a message for the user, until the text or the cursor changes.
    """

    def __init__(
        self,
        text: str,
        predictors: Mapping[str, Predictor],
        options: Options,
        *,
        clipboard: Clipboard,
        usage: UsageRecorder,
    ) -> None:
        """Begin with `text`, and the cursor before it.

        Args:
            predictors: what completes the text.
            options: the initial temperature and seed, and whether to write prose.
            clipboard: takes the text that is cut or copied.
            usage: counts the suggestions shown and accepted.
        """
        self.options = replace(options, max_items=MAX_CHARACTERS)
        self.language = PLAIN_TEXT
        self.notice = ""
        self.mode = Mode.TEXT
        self._usage = usage
        self._dismissed: Document | None = None
        self._counted: Answer | None = None
        self.buffer = Buffer(
            multiline=True,
            read_only=Condition(lambda: self.mode is not Mode.TEXT),
            document=Document(text, 0),
            on_text_changed=self._on_change,
            on_cursor_position_changed=self._on_change,
        )
        self.edits = Edits(self.buffer, clipboard, lambda: self.options.is_code)
        self._set_temperature(options.temperature)
        self.suggestions = Suggestions(
            Completer(predictors, self._on_predictor_failure), self.redraw
        )
        # Nothing is suggested in a file that was only opened.
        self._dismissed = self.buffer.document if text else None

    def redraw(self) -> None:
        """Draw the screen again."""
        raise NotImplementedError

    @property
    def ghost(self) -> str:
        """The ghost text at the cursor; "" if there is none."""
        answer, document = self.suggestions.answer, self.buffer.document
        if answer is None or self.mode is not Mode.TEXT or document.selection:
            return ""
        if document == self._dismissed:
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

    def request_suggestions(self) -> None:
        """Request suggestions at the cursor."""
        document = self.buffer.document
        self.suggestions.ask(document.text_before_cursor, document.text_after_cursor, self.options)

    def _on_predictor_failure(self, name: str, error: Exception) -> None:
        self.notice = one_line(f"The predictor {name} failed and is disabled: {error}")
        self.redraw()

    def _on_change(self, _buffer: Buffer) -> None:
        self.notice = ""
        self.request_suggestions()

    def accept_all(self) -> None:
        """Insert the ghost text."""
        self._accept(self.ghost, "ghost")

    def accept_word(self) -> None:
        """Insert the first word of the ghost text."""
        word = WORD_PATTERN.match(self.ghost)
        self._accept(word.group() if word else "", "ghost")

    def accept_choice(self, number: int) -> None:
        """Insert one of the next words, counted from 0."""
        if self.mode is Mode.TEXT and number < len(self.choices):
            self._accept(self.choices[number], "word")

    def _accept(self, text: str, kind: str) -> None:
        if text:
            self.edits.insert(text)
            self._usage.add(self.language, kind, Count(accepted=1, characters=len(text)))

    def count_shown(self) -> None:
        """Count the ghost text on the screen, if it is new there."""
        answer = self.suggestions.answer
        if answer and answer is not self._counted and self.ghost:
            self._usage.add(self.language, "ghost", Count(shown=1))
            self._counted = answer

    def raise_temperature(self) -> None:
        """Set the next higher temperature; after the highest, 0."""
        higher = [
            temperature for temperature in TEMPERATURES if temperature > self.options.temperature
        ]
        temperature = higher[0] if higher else TEMPERATURES[0]
        self._set_temperature(temperature)
        self.notice = (
            f"Temperature {temperature}: bolder suggestions; Ctrl-N draws others."
            if temperature
            else "Temperature 0: the most probable suggestion."
        )
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
