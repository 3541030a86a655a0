"""Smart spaces, alternatives and compositions in VS Code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from . import test_vscode
from .vscode import VSCode, started

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = test_vscode.pytestmark
chromium = test_vscode.chromium
running = test_vscode.running
editor = test_vscode.editor


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (", x", "so go on and on, x"),
        (".", "so go on and on."),
        (" x", "so go on and on x"),
        ("x y !", "so go on and on x y !"),
        ("\nz", "so go on and on\nz"),
    ],
)
def test_smart_space_is_taken_back(editor: VSCode, typed: str, text: str) -> None:
    """The space at the end of accepted ghost text goes if punctuation, a space or a new line
    follows it.
    """
    editor.type("so go ")
    editor.wait_for_ghost("on and on ")
    editor.press("Tab")
    editor.wait_for_text("notes.txt", "so go on and on ")
    editor.type(typed)
    editor.wait_for_text("notes.txt", text)


def test_alternatives_take_turns(editor: VSCode) -> None:
    """VS Code's keys for the next and the previous ghost text show alternatives."""
    editor.type("we run ")
    first = editor.wait(editor.ghost)
    (other,) = {"home", "away"} - {first}
    editor.press("Alt+]")
    editor.wait_for_ghost(other)
    editor.press("Tab")
    editor.wait_for_text("notes.txt", f"we run {other}")


def add_cursors(editor: VSCode) -> None:
    """Put cursors into three empty lines."""
    editor.type("\n\n")
    editor.wait_for_text("notes.txt", "\n\n")
    editor.press("ControlOrMeta+Home", "Shift+Alt+ArrowDown", "Shift+Alt+ArrowDown")


def test_several_cursors_accept_parts(editor: VSCode) -> None:
    """A word, and then the rest, are inserted at each of three cursors, and count once."""
    count, characters = editor.accepted()
    add_cursors(editor)
    editor.type("hello ")
    editor.wait_for_ghost(3 * "world again")
    editor.press("ControlOrMeta+ArrowRight")
    editor.wait_for_text("notes.txt", "hello world\nhello world\nhello world")
    editor.wait_for_ghost(3 * " again")
    editor.press("Tab")
    editor.wait_for_text("notes.txt", "hello world again\nhello world again\nhello world again")
    expected = count + 2, characters + len("world again")
    editor.wait(editor.accepted, lambda accepted: accepted == expected)


@pytest.mark.parametrize("typed", [",", "\n"])
def test_several_cursors_take_spaces_back(editor: VSCode, typed: str) -> None:
    """The space at the end of accepted ghost text goes at each of three cursors."""
    add_cursors(editor)
    editor.type("so go ")
    editor.wait_for_ghost(3 * "on and on ")
    editor.press("Tab")
    editor.wait_for_text("notes.txt", "so go on and on \nso go on and on \nso go on and on ")
    editor.type(typed)
    line = f"so go on and on{typed}"
    editor.wait_for_text("notes.txt", f"{line}\n{line}\n{line}")


def test_compositions_are_not_offered(chromium: Browser, tmp_path: Path) -> None:
    """The menu has the word that an input method has made, and not the letters that it replaced."""
    with started(chromium, tmp_path, {"foretype.predictors": {"copy": {}}}) as window:
        window.wait_until_ready()
        window.open("notes.txt")
        session = window.page.context.new_cdp_session(window.page)
        for line in range(1, 4):
            window.type("ok ")
            window.page.keyboard.insert_text("今天")
            for stage in ("n", "ni", "ni h", "ni hao"):
                place = {"text": stage, "selectionStart": len(stage), "selectionEnd": len(stage)}
                session.send("Input.imeSetComposition", place)
                window.page.wait_for_timeout(300)
            session.send("Input.insertText", {"text": "你好"})
            window.press("Enter")
            window.wait_for_text("notes.txt", "ok 今天你好\n" * line)
        window.type("ok ")
        window.page.keyboard.insert_text("今天")
        window.page.wait_for_timeout(500)
        window.press("Control+Space")
        labels = window.wait(window.menu)
        assert any(label.startswith("今天你") for label in labels)
        assert not [label for label in labels if "n" in label]
