"""The extension for VS Code, in code-server, with the real server."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from . import browser, vscode
from .editor import SCRIPTS
from .vscode import VSCode, started

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MISSING = vscode.missing()
# A window takes 15 s to start on two idle cores, and minutes on a busy machine.
pytestmark = [
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
    pytest.mark.timeout(900),
]

TEXTS = [
    "if os.path.exists(path):",
    "hello world again",
    "äöü😀 grün und blau",
    "one\ntwo\nthree",
    "so go on and on left",
    "so go on and on right",
    "we run home",
    "we run away",
]
PARTS_COUNTED = 2500
"""Milliseconds after which the server has counted parts for which no command came; it waits 2 s for
one.
"""
SCRIPTED = {
    "foretype.predictors": {"scripted": {"texts": TEXTS}},
    "foretype.inline.maxLines": 3,
    "foretype.maxSearchTime": 10_000,
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.launch() as launched:
        yield launched


@pytest.fixture(scope="module")
def running(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VSCode]:
    """A window for many tests, whose server predicts `TEXTS`."""
    with started(chromium, tmp_path_factory.mktemp("vscode"), SCRIPTED) as window:
        window.wait_until_ready()
        window.type_until_ghost("notes.txt", "hello")
        yield window


@pytest.fixture
def editor(running: VSCode) -> VSCode:
    """The window with an empty file and without notifications."""
    running.press("Escape", "Escape")
    running.command("Notifications: Clear All Notifications")
    running.command("View: Close All Editors")
    running.open("notes.txt")
    running.clear()
    return running


def test_opened_file_needs_no_notification(editor: VSCode) -> None:
    """Opening a file starts one server and shows no notification."""
    assert "Foretype 0" in editor.status()
    assert "predictors: scripted" in editor.status()
    assert editor.notifications() == []
    assert len(editor.servers()) == 1


def test_pairs_stay_balanced(running: VSCode) -> None:
    """Tab replaces the bracket that VS Code has closed by the one in the ghost text."""
    running.press("Escape", "Escape")
    running.command("View: Close All Editors")
    running.open("paths.py")
    running.clear()
    running.type("if os.path.exists(pa")
    running.wait_for_text("paths.py", "if os.path.exists(pa)")
    running.wait(lambda: running.page.locator(".ghost-text-decoration").count())
    running.press("Tab")
    running.wait_for_text("paths.py", "if os.path.exists(path):")


def test_ghost_text_follows_typing(editor: VSCode) -> None:
    """Ghost text stays while typing along it, and Escape hides it."""
    editor.type("hello")
    editor.wait_for_ghost(" world again")
    editor.type(" wo")
    editor.wait_for_ghost("rld again")
    editor.press("Escape")
    editor.wait_for_ghost("")
    editor.wait_for_text("notes.txt", "hello wo")


def test_accepted_ghost_text_is_counted(editor: VSCode) -> None:
    """Tab inserts the ghost text, which counts once."""
    count, characters = editor.accepted()
    editor.type("hello")
    editor.wait_for_ghost(" world again")
    editor.press("Tab")
    editor.wait_for_text("notes.txt", "hello world again")
    assert editor.accepted() == (count + 1, characters + len(" world again"))


def test_worded_accept_is_counted(editor: VSCode) -> None:
    """The key for a word inserts and counts only that word."""
    count, characters = editor.accepted()
    editor.type("hello ")
    editor.wait_for_ghost("world again")
    editor.press("ControlOrMeta+ArrowRight")
    editor.wait_for_text("notes.txt", "hello world")
    editor.wait_for_ghost(" again")
    editor.wait(
        editor.accepted, lambda accepted: accepted == (count + 1, characters + len("world"))
    )


def test_word_and_rest_count_once(editor: VSCode) -> None:
    """A word and then the rest at once count each character once."""
    _, characters = editor.accepted()
    editor.type("hello ")
    editor.wait_for_ghost("world again")
    editor.press("ControlOrMeta+ArrowRight", "Tab")
    editor.wait_for_text("notes.txt", "hello world again")
    expected = characters + len("world again")
    editor.wait(editor.accepted, lambda accepted: accepted[1] >= expected)
    editor.page.wait_for_timeout(PARTS_COUNTED)
    assert editor.accepted()[1] == expected


def test_completed_menu_item_is_counted(editor: VSCode) -> None:
    """A chosen item of the menu is inserted, and counts with the added characters."""
    count, characters = editor.accepted()
    editor.type("hello wo")
    editor.press("Control+Space")
    assert "world again" in editor.wait(editor.menu)
    editor.page.locator(".suggest-widget .monaco-list-row", has_text="world again").first.click()
    editor.wait_for_text("notes.txt", "hello world again")
    assert editor.accepted() == (count + 1, characters + len("rld again"))


def test_multiline_ghost_text(editor: VSCode) -> None:
    """Tab inserts ghost text of several lines."""
    editor.type("one")
    editor.wait(
        editor.ghost, lambda ghost: ghost != "" or bool(editor.page.locator(".ghost-text").count())
    )
    editor.press("Tab")
    editor.wait_for_text("notes.txt", "one\ntwo\nthree")


def test_ghost_text_after_multibyte_characters(editor: VSCode) -> None:
    """Ghost text has the right column after multi-byte characters."""
    editor.page.keyboard.insert_text("äöü😀")
    editor.type(" ")
    editor.wait_for_ghost("grün und blau")
    editor.press("Tab")
    editor.wait_for_text("notes.txt", "äöü😀 grün und blau")


def test_untitled_files_have_ghost_text(editor: VSCode) -> None:
    """An untitled file has ghost text."""
    editor.command("File: New Untitled Text File")
    editor.type("hello")
    editor.wait_for_ghost(" world again")
    editor.clear()


def test_menu_toggles_a_language(editor: VSCode) -> None:
    """The status bar's menu turns suggestions off for a language, a command turns them on."""
    editor.open_menu()
    editor.wait(editor.choices)
    editor.choose("Turn off for plaintext")
    editor.wait(editor.status, lambda status: "off here: turned off for plaintext" in status)
    editor.open("other.txt")
    editor.type("hello")
    editor.page.wait_for_timeout(1000)
    assert editor.ghost() == ""
    editor.command("Foretype: Turn On or Off for This Language")
    editor.wait_until_ready()
    editor.type(" ")
    editor.wait_for_ghost("world again")


