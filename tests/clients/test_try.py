"""`foretype try` in a real terminal, with the default model: typed, undone, saved, counted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from foretype_server.usage.store import read

from . import editor, terminal

FORETYPE = str(Path(editor.SCRIPTS) / "foretype")

pytestmark = [
    pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux"),
    pytest.mark.timeout(300),
    pytest.mark.slow,
]


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Wait longer than for an editor: the program loads the model before its first screen."""
    monkeypatch.setattr(terminal, "TIMEOUT", 100.0)


def started(tmp_path, *arguments):
    """Start `foretype try` in a terminal of 90 columns, and wait for its first screen."""
    return terminal.started([FORETYPE, "try", *arguments], tmp_path, {})


def test_page_is_written_and_saved(tmp_path):
    """A page is typed in whole words, undone, redone, given a name and saved on the way out."""
    with started(tmp_path) as window:
        window.wait_for("Start typing")
        window.type("Dear Anna, thank you for your letter and for the good news about the garden")
        screen = window.wait_for("garden")
        first, second = (row.partition("│")[0].strip() for row in screen.splitlines()[:2])
        text = f"{first} {second}"
        assert text.startswith("Dear Anna, thank you for your letter and for the good news about")
        window.press("C-z")
        window.wait(window.screen, lambda screen: "garden" not in screen)
        window.press("C-y")
        window.wait_for("garden")
        window.press("C-c")
        window.wait_for("Save this text?")
        window.press("y")
        window.wait_for("Save as:")
        window.type("letter.txt")
        window.press("Enter")
        saved = tmp_path / "work" / "letter.txt"
        window.wait(saved.exists)
    assert saved.read_text().startswith("Dear Anna, thank you")
    assert saved.read_text().endswith("about the garden")


def test_copied_text_reaches_the_terminal(tmp_path):
    """Copied text goes to the terminal's clipboard, and pasted text comes in at once."""
    with started(tmp_path) as window:
        window.run("set-option", "-s", "set-clipboard", "on")
        window.wait_for("Start typing")
        window.type("one two")
        window.press("S-Left", "S-Left", "S-Left", "C-c")
        window.wait_for("Copied.")
        assert window.wait(lambda: window.run("list-buffers", "-F", "#{buffer_sample}")) == "two\n"
        window.run("set-buffer", "-b", "given", " and three")
        window.press("End")
        window.run("paste-buffer", "-p", "-b", "given")
        window.wait(window.screen, lambda screen: "one two and three" in screen)
        window.press("C-z")
        window.wait(window.screen, lambda screen: "and three" not in screen)


def test_accepted_text_is_counted(tmp_path):
    """Text that Tab accepts is counted, and `foretype stats` reads the counts."""
    with started(tmp_path, "notes.md") as window:
        window.wait_for("Start typing")
        window.type("We hope that it will be poss")
        window.wait_for("possible")
        window.press("Tab", "C-s")
        window.wait_for("Saved")
        window.press("C-q")
        window.wait((tmp_path / "foretype" / "statistics.sqlite").exists)
        counts = window.wait(lambda: read(tmp_path / "foretype"))
    accepted = {key: count for key, count in counts.items() if count.accepted}
    ((key, count),) = accepted.items()
    assert (key.language, key.editor) == ("markdown", "foretype try")
    assert count.characters >= len("ible")


def test_prose_lists_whole_words(tmp_path):
    """With --prose, the list inside a word has whole words."""
    with started(tmp_path, "--prose") as window:
        window.wait_for("Start typing")
        window.type("She came f")
        shown = window.wait(lambda: choices(window), lambda words: "from" in words)
        assert all(word.startswith("f") for word in shown)


def choices(window):
    """Return the first words of the numbered rows of the panel."""
    screen = window.screen()
    if "too slow" in screen:
        pytest.skip("the machine is so busy that a predictor was given up")
    rows = [row.partition("│")[2].split() for row in screen.splitlines()]
    return [row[1] for row in rows if len(row) > 1 and row[0] in {"1", "2", "3", "4", "5"}]


def test_mouse_selects_a_word(tmp_path):
    """Dragging the mouse over a word selects it, and it can be cut."""
    with started(tmp_path) as window:
        window.wait_for("Start typing")
        window.type("one two three")
        window.wait_for("one two three")
        window.type("\x1b[<0;5;1M\x1b[<32;8;1M\x1b[<0;8;1m")
        window.press("C-x")
        window.type("2")
        # Not only a look for "two": it may be the ghost text at its old place.
        window.wait(window.screen, lambda screen: screen.startswith("one 2 three"))
