"""The keys of `try`: those of most editors, and those for suggestions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from prompt_toolkit.filters import Condition, FilterOrBool
from prompt_toolkit.key_binding import KeyBindings, KeyBindingsBase, merge_key_bindings
from prompt_toolkit.key_binding.bindings.basic import load_basic_bindings
from prompt_toolkit.key_binding.bindings.cpr import load_cpr_bindings
from prompt_toolkit.key_binding.bindings.mouse import load_mouse_bindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from foretype_server.terminal.actions import EditorActions
from foretype_server.terminal.mode import Mode
from foretype_server.terminal.panel import MAX_CHOICES

CANCEL: Final = ("escape", "c-q", "c-c")


class _Binder:
    """Binds keys to actions that take no event."""

    def __init__(self, keys: KeyBindings, when: FilterOrBool) -> None:
        self._keys, self._when = keys, when

    def __call__(self, action: Callable[[], object], *names: str | tuple[str, ...]) -> None:
        """Bind an action to each of some keys; a tuple is keys after one another."""
        for name in names:
            sequence = name if isinstance(name, tuple) else (name,)
            self._keys.add(*sequence, filter=self._when)(lambda _event: action())


def key_bindings(editor: EditorActions) -> KeyBindingsBase:
    """Return all keys of the editor, and of the fields at its foot."""
    keys = KeyBindings()
    _bind_text(keys, editor)
    _bind_movement(keys, editor)
    _bind_suggestions(keys, editor)
    _bind_questions(keys, editor)
    # Alt with another key is not Esc and that key.
    keys.add("escape", Keys.Any)(lambda _event: None)
    # The basic bindings edit the fields, and keep unknown keys from being inserted.
    return merge_key_bindings(
        [load_basic_bindings(), load_cpr_bindings(), load_mouse_bindings(), keys]
    )


def _in_mode(editor: EditorActions, *modes: Mode) -> Condition:
    return Condition(lambda: editor.mode in modes)


def _bind_text(keys: KeyBindings, editor: EditorActions) -> None:
    editing = _in_mode(editor, Mode.TEXT)
    edits, movement = editor.edits, editor.movement
    bind = _Binder(keys, editing)
    keys.add(Keys.Any, filter=editing)(lambda event: edits.type(_typed(event)))
    keys.add(Keys.BracketedPaste, filter=editing)(lambda event: edits.insert(_pasted(event)))
    bind(edits.new_line, "enter")
    bind(edits.backspace, "backspace")
    bind(edits.delete, "delete", "c-d")
    bind(lambda: edits.delete_to(movement.word_left), "c-w", ("escape", "backspace"))
    bind(lambda: edits.delete_to(movement.word_right), "c-delete", ("escape", "d"))
    bind(lambda: edits.delete_to(movement.line_start), "c-u")
    bind(lambda: edits.delete_to(movement.line_end), "c-k")
    bind(edits.unindent, "s-tab")
    bind(edits.undo, "c-z", "c-_")
    bind(edits.redo, "c-y")
    bind(edits.cut, "c-x", "s-delete")
    bind(editor.copy_or_quit, "c-c")
    bind(edits.copy, "c-insert")
    bind(edits.paste, "c-v", "s-insert")
    bind(movement.select_all, "c-a")
    bind(editor.find, "c-f")
    bind(editor.save, "c-s")
    bind(editor.ask_for_name, ("escape", "s"))
    bind(editor.quit, "c-q")
    bind(editor.escape, "escape")
    bind(editor.show_keys, "f1")


def _typed(event: KeyPressEvent) -> str:
    """Return the character that was typed; "" for a key without one, such as Ctrl-F5."""
    return "" if event.data < " " else event.data


def _pasted(event: KeyPressEvent) -> str:
    return event.data.replace("\r\n", "\n").replace("\r", "\n")


def _bind_movement(keys: KeyBindings, editor: EditorActions) -> None:
    movement = editor.movement
    bind = _Binder(keys, _in_mode(editor, Mode.TEXT))
    ways = {
        "left": movement.left,
        "right": movement.right,
        "up": lambda: movement.by_rows(-1),
        "down": lambda: movement.by_rows(1),
        "home": movement.row_start,
        "end": movement.row_end,
        "pageup": lambda: movement.by_rows(-editor.page_rows),
        "pagedown": lambda: movement.by_rows(editor.page_rows),
        "c-left": movement.word_left,
        "c-right": movement.word_right,
        "c-home": movement.text_start,
        "c-end": movement.text_end,
    }
    for name, move in ways.items():
        bind(partial(editor.move, name, move), name)
        shifted = f"c-s-{name[2:]}" if name.startswith("c-") else f"s-{name}"
        bind(partial(movement.selecting, move), shifted)


def _bind_suggestions(keys: KeyBindings, editor: EditorActions) -> None:
    editing = _in_mode(editor, Mode.TEXT)
    has_ghost = Condition(lambda: bool(editor.ghost))
    bind = _Binder(keys, editing)
    _Binder(keys, editing & ~has_ghost)(editor.edits.indent, "tab")
    _Binder(keys, editing & has_ghost)(editor.accept_all, "tab")
    _Binder(keys, editing & has_ghost)(editor.accept_word, "c-right")
    for number in range(MAX_CHOICES):
        bind(partial(editor.accept_choice, number), ("escape", str(number + 1)))
    bind(editor.raise_temperature, "c-t")
    bind(editor.resample, "c-n")


def _bind_questions(keys: KeyBindings, editor: EditorActions) -> None:
    unsaved = _Binder(keys, _in_mode(editor, Mode.UNSAVED))
    unsaved(editor.save_and_quit, "y", "Y")
    unsaved(editor.quit_without_saving, "n", "N")
    overwrite = _Binder(keys, _in_mode(editor, Mode.OVERWRITE))
    overwrite(editor.overwrite, "y", "Y")
    overwrite(editor.edit, "n", "N")
    _Binder(keys, _in_mode(editor, Mode.UNSAVED, Mode.OVERWRITE, Mode.FIND, Mode.NAME))(
        editor.edit, *CANCEL
    )
    _Binder(keys, _in_mode(editor, Mode.NAME))(editor.submit_name, "enter")
    find = _Binder(keys, _in_mode(editor, Mode.FIND))
    find(editor.find_next, "enter", "down", "c-f")
    find(editor.find_previous, "up")
    _Binder(keys, _in_mode(editor, Mode.KEYS))(editor.edit, Keys.Any, "enter", "f1", *CANCEL)