def test_explained_offer_has_shares(editor: VSCode) -> None:
    """The explain command lists the shares of the predictors."""
    editor.type("hello")
    editor.wait_for_ghost(" world again")
    editor.command("Foretype: Explain This Suggestion")
    lines = editor.wait(editor.choices, lambda lines: any("scripted" in line for line in lines))
    assert "100 % of it" in lines[0]


def test_forgotten_word_is_reported(editor: VSCode) -> None:
    """The command forgets the entered word and reports it."""
    editor.command("Foretype: Forget a Word…")
    editor.answer("otherwise")
    messages = editor.wait(editor.notifications)
    assert "the word “otherwise” is forgotten" in messages[0]


def test_forget_file_asks_first(editor: VSCode) -> None:
    """The command forgets the active file after a confirmation."""
    editor.command("Foretype: Forget This File…")
    editor.page.locator(".monaco-dialog-box").wait_for()
    assert editor.notifications() == []
    editor.page.locator(".monaco-dialog-box .monaco-button", has_text="Forget").click()
    assert "notes.txt is forgotten" in editor.wait(editor.notifications)[0]


def test_statistics_page(editor: VSCode) -> None:
    """The command shows the statistics as a Markdown preview."""
    editor.command("Foretype: Show Statistics")
    editor.page.locator(".tab.active", has_text="Foretype statistics").wait_for()
    page = editor.page.frame_locator("iframe.webview.ready").frame_locator("iframe#active-frame")
    page.locator("h1", has_text="Foretype statistics").wait_for()


