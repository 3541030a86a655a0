"""Texts in VS Code that are no plain files: cells of notebooks, and the message of a commit."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from . import test_vscode
from .vscode import VSCode, started

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = test_vscode.pytestmark
chromium = test_vscode.chromium

CELLS = "first cell\n\nsecond goes on"
OTHERS = "other cell\n\nsecond is alone"
MESSAGE = ".scm-editor"
CELL = ".notebookOverlay .cell-editor-container"


def notebook(*cells: str) -> str:
    """Return the text of a notebook with these cells of code."""
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    language = {"language_info": {"name": "python"}}
    content = {
        "cells": [{**code, "source": [cell]} for cell in cells],
        "metadata": language,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content)


@pytest.fixture(scope="module")
def repository(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VSCode]:
    """A window on a repository with a notebook."""
    home = tmp_path_factory.mktemp("vscode")
    (home / "text").mkdir()
    subprocess.run(["git", "init", "--quiet", str(home / "text")], check=True)
    texts = [*test_vscode.TEXTS, CELLS, OTHERS]
    settings = {
        **test_vscode.SCRIPTED,
        "foretype.predictors": {"scripted": {"texts": texts}},
        "foretype.inline.maxLines": 1,
        "editor.quickSuggestions": {"other": "off"},  # Tab would take an item of an open menu
    }
    files = {"notes.txt": "", "plan.ipynb": notebook("first cell", "seco", "other cell", "seco")}
    with started(chromium, home, settings, files) as window:
        window.wait_until_ready()
        window.open("notes.txt")
        yield window


def sources(window: VSCode) -> list[str]:
    """Return the cells of the notebook on the disk."""
    cells = json.loads(window.text("plan.ipynb"))["cells"]
    return ["".join(cell["source"]) for cell in cells]


def test_notebook_cell_has_context(repository: VSCode) -> None:
    """Ghost text in a notebook's cell continues the cells before it, and can be accepted."""
    window = repository
    window.press("Escape", "Escape", "ControlOrMeta+p")
    window.page.locator(".quick-input-widget input").first.fill("plan.ipynb")
    window.choose("plan.ipynb")
    editors = window.page.locator(f"{CELL} .monaco-editor .view-lines")
    window.wait(lambda: editors.count() == 4)
    for number, ghost in ((1, " goes on"), (3, " is alone")):
        editors.nth(number).click()
        window.press("ControlOrMeta+End")
        window.type("nd")
        window.wait(lambda: window.ghost(CELL), lambda shown, ghost=ghost: shown == ghost)
        assert "is ready" in window.status()
        window.press("Tab")
        window.wait(
            lambda number=number: sources(window)[number],
            lambda source, ghost=ghost: source == f"second{ghost}",
        )


def test_commit_message_has_ghost_text(repository: VSCode) -> None:
    """The box for a commit's message has ghost text, whose last space a comma takes back."""
    window = repository
    window.press("Control+Shift+G")
    message = window.page.locator(f"{MESSAGE} .monaco-editor .view-lines").first
    message.click()
    window.type("so go ")
    window.wait(lambda: window.ghost(MESSAGE), lambda ghost: ghost == "on and on ")
    window.press("Tab")
    window.wait(lambda: written(message), lambda text: text == "so go on and on")
    window.type(",")
    window.wait(lambda: written(message), lambda text: text == "so go on and on,")


def written(lines: object) -> str:
    """Return the text of an editor, without the spaces at its end."""
    text: str = lines.inner_text()  # type: ignore[attr-defined]
    return text.replace("\xa0", " ").rstrip()
