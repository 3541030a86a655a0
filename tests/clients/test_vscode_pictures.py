"""Takes the pictures of the README of VS Code's extension, in code-server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from . import test_vscode
from .vscode import CLIENT, started

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = test_vscode.pytestmark
chromium = test_vscode.chromium

IMAGES = os.environ.get("FORETYPE_TEST_IMAGES")
"""Set to take the README's pictures anew."""


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
that the observatory has been repaired. May we see the
ob"""
PICTURE = {
    "foretype.maxSearchTime": 10_000,
    "workbench.colorTheme": "Default Dark Modern",
    "workbench.activityBar.location": "hidden",
    "workbench.layoutControl.enabled": False,
    "window.commandCenter": False,
    "breadcrumbs.enabled": False,
    "editor.fontSize": 15,
    "editor.scrollbar.vertical": "hidden",
    "editor.overviewRulerBorder": False,
    "editor.hideCursorInOverviewRuler": True,
    "editor.scrollBeyondLastLine": False,
    "editor.quickSuggestions": {"other": "off"},
}


@pytest.mark.skipif(IMAGES is None, reason="takes pictures only if FORETYPE_TEST_IMAGES is set")
def test_readme_pictures(chromium: Browser, tmp_path: Path) -> None:
    """Takes the pictures of the README."""
    images = CLIENT / "images"
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
        first = window.page.locator(".suggest-widget .monaco-list-row.focused")
        window.wait(first.inner_text, lambda text: "%" in text)
        window.press("Control+Space")  # shows the sources of the item
        window.page.locator(".suggest-details:visible", has_text="probability").wait_for()
        window.page.wait_for_timeout(1000)
        window.page.screenshot(path=images / "menu.png")
        window.press("Escape", "Escape")
        # Ten lines of the menu, whose list takes two fifths of the height.
        window.page.set_viewport_size({"width": 860, "height": 552})
        window.open_menu()
        window.wait(window.choices)
        window.page.wait_for_timeout(1000)
        window.page.screenshot(path=images / "commands.png")
