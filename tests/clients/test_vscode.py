"""The extension for VS Code, in a real VS Code, with the real server."""

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
# It takes a quarter of a minute to start, on two cores that are idle.
pytestmark = [
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
    pytest.mark.timeout(300),
]

IMAGES = os.environ.get("FORETYPE_TEST_IMAGES")
"""Set where the README's pictures are to be taken anew."""

TEXTS = ["hello world again", "äöü😀 grün und blau", "one\ntwo\nthree"]
SCRIPTED = {"foretype.predictors": {"scripted": {"texts": TEXTS}}, "foretype.inline.maxLines": 3}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.launch() as launched:
        yield launched


@pytest.fixture(scope="module")
def running(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VSCode]:
    """A window for many tests."""
    with started(chromium, tmp_path_factory.mktemp("vscode"), SCRIPTED) as window:
        window.wait_until_ready()
        yield window


@pytest.fixture
def editor(running: VSCode) -> VSCode:
    """An empty file, in which nothing is asked or told."""
    running.press("Escape", "Escape")
    running.command("Notifications: Clear All Notifications")
    running.command("View: Close All Editors")
    running.open("notes.txt")
    running.clear()
    return running


def test_opened_a_file_is_served_and_nobody_is_told_anything(editor: VSCode) -> None:
    assert "Foretype 0" in editor.status()
    assert "predictors: scripted" in editor.status()
    assert editor.told() == []
    assert len(editor.servers()) == 1


def test_ghost_text_stands_at_the_cursor_and_goes_on_while_one_types_along(editor: VSCode) -> None:
    editor.type("hello")
    editor.wait_for_ghost(" world again")
    editor.type(" wo")
    editor.wait_for_ghost("rld again")
    editor.press("Escape")
    editor.wait_for_ghost("")
    editor.wait_for_text("notes.txt", "hello wo")


def test_accepted_ghost_text_is_in_the_file_and_counted_once(editor: VSCode) -> None:
    offers, characters = editor.taken()
    editor.type("hello")
    editor.wait_for_ghost(" world again")
    editor.press("Tab")
    editor.wait_for_text("notes.txt", "hello world again")
    assert editor.taken() == (offers + 1, characters + len(" world again"))


def test_worded_the_next_word_alone_is_taken_and_counted(editor: VSCode) -> None:
    offers, characters = editor.taken()
    editor.type("hello ")
    editor.wait_for_ghost("world again")
    editor.press("ControlOrMeta+ArrowRight")
    editor.wait_for_text("notes.txt", "hello world")
    editor.wait_for_ghost(" again")
    editor.wait(editor.taken, lambda taken: taken == (offers + 1, characters + len("world")))


def test_no_character_is_counted_twice_where_the_rest_is_taken_at_once(editor: VSCode) -> None:
    _, characters = editor.taken()
    editor.type("hello ")
    editor.wait_for_ghost("world again")
    editor.press("ControlOrMeta+ArrowRight", "Tab")
    editor.wait_for_text("notes.txt", "hello world again")
    editor.page.wait_for_timeout(1000)
    assert editor.taken()[1] == characters + len("world again")


def test_completed_by_the_menu_and_counted_once(editor: VSCode) -> None:
    offers, characters = editor.taken()
    editor.type("hello wo")
    editor.press("Control+Space")
    assert "world again" in editor.wait(editor.menu)
    editor.page.locator(".suggest-widget .monaco-list-row", has_text="world again").first.click()
    editor.wait_for_text("notes.txt", "hello world again")
    assert editor.taken() == (offers + 1, characters + len("rld again"))


def test_a_line_is_taken_by_the_command_for_that(editor: VSCode) -> None:
    editor.type("one")
    editor.wait(
        editor.ghost, lambda ghost: ghost != "" or bool(editor.page.locator(".ghost-text").count())
    )
    editor.press("Tab")
    editor.wait_for_text("notes.txt", "one\ntwo\nthree")