def test_training_can_be_cancelled(editor: VSCode) -> None:
    """Training validates the minutes, shows its progress, and ends when cancelled."""
    pytest.importorskip("torch")
    (editor.folder / "long.txt").write_text(
        "the quick brown fox jumps over the lazy dog again and again\n" * 500
    )
    editor.command("Foretype: Train on This Workspace…")
    editor.answer("ten")  # invalid: not a number
    assert editor.notifications() == []
    editor.page.locator(".quick-input-widget input").first.fill("10")
    editor.press("Enter")
    editor.wait(
        editor.notifications,
        lambda messages: any("training on your text" in line for line in messages),
    )
    editor.wait(editor.status, lambda status: "training on your text" in status)
    editor.button("Cancel").click()
    editor.wait_until_ready()
    editor.wait(
        editor.notifications,
        lambda messages: not any("training on your text" in line for line in messages),
    )


def test_crash_restarts_are_limited(chromium: Browser, tmp_path: Path) -> None:
    """A killed server restarts three times silently; the fourth end is one notification."""
    with started(chromium, tmp_path, SCRIPTED) as window:
        window.wait_until_ready()
        window.open("notes.txt")
        for _ in range(3):
            _kill(window)
            window.wait_until_ready()
        assert window.notifications() == []
        window.type("hello")
        window.wait_for_ghost(" world again")
        os.kill(window.servers()[0], signal.SIGKILL)
        assert re.search("ended 4 times", window.wait(window.notifications)[0])
        assert len(window.notifications()) == 1
        window.button("Restart").click()
        window.wait_until_ready()
        window.type(" ")
        window.wait_for_ghost("world again")


def _kill(window: VSCode) -> None:
    (server,) = window.servers()
    os.kill(server, signal.SIGKILL)
    window.wait(window.servers, lambda servers: len(servers) == 1 and servers != [server])
    window.page.wait_for_timeout(1000)  # until then, the status bar may show the previous server


def test_missing_server_is_reported_once(chromium: Browser, tmp_path: Path) -> None:
    """A missing server is one notification with remedies, not repeated after a reload."""
    (tmp_path / "nothing").mkdir()
    with started(chromium, tmp_path, SCRIPTED, search=str(tmp_path / "nothing")) as window:
        (message,) = window.wait(window.notifications)
        assert "not installed yet" in message
        assert window.button("Install").is_visible()
        assert window.button("Choose Program").is_visible()
        assert "not installed yet" in window.status()
        window.page.reload()
        window.wait(window.status, lambda status: "not installed yet" in status)
        window.page.wait_for_timeout(1500)
        assert window.notifications() == []
        # The file that `foretype setup vscode` writes.
        (tmp_path / "foretype").mkdir(exist_ok=True)
        (tmp_path / "foretype" / "program").write_text(f"{SCRIPTS}/foretype\n")
        window.command("Foretype: Restart the Server")
        window.wait_until_ready()


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (None, "which the setting foretype.path names"),
        ("echo foretype 0.0.1", "is version 0.0.1; 0.1.0 or later is needed"),
        (
            "echo Traceback; echo 'ModuleNotFoundError: no such thing' >&2; exit 1",
            "ModuleNotFoundError: no such thing",
        ),
    ],
)
def test_bad_program_is_reported_once(
    chromium: Browser, tmp_path: Path, program: str | None, expected: str
) -> None:
    """A missing, outdated or failing program is one notification, also in the status bar."""
    path = tmp_path / "mine"
    if program:
        path.write_text(f"#!/bin/sh\n{program}\n")
        path.chmod(0o755)
    with started(chromium, tmp_path, {**SCRIPTED, "foretype.path": str(path)}) as window:
        (message,) = window.wait(window.notifications)
        assert expected in message
        assert window.button("Open Settings").is_visible()
        assert expected in window.status()


def test_default_model_continues_text(chromium: Browser, tmp_path: Path) -> None:
    """The default model's ghost text continues the text and can be accepted."""
    letter = "The observatory on the hill was closed in winter.\nIt was repaired, and the obs"
    with started(chromium, tmp_path, {}, {"letter.txt": letter}) as window:
        window.wait_until_ready()
        assert "predictors: network, copy" in window.status()
        window.open("letter.txt")
        window.type("er")
        window.wait(window.ghost, lambda ghost: ghost.startswith("v"))
        window.press("Tab")
        # A later answer may have replaced the ghost text meanwhile.
        window.wait(lambda: window.text("letter.txt"), lambda text: text.startswith(f"{letter}erv"))
