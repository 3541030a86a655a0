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