def test_ghost_text_stands_after_characters_of_several_bytes(editor: VSCode) -> None:
    editor.page.keyboard.insert_text("äöü😀")
    editor.type(" ")
    editor.wait_for_ghost("grün und blau")
    editor.press("Tab")
    editor.wait_for_text("notes.txt", "äöü😀 grün und blau")


def test_files_without_a_name_are_served(editor: VSCode) -> None:
    editor.command("File: New Untitled Text File")
    editor.type("hello")
    editor.wait_for_ghost(" world again")
    editor.clear()


def test_the_menu_of_commands_turns_a_language_off_and_on(editor: VSCode) -> None:
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


def test_why_something_is_offered(editor: VSCode) -> None:
    editor.type("hello")
    editor.wait_for_ghost(" world again")
    editor.command("Foretype: Explain What Is Offered Here")
    lines = editor.wait(editor.choices, lambda lines: any("scripted" in line for line in lines))
    assert "100 % of it" in lines[0]


def test_a_word_is_forgotten(editor: VSCode) -> None:
    editor.command("Foretype: Forget a Word…")
    editor.answer("otherwise")
    told = editor.wait(editor.told)
    assert "the word “otherwise” is forgotten" in told[0]


def test_a_file_is_forgotten_once_one_has_agreed(editor: VSCode) -> None:
    editor.command("Foretype: Forget This File…")
    editor.page.locator(".monaco-dialog-box").wait_for()
    assert editor.told() == []
    editor.page.locator(".monaco-dialog-box .monaco-button", has_text="Forget").click()
    assert "notes.txt is forgotten" in editor.wait(editor.told)[0]


def test_the_statistics_are_a_page(editor: VSCode) -> None:
    editor.command("Foretype: Show Statistics")
    editor.page.locator(".tab.active", has_text="Foretype statistics").wait_for()
    page = editor.page.frame_locator("iframe.webview.ready").frame_locator("iframe#active-frame")
    page.locator("h1", has_text="What Foretype has saved you").wait_for()


def test_training_shows_how_far_it_is_and_is_cancelled(editor: VSCode) -> None:
    pytest.importorskip("torch")
    (editor.folder / "long.txt").write_text(
        "the quick brown fox jumps over the lazy dog again and again\n" * 500
    )
    editor.command("Foretype: Train on This Workspace…")
    editor.answer("ten")  # not a number
    assert editor.told() == []
    editor.page.locator(".quick-input-widget input").first.fill("10")
    editor.press("Enter")
    editor.wait(editor.told, lambda told: any("training on your text" in line for line in told))
    editor.wait(editor.status, lambda status: "training on your text" in status)
    editor.button("Cancel").click()
    editor.wait_until_ready()
    editor.wait(editor.told, lambda told: not any("training on your text" in line for line in told))


def test_the_server_is_started_again_until_it_keeps_ending(
    chromium: Browser, tmp_path: Path
) -> None:
    with started(chromium, tmp_path, SCRIPTED) as window:
        window.wait_until_ready()
        window.open("notes.txt")
        for _ in range(3):
            _kill(window)
            window.wait_until_ready()
        assert window.told() == []
        window.type("hello")
        window.wait_for_ghost(" world again")
        os.kill(window.servers()[0], signal.SIGKILL)
        assert re.search("ended 4 times", window.wait(window.told)[0])
        assert len(window.told()) == 1
        window.button("Restart").click()
        window.wait_until_ready()
        window.type(" ")
        window.wait_for_ghost("world again")


def _kill(window: VSCode) -> None:
    (server,) = window.servers()
    os.kill(server, signal.SIGKILL)
    window.wait(window.servers, lambda servers: len(servers) == 1 and servers != [server])
    window.page.wait_for_timeout(
        1000
    )  # until then, the status bar may still tell of the one before


