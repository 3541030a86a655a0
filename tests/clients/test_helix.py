"""The configuration for Helix, in a real Helix, with the real server."""

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
    "ghost text": "Helix 25.07 does not ask servers for it",
    "worded": (
        "Helix takes an item whole; the menu has the next word, the next two and so on as items"
    ),
}
SETTINGS = (
    '{ predictors = { scripted = { texts = ["hello world again", "äöü😀 grün und blau"] } } }'
)


@pytest.fixture
def languages(tmp_path: Path) -> Path:
    """Our configuration, where Helix looks for it."""
    path = tmp_path / "config" / "helix" / "languages.toml"
    path.parent.mkdir(parents=True)
    path.write_text((client_files.editor_files("helix") / "languages.toml").read_text())
    return path


def log_of(folder: Path) -> str:
    """What Helix and its servers have said to each other."""
    path = folder / "cache" / "helix" / "helix.log"
    return path.read_text() if path.exists() else ""


def opened(folder: Path, file: str) -> Iterator[Terminal]:
    (folder / "work" / ".git").mkdir(parents=True)
    (folder / "work" / file).write_text("\n")
    assert PROGRAM
    with started([PROGRAM, "-v", file], folder, {}) as editor:
        # Helix does not ask again once a server has come up later than the key.
        editor.wait(lambda: '"initialized"' in log_of(folder))
        editor.press("i")
        editor.wait_for("INS")
        yield editor


@pytest.fixture
def editor(tmp_path: Path, languages: Path) -> Iterator[Terminal]:
    """Insert mode in a text file, with texts known by heart."""
    languages.write_text(re.sub(r"(?m)^config = .*", f"config = {SETTINGS}", languages.read_text()))
    yield from opened(tmp_path, "notes.txt")


def test_opened_python_is_served_from_the_workspace_beside_its_own_servers(
    tmp_path: Path, languages: Path
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "other.py").write_text(8 * "print(observatory_of_the_northern_hills)\n")
    for editor in opened(tmp_path, "notes.py"):
        editor.wait(
            lambda: re.search(r'foretype <- .*"kind": ?"end"', log_of(tmp_path))
        )  # it has read the workspace
        editor.type("print(observatory_of")
        editor.wait_for("observatory_of_the_northern_hills")


def test_completed_the_menu_has_the_next_words(editor: Terminal) -> None:
    editor.type("hello wo")
    screen = editor.wait_for("world again")
    assert re.search(r"\bworld +text", screen)


def test_completed_the_menu_opens_before_a_word_and_after_characters_of_several_bytes(
    editor: Terminal,
) -> None:
    editor.type("äöü😀 ")
    editor.press("C-x")
    editor.wait_for("grün und")
    editor.press("Tab", "Enter", "Escape")
    editor.wait(editor.screen, lambda screen: "äöü😀 grün" in screen and "grün und" not in screen)


def test_accepted_an_item_replaces_the_word_typed_so_far(editor: Terminal) -> None:
    editor.type("hello wo")
    editor.wait_for("world again")
    editor.press("Tab")
    editor.wait_for("probability:")  # why it is offered
    editor.press("Enter")
    editor.press("Escape")
    editor.wait(editor.screen, lambda screen: "hello world" in screen and "again" not in screen)


def test_a_word_is_forgotten_by_a_command(editor: Terminal, tmp_path: Path) -> None:
    editor.type("hello wo")
    editor.wait_for("world again")
    editor.press("Escape", "Escape")
    editor.type(':lsp-workspace-command foretype.forget {"word": "hello"}')
    editor.press("Enter")
    editor.wait(lambda: re.search(r'foretype <- .*"occurrences"', log_of(tmp_path)))
