"""The screen of `try`: the text with its ghost text, the panel of suggestions, the foot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from prompt_toolkit.application.current import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import DynamicCompleter, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Container,
    Float,
    FloatContainer,
    FormattedTextControl,
    HSplit,
    Layout,
    VSplit,
    Window,
)
from prompt_toolkit.layout.controls import SearchBufferControl
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments
from prompt_toolkit.search import SearchState
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth
from prompt_toolkit.widgets import Frame

from foretype_server.terminal.line_layout import GHOST, lay_out
from foretype_server.terminal.mode import Mode
from foretype_server.terminal.panel import PANEL_COLUMNS, PanelState, panel

if TYPE_CHECKING:
    from foretype_server.console.text_file import TextFile

GREETING: Final = (
    "Start typing. Grey text is a suggestion: Tab accepts it, Ctrl-Right its next word. "
    "Esc or Ctrl-Q quits, F1 lists all keys."
)

DEFAULT_COLUMNS, DEFAULT_ROWS = 80, 24
"""The size of the text before it is first drawn."""

KEYS: Final = (
    ("Tab", "accept the grey text"),
    ("Ctrl-Right", "accept its next word"),
    ("Alt-1 to Alt-5", "insert a word of the list (with --prose)"),
    ("Esc", "hide the grey text; again: quit"),
    ("Ctrl-T", "bolder suggestions (a higher temperature)"),
    ("Ctrl-N", "another suggestion (above temperature 0)"),
    ("Ctrl-S, Alt-S", "save, save under another name"),
    ("Ctrl-Z, Ctrl-Y", "undo, redo"),
    ("Ctrl-X, -C, -V", "cut, copy, paste"),
    ("Shift + arrows", "select; Ctrl-A selects all"),
    ("Ctrl-F", "find; Enter goes to the next place"),
    ("Ctrl-W, Ctrl-Del", "delete the word before, after"),
    ("Tab, Shift-Tab", "indent, unindent"),
    ("Ctrl-Q", "quit"),
)
"""The keys that F1 shows."""

STYLE: Final = Style.from_dict(
    {
        "ghost": "italic #808080",
        "dim": "#808080",
        "bar": "ansicyan",
        "toolbar": "reverse",
        "toolbar.key": "bold",
        "selected": "reverse",
        "search": "bg:ansiyellow fg:ansiblack",
        "search.current": "bg:ansibrightyellow fg:ansiblack bold",
    }
)


class EditorState(PanelState, Protocol):
    """The state of an editor that the screen shows."""

    buffer: Buffer
    file: TextFile | None
    mode: Mode
    notice: str

    @property
    def ghost(self) -> str:
        """The ghost text at the cursor; "" if there is none."""

    @property
    def name_to_overwrite(self) -> str:
        """The name of the file that the user is asked about."""

    @property
    def unsaved(self) -> bool:
        """Whether the text has changes that no file has."""


class TextProcessor(Processor):
    """Shows a line in whole words, with ghost text at the cursor; a greeting in an empty text."""

    def __init__(self, editor: EditorState) -> None:
        self._editor = editor

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Lay the line out, and keep the styles of its characters."""
        line, document = transformation_input, transformation_input.document
        text = document.lines[line.lineno]
        ghost, column = "", 0
        if line.lineno == document.cursor_position_row:
            ghost = self._editor.ghost.replace("\r", "") if document.text else GREETING
            column = document.cursor_position_col
        laid_out = lay_out(text, line.width, ghost, column)
        styles = [style for style, *_ in explode_text_fragments(line.fragments)]
        fragments: StyleAndTextTuples = [
            ("class:ghost" if cell.source == GHOST else _style(styles, cell.source), cell.text)
            for cell in laid_out.cells
        ]
        # A selected line end is a blank behind the text.
        fragments += [(style, " ") for style in styles[len(text) :]]
        return Transformation(
            fragments,
            source_to_display=lambda index: laid_out.places[min(index, len(text))],
            display_to_source=laid_out.source_at,
        )


def _style(styles: Sequence[str], source: int) -> str:
    return styles[source] if source >= 0 else ""


