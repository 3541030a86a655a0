"""The screen of `try`: the text with its ghost text, the panel of suggestions, the toolbar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from prompt_toolkit.application.current import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    FormattedTextControl,
    HSplit,
    Layout,
    VSplit,
    Window,
)
from prompt_toolkit.layout.processors import (
    Processor,
    TabsProcessor,
    Transformation,
    TransformationInput,
)
from prompt_toolkit.layout.utils import explode_text_fragments
from prompt_toolkit.styles import Style

from foretype_server.console.format import format_bar, one_line, show_white_space

if TYPE_CHECKING:
    from prompt_toolkit.buffer import Buffer

    from foretype_model.completion.candidates import Candidate, Options
    from foretype_server.console.text_file import TextFile
    from foretype_server.terminal.suggestions import Suggestions

PANEL_COLUMNS: Final = 26
"""Columns of the panel; it is hidden if the text would have less than twice as many."""

GREETING: Final = "Start typing: Tab accepts the grey text, Ctrl-Right its next word, Esc quits."
MAX_CHOICES: Final = 5
"""Next words that have a key."""

STYLE: Final = Style.from_dict(
    {
        "ghost": "italic #808080",
        "dim": "#808080",
        "bar": "ansicyan",
        "toolbar": "reverse",
        "toolbar.key": "bold",
    }
)


class EditorState(Protocol):
    """The state of an editor that the screen shows."""

    buffer: Buffer
    file: TextFile | None
    model: str
    notice: str
    options: Options
    suggestions: Suggestions
    asks_to_save: bool

    @property
    def ghost(self) -> str:
        """The ghost text at the cursor; "" if there is none."""

    @property
    def choices(self) -> list[str]:
        """The next words that have a key."""

    @property
    def unsaved(self) -> bool:
        """Whether the text has changes that the file does not have."""


class GhostTextProcessor(Processor):
    """Shows ghost text between the cursor and the rest of its line, or a greeting if empty."""

    def __init__(self, editor: EditorState) -> None:
        self._editor = editor

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Insert the ghost text into the cursor's line, and move the positions after it."""
        line, document = transformation_input, transformation_input.document
        if line.lineno != document.cursor_position_row:
            return Transformation(line.fragments)
        ghost = one_line(self._editor.ghost) if document.text else GREETING
        column = line.source_to_display(document.cursor_position_col)
        fragments = explode_text_fragments(line.fragments)
        return Transformation(
            [*fragments[:column], ("class:ghost", ghost), *fragments[column:]],
            source_to_display=lambda i: i if i <= column else i + len(ghost),
            display_to_source=lambda i: i if i <= column else max(column, i - len(ghost)),
        )


def layout(editor: EditorState) -> Layout:
    """Lay out the text, the panel beside it if there is room, and the toolbar below."""
    control = BufferControl(
        buffer=editor.buffer,
        input_processors=[TabsProcessor(char1=" ", char2=" "), GhostTextProcessor(editor)],
    )
    text = Window(control, wrap_lines=True)
    panel = VSplit(
        [
            Window(width=1, char="│", style="class:dim"),
            Window(FormattedTextControl(lambda: _panel(editor)), width=PANEL_COLUMNS),
        ]
    )
    toolbar = Window(
        FormattedTextControl(lambda: _toolbar(editor)), height=1, style="class:toolbar"
    )
    return Layout(
        HSplit([VSplit([text, ConditionalContainer(panel, Condition(_is_wide))]), toolbar]),
        focused_element=text,
    )


def _is_wide() -> bool:
    return get_app().output.get_size().columns >= 3 * PANEL_COLUMNS


def _panel(editor: EditorState) -> StyleAndTextTuples:
    answer = editor.suggestions.answer
    rows: StyleAndTextTuples = (
        _word_rows(editor)
        if editor.options.prose
        else _character_rows(answer.next if answer else ())
    )
    rows.append(("class:dim", f"\n model {editor.model}\n"))
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


def _word_rows(editor: EditorState) -> StyleAndTextTuples:
    """Return a row for each next word, with the number of its key."""
    rows: StyleAndTextTuples = [("class:dim", " next word, Alt with\n")]
    for number, text in enumerate(editor.choices, 1):
        rows += [("bold", f" {number} "), ("", f"{one_line(text)[: PANEL_COLUMNS - 4]}\n")]
    return rows


def _toolbar(editor: EditorState) -> StyleAndTextTuples:
    if editor.asks_to_save and editor.file:
        return _hints(
            (f"Save {editor.file.path.name}?", ""), ("y", "yes"), ("n", "no"), ("Esc", "cancel")
        )
    message = editor.notice or editor.suggestions.error
    if message:
        return [("", f" {message}")]
    name = f"{editor.file.path.name}{'*' if editor.unsaved else ''}" if editor.file else ""
    return [
        *([("", f" {name} ")] if name else []),
        *_hints(
            (f"temperature {editor.options.temperature:.1f}", ""),
            ("Tab", "accept"),
            ("^→", "accept word"),
            ("Esc", "quit"),
            ("^T", "hotter"),
            *([("^N", "another")] if editor.options.temperature else []),
            *([("^S", "save")] if editor.file else []),
        ),
    ]


def _hints(*hints: tuple[str, str]) -> StyleAndTextTuples:
    """Format pairs of a key and its action, the keys in bold."""
    parts: StyleAndTextTuples = []
    for key, action in hints:
        parts += [("class:toolbar.key", f" {key}"), ("", f" {action} " if action else " ")]
    return parts
