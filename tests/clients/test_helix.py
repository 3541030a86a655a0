"""The configuration for Helix, in Helix, with the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretype_server.setup import client_files

from . import terminal
from .terminal import Terminal, started

PROGRAM = terminal.find("helix")
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Helix 23.10 or later, or no tmux: set FORETYPE_TEST_HELIX"
)

CANNOT = {
    "ghost text": "Helix 25.07 does not request it",
    "worded": (
        "Helix accepts whole items; the menu has the next word, the next two and so on as items"
    ),
}
SETTINGS = (
    '{ maxSearchTime = 10000, predictors = { scripted = { texts = ["hello world again", '
    '"äöü😀 grün und blau"] } } }'
)


@pytest.fixture
def languages(tmp_path: Path) -> Path:
    """The client's configuration, with time to search, in the configuration folder of Helix."""
    path = tmp_path / "config" / "helix" / "languages.toml"
    path.parent.mkdir(parents=True)
    text = (client_files.editor_files("helix") / "languages.toml").read_text()
    assert "maxItems = 5" in text
    path.write_text(text.replace("maxItems = 5", "maxItems = 5, maxSearchTime = 10000"))
    return path


def log_of(folder: Path) -> str:
    """Return the log with the messages between Helix and its servers."""
    path = folder / "cache" / "helix" / "helix.log"
    return path.read_text() if path.exists() else ""


def opened(folder: Path, file: str) -> Iterator[Terminal]:
    """A Helix in insert mode in a file of a repository."""
    (folder / "work" / ".git").mkdir(parents=True)
    (folder / "work" / file).write_text("\n")
    assert PROGRAM
    with started([PROGRAM, "-v", file], folder, {}) as editor:
        # Helix sends no new request when a server becomes ready after the key.
        editor.wait(lambda: '"initialized"' in log_of(folder))
        editor.press("i")
        editor.wait_for("INS")
        yield editor


@pytest.fixture
def editor(tmp_path: Path, languages: Path) -> Iterator[Terminal]:
    """A Helix in insert mode in a text file, whose server predicts the texts of `SETTINGS`."""
    languages.write_text(re.sub(r"(?m)^config = .*", f"config = {SETTINGS}", languages.read_text()))
    yield from opened(tmp_path, "notes.txt")


def test_opened_file_uses_workspace(tmp_path: Path, languages: Path) -> None:
    """A Python file has words of the workspace, beside the other servers of Python."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "other.py").write_text(8 * "print(observatory_of_the_northern_hills)\n")
    for editor in opened(tmp_path, "notes.py"):
        editor.wait(
            lambda: re.search(r'foretype <- .*"kind": ?"end"', log_of(tmp_path))
        )  # the workspace is indexed
        editor.type("print(observatory_of_the")
        editor.retype_until("observatory_of_the_northern_hills")


def test_completed_menu_has_next_words(editor: Terminal) -> None:
    """The menu has the next word, the next two and so on."""
    editor.type("hello wo")
    screen = editor.wait_for("world again")
    assert re.search(r"\bworld +text", screen)


def test_completed_after_multibyte_characters(editor: Terminal) -> None:
    """C-x opens the menu before a word, after multi-byte characters."""
    editor.type("äöü😀 ")
    editor.press("C-x")
    editor.wait_for("grün und")
    editor.press("Tab", "Enter", "Escape")
    editor.wait(editor.screen, lambda screen: "äöü😀 grün" in screen and "grün und" not in screen)


def test_accepted_item_replaces_typed_word(editor: Terminal) -> None:
    """An accepted item replaces the typed part of the word."""
    editor.type("hello wo")
    editor.wait_for("world again")
    editor.press("Tab")
    editor.wait_for("probability:")  # the explanation beside the item
    editor.press("Enter")
    editor.press("Escape")
    editor.wait(editor.screen, lambda screen: "hello world" in screen and "again" not in screen)


def test_forget_command(editor: Terminal, tmp_path: Path) -> None:
    """The workspace command foretype.forget forgets a word."""
    editor.type("hello wo")
    editor.wait_for("world again")
    editor.press("Escape", "Escape")
    editor.type(':lsp-workspace-command foretype.forget {"word": "hello"}')
    editor.press("Enter")
    editor.wait(lambda: re.search(r'foretype <- .*"occurrences"', log_of(tmp_path)))