def test_a_missing_server_is_said_once_with_what_to_do(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with started(chromium, tmp_path, SCRIPTED, search=str(tmp_path / "nothing")) as window:
        (told,) = window.wait(window.told)
        assert "not installed yet" in told
        assert window.button("Install").is_visible()
        assert window.button("Choose Program").is_visible()
        assert "not installed yet" in window.status()
        window.page.reload()
        window.wait(window.status, lambda status: "not installed yet" in status)
        window.page.wait_for_timeout(1500)
        assert window.told() == []
        # What `foretype setup vscode` writes.
        (tmp_path / "foretype").mkdir(exist_ok=True)
        (tmp_path / "foretype" / "program").write_text(f"{SCRIPTS}/foretype\n")
        window.command("Foretype: Restart the Server")
        window.wait_until_ready()


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (None, "where there is no program"),
        ("echo foretype 0.0.1", "is version 0.0.1; 0.1.0 or later is needed"),
        (
            "echo Traceback; echo 'ModuleNotFoundError: no such thing' >&2; exit 1",
            "ModuleNotFoundError: no such thing",
        ),
    ],
)
def test_a_program_that_will_not_do_is_one_message(
    chromium: Browser, tmp_path: Path, program: str | None, said: str
) -> None:
    path = tmp_path / "mine"
    if program:
        path.write_text(f"#!/bin/sh\n{program}\n")
        path.chmod(0o755)
    with started(chromium, tmp_path, {**SCRIPTED, "foretype.path": str(path)}) as window:
        (told,) = window.wait(window.told)
        assert said in told
        assert window.button("Open Settings").is_visible()
        assert said in window.status()


def test_the_default_model_offers_what_goes_on_from_the_text(
    chromium: Browser, tmp_path: Path
) -> None:
    letter = "The observatory on the hill was closed in winter.\nIt was repaired, and the obs"
    with started(chromium, tmp_path, {}, {"letter.txt": letter}) as window:
        window.wait_until_ready()
        assert "predictors: network, copy" in window.status()
        window.open("letter.txt")
        window.type("er")
        ghost = window.wait(window.ghost, lambda ghost: ghost.startswith("v"))
        window.press("Tab")
        window.wait_for_text("letter.txt", f"{letter}er{ghost}")


CODE = """import json
from pathlib import Path


def read_settings(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))


def read_notes(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    return json.l"""
LETTER = """Dear Emma,

thank you for your letter. I was very pleased to hear
that the observatory has been repaired.

I should like to see the ob"""
PICTURE = {
    "workbench.colorTheme": "Default Dark Modern",
    "workbench.activityBar.location": "hidden",
    "workbench.layoutControl.enabled": False,
    "window.commandCenter": False,
    "breadcrumbs.enabled": False,
    "editor.fontSize": 15,
    "editor.scrollbar.vertical": "hidden",
    "editor.overviewRulerBorder": False,
    "editor.quickSuggestions": {"other": "off"},
}


@pytest.mark.skipif(IMAGES is None, reason="pictures are taken where FORETYPE_TEST_IMAGES is set")
def test_pictures_of_the_readme(chromium: Browser, tmp_path: Path) -> None:
    images = vscode.CLIENT / "images"
    with started(chromium, tmp_path, PICTURE, {"read.py": CODE, "letter.md": LETTER}) as window:
        window.wait_until_ready()
        window.page.set_viewport_size({"width": 860, "height": 400})
        window.command("View: Toggle Primary Side Bar Visibility")
        window.open("read.py")
        window.type("oads")
        window.wait(window.ghost, lambda ghost: ghost.startswith("(path"))
        window.page.wait_for_timeout(1000)
        window.page.screenshot(path=images / "ghost-text.png")
        window.open("letter.md")
        window.press("Control+Space")
        window.wait(window.menu)
        window.press("Control+Space")  # and where it comes from
        window.page.wait_for_timeout(2000)
        window.page.screenshot(path=images / "menu.png")
        window.press("Escape", "Escape")
        window.open_menu()
        window.wait(window.choices)
        window.page.wait_for_timeout(1000)
        window.page.screenshot(path=images / "commands.png")
