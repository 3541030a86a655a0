"""The keys and commands of VS Code's extension that show, take and turn off suggestions."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from . import test_vscode
from .vscode import VSCode, started

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = test_vscode.pytestmark
chromium = test_vscode.chromium
running = test_vscode.running
editor = test_vscode.editor

QUIET = 1500
"""Milliseconds without a suggestion after which none is expected."""


def assert_no_ghost(window: VSCode) -> None:
    window.page.wait_for_timeout(QUIET)
    assert window.ghost() == ""


def test_line_accept_takes_one(editor: VSCode) -> None:
    """Shift+Tab accepts the next line of ghost text, and leaves the rest."""
    editor.type("one")
    editor.wait(lambda: editor.page.locator(".ghost-text").count())
    editor.press("Shift+Tab")
    editor.wait_for_text("notes.txt", "one\n")
    editor.wait(editor.ghost, lambda ghost: ghost.startswith("two"))
    editor.press("Shift+Tab")
    editor.wait_for_text("notes.txt", "one\ntwo\n")


def test_shift_tab_still_outdents(editor: VSCode) -> None:
    """Without ghost text, and in the white space before a line's text, Shift+Tab outdents."""
    editor.type("    hello")
    editor.wait_for_ghost(" world again")
    editor.press("Escape")
    editor.wait_for_ghost("")
    editor.press("Shift+Tab")
    editor.wait_for_text("notes.txt", "hello")
    editor.clear()
    editor.type("one\n")
    editor.wait(editor.ghost)
    editor.type("    ")
    editor.wait(editor.ghost)
    editor.press("Shift+Tab")
    editor.wait_for_text("notes.txt", "one\n")


def test_key_asks_for_ghost_text(editor: VSCode) -> None:
    """Alt+Backslash brings hidden ghost text back, and so does the command."""
    editor.type("hello")
    for ask in (
        lambda: editor.press("Alt+\\"),
        lambda: editor.command("Foretype: Suggest Here"),
    ):
        editor.wait_for_ghost(" world again")
        editor.press("Escape")
        editor.wait_for_ghost("")
        ask()
    editor.wait_for_ghost(" world again")


def test_snooze_pauses_suggestions(editor: VSCode) -> None:
    """During a snooze there is ghost text only on request; the same command ends it."""
    editor.command("Foretype: Snooze for Five Minutes")
    editor.wait(editor.status, lambda status: "off here: snoozed until" in status)
    editor.type("hello")
    assert_no_ghost(editor)
    editor.press("Alt+\\")
    editor.wait_for_ghost(" world again")
    editor.open_menu()
    editor.wait(editor.choices)
    editor.choose("Wake up")
    editor.wait_until_ready()
    editor.clear()
    editor.type("hello")
    editor.wait_for_ghost(" world again")


def test_workspace_is_turned_off(editor: VSCode) -> None:
    """The command turns suggestions off in the workspace's settings, and on again."""
    editor.command("Foretype: Turn On or Off for This Workspace")
    editor.wait(editor.status, lambda status: "off here: turned off for this workspace" in status)
    settings = editor.folder / ".vscode" / "settings.json"
    assert json.loads(settings.read_text("utf-8")) == {"foretype.enable": False}
    editor.type("hello")
    assert_no_ghost(editor)
    editor.command("Foretype: Turn On or Off for This Workspace")
    editor.wait_until_ready()
    assert json.loads(settings.read_text("utf-8")) == {}
    editor.type(" ")
    editor.wait_for_ghost("world again")


def _menu_while_typing(window: VSCode) -> list[str]:
    """Return the menu; press keys that open it if the server was too busy for the last one."""
    if not window.menu():
        window.press("Backspace")
        window.type("o")
        window.page.wait_for_timeout(QUIET)
    return window.menu()


def test_ghost_and_menu_together(chromium: Browser, tmp_path: Path) -> None:
    """As the README says, the menu opens beside ghost text only with a setting of VS Code's."""
    both = {"editor.quickSuggestions": {"other": "on"}}
    for settings, opens in (({}, False), (both, True)):
        home = tmp_path / str(opens)
        with started(chromium, home, {**test_vscode.SCRIPTED, **settings}) as window:
            window.wait_until_ready()
            window.open("notes.txt")
            window.type("hello wo")
            window.wait_for_ghost("rld again")
            if opens:
                assert "world again" in window.wait(partial(_menu_while_typing, window))
            else:
                window.page.wait_for_timeout(QUIET)
                assert window.menu() == []
