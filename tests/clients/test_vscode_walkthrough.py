"""The walkthrough of VS Code's extension, followed as a new user does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import test_vscode
from .vscode import VSCode, started

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator

pytestmark = test_vscode.pytestmark
chromium = test_vscode.chromium


def step(window: VSCode, title: str) -> Locator:
    """Return a step of the open walkthrough."""
    return window.page.locator(".getting-started-step", has_text=title).first


def is_done(window: VSCode, title: str) -> bool:
    return bool(
        step(window, title).locator(".codicon-getting-started-step-checked.complete").count()
    )


def open_walkthrough(window: VSCode) -> None:
    window.press("Escape", "F1")
    window.page.locator(".quick-input-widget input").first.fill(">Welcome: Open Walkthrough...")
    window.choose("Welcome: Open Walkthrough...")
    window.wait(window.choices, lambda lines: any("Write with Foretype" in line for line in lines))
    window.choose("Write with Foretype")
    step(window, "Choose from the menu").wait_for()


def test_menu_step_opens_words(chromium: Browser, tmp_path: Path) -> None:
    """The step about the menu opens the menu of words, and is done once an item is chosen; its
    text says how to have ghost text and menu together.
    """
    texts = {"scripted": {"texts": ["Thank you for your letter"]}}
    settings = {**test_vscode.SCRIPTED, "foretype.predictors": texts}
    with started(chromium, tmp_path, settings) as window:
        window.wait_until_ready()
        open_walkthrough(window)
        step(window, "Choose from the menu").click()
        assert "editor.quickSuggestions" in step(window, "Choose from the menu").inner_text()
        button = step(window, "Choose from the menu").locator(".monaco-button", has_text="Open")
        button.first.click()
        assert "letter" in window.wait(window.menu)
        assert window.choices() == []
        window.page.locator(".suggest-widget .monaco-list-row", has_text="letter").first.click()
        window.wait(window.menu, lambda menu: menu == [])
        window.wait(window.status, lambda status: "accepted in this window: 1" in status)
        open_walkthrough(window)
        window.wait(lambda: is_done(window, "Choose from the menu"))
        assert not is_done(window, "Accept ghost text")