class Screen:
    """The layout of the screen: the text, the panel beside it if there is room, and the foot.

    Attributes:
        field: the buffer of the field at the foot, for a name or a text to find.
        layout: for the application.
    """

    def __init__(self, editor: EditorState, on_find: Callable[[Buffer], None]) -> None:
        """Show the state of `editor`; call `on_find` when the text to find has changed."""
        self._editor = editor
        names = PathCompleter(expanduser=True)
        self.field = Buffer(
            multiline=False,
            completer=DynamicCompleter(lambda: names if editor.mode is Mode.NAME else None),
            on_text_changed=on_find,
        )
        self._field_control = SearchBufferControl(self.field, ignore_case=True)
        control = BufferControl(
            buffer=editor.buffer,
            input_processors=[TextProcessor(editor)],
            search_buffer_control=self._field_control,
        )
        self._text = Window(control, wrap_lines=True)
        self.layout = Layout(self._container(), focused_element=self._text)

    @property
    def search(self) -> SearchState:
        """The text that is looked for, and highlighted."""
        return self._field_control.searcher_search_state

    @property
    def columns(self) -> int:
        """The columns of the text."""
        info = self._text.render_info
        return info.window_width if info else DEFAULT_COLUMNS

    @property
    def rows(self) -> int:
        """The rows of the text on the screen."""
        info = self._text.render_info
        return info.window_height if info else DEFAULT_ROWS

    def enter_field(self, text: str) -> None:
        """Let the user edit `text` in the field at the foot."""
        self.layout.focus(self._field_control)
        self.field.document = Document(text)

    def leave_field(self) -> None:
        """Go back to the text, and mark no place any more."""
        self.search.text = ""
        self.layout.focus(self._text)

    def _container(self) -> Container:
        editor = self._editor
        beside = VSplit(
            [
                Window(width=1, char="│", style="class:dim"),
                Window(FormattedTextControl(lambda: panel(editor)), width=PANEL_COLUMNS),
            ]
        )
        above = VSplit([self._text, ConditionalContainer(beside, Condition(_is_wide))])
        keys = Frame(
            Window(FormattedTextControl(_key_table()), dont_extend_width=True), title="Keys"
        )
        shows_keys = Condition(lambda: editor.mode is Mode.KEYS)
        in_field = Condition(lambda: editor.mode in {Mode.FIND, Mode.NAME})
        label = Window(
            FormattedTextControl(lambda: _label(editor.mode)), dont_extend_width=True, height=1
        )
        field = VSplit([label, Window(self._field_control, height=1)], style="class:toolbar")
        foot = Window(FormattedTextControl(lambda: _foot(editor)), height=1, style="class:toolbar")
        return FloatContainer(
            HSplit([above, ConditionalContainer(field, in_field), foot]),
            [Float(ConditionalContainer(keys, shows_keys))],
        )


def _is_wide() -> bool:
    return get_app().output.get_size().columns >= 3 * PANEL_COLUMNS


def _key_table() -> StyleAndTextTuples:
    rows: StyleAndTextTuples = []
    for name, action in KEYS:
        rows += [("bold", f" {name:<17}"), ("", f"{action} \n")]
    return [*rows, ("class:dim", " any key closes this list")]


def _label(mode: Mode) -> StyleAndTextTuples:
    return [("class:toolbar.key", " Find: " if mode is Mode.FIND else " Save as: ")]


def _foot(editor: EditorState) -> StyleAndTextTuples:
    name = editor.file.path.name if editor.file else "this text"
    yes_no = [("y", "yes"), ("n", "no"), ("Esc", "cancel")]
    questions: dict[Mode, list[tuple[str, str]]] = {
        Mode.UNSAVED: [(f"Save {name}?", ""), *yes_no],
        Mode.OVERWRITE: [(f"Replace {editor.name_to_overwrite}?", ""), *yes_no],
        Mode.NAME: [("Enter", "save"), ("Tab", "complete"), ("Esc", "cancel")],
        Mode.FIND: [("Enter", "next"), ("Up", "previous"), ("Esc", "close")],
    }
    message = editor.notice or editor.suggestions.error
    if editor.mode in {Mode.UNSAVED, Mode.OVERWRITE}:
        return _hints(questions[editor.mode])
    if message:
        return [("", f" {message}")]
    return _hints(questions[editor.mode] if editor.mode in questions else _usual_hints(editor))


def _usual_hints(editor: EditorState) -> list[tuple[str, str]]:
    """Return the file's name and the most important keys, the most important first."""
    name = editor.file.path.name if editor.file else ""
    return [
        *([(f"{name}{'*' if editor.unsaved else ''}", "")] if name else []),
        ("Tab", "accept"),
        ("Ctrl-→", "next word"),
        ("Ctrl-S", "save"),
        ("Ctrl-Q", "quit"),
        ("F1", "keys"),
        ("Ctrl-T", "bolder"),
        *([("Ctrl-N", "another")] if editor.options.temperature else []),
    ]


def _hints(hints: Sequence[tuple[str, str]]) -> StyleAndTextTuples:
    """Format pairs of a key and its action, the keys in bold, as many as there is room for."""
    parts: StyleAndTextTuples = []
    room = get_app().output.get_size().columns
    for key, action in hints:
        shown = f" {action} " if action else " "
        room -= get_cwidth(f" {key}{shown}")
        if room < 0:
            break
        parts += [("class:toolbar.key", f" {key}"), ("", shown)]
    return parts
