"""The panel of `try`: the next characters with their probabilities, or the next words of prose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

import regex
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.mouse_events import MouseEvent, MouseEventType

from foretype_server.console.format import format_bar, one_line, show_white_space

if TYPE_CHECKING:
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.key_binding.key_bindings import NotImplementedOrNone

    from foretype_model.completion.candidates import Candidate, Options
    from foretype_server.terminal.suggestions import Suggestions

PANEL_COLUMNS: Final = 26
"""Columns of the panel; it is hidden if the text would have less than twice as many."""

MAX_CHOICES: Final = 5
"""Next words that have a key."""

_WORD_BEFORE: Final = regex.compile(r"[\w\p{M}'’]*\Z")


class PanelState(Protocol):
    """The state of an editor that the panel shows."""

    buffer: Buffer
    model: str
    options: Options
    suggestions: Suggestions

    @property
    def choices(self) -> list[str]:
        """The next words that have a key."""

    def accept_choice(self, number: int) -> None:
        """Insert one of the next words, counted from 0."""


def panel(editor: PanelState) -> StyleAndTextTuples:
    """Return the rows of the panel."""
    answer = editor.suggestions.answer
    rows: StyleAndTextTuples = (
        _word_rows(editor)
        if editor.options.prose
        else _character_rows(answer.next if answer else ())
    )
    rows += [
        ("class:dim", f"\n temperature {editor.options.temperature:.1f}\n"),
        ("class:dim", f" model {editor.model}\n"),
    ]
    if answer:
        rows.append(("class:dim", f" {answer.seconds * 1000:.0f} ms"))
    return rows


def _character_rows(characters: Sequence[Candidate]) -> StyleAndTextTuples:
    rows: StyleAndTextTuples = [("class:dim", " next character\n")]
    for candidate in characters:
        share = candidate.probability
        rows += [
            ("bold", f" {show_white_space(candidate.text):<3}"),
            ("class:bar", format_bar(share, PANEL_COLUMNS - 11)),
            ("", f"{share:>5.0%}\n"),
        ]
    return rows


def _word_rows(editor: PanelState) -> StyleAndTextTuples:
    """Return a row for each next word, with the number of its key; inside a word, all of it."""
    rows: StyleAndTextTuples = [("class:dim", " next word: Alt and\n")]
    for number, text in enumerate(editor.choices):
        typed = _typed_part(editor, text)
        click = _on_click(editor, number)
        rest = one_line(text).strip()[: PANEL_COLUMNS - 4 - len(typed)]
        rows += [
            ("bold", f" {number + 1} ", click),
            ("class:dim", typed, click),
            ("", f"{rest}\n", click),
        ]
    return rows


def _typed_part(editor: PanelState, choice: str) -> str:
    """Return the beginning of the word that `choice` ends, as far as there is room for it."""
    if choice[:1].isspace():
        return ""
    found = _WORD_BEFORE.search(editor.buffer.document.current_line_before_cursor)
    return found.group()[-(PANEL_COLUMNS // 2) :] if found else ""


def _on_click(editor: PanelState, number: int) -> Callable[[MouseEvent], NotImplementedOrNone]:
    def accept(event: MouseEvent) -> NotImplementedOrNone:
        if event.event_type is MouseEventType.MOUSE_UP:
            editor.accept_choice(number)
        return None

    return accept
