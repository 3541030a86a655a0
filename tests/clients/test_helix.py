"""The configuration for Helix, in Helix, with the real server."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from foretype_server.setup import client_files

from . import terminal
from .editor import accepted, wait_until
from .terminal import Terminal, started

PROGRAM = terminal.find("helix")
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Helix 23.10 or later, or no tmux: set FORETYPE_TEST_HELIX"
)

CANNOT = {
    "ghost text": "Helix 25.07 does not request it",
    "alternatives": "the menu shows all of them",
    "worded": (
        "Helix accepts whole items; the menu has the next word, the next two and so on as items"
    ),
}
SETTINGS = (
    '{ maxSearchTime = 10000, predictors = { scripted = { texts = ["hello world again", '
    '"äöü😀 grün und blau", "we call(them) now"] } } }'
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


def opened(folder: Path, file: str, *, git: bool = False) -> Iterator[Terminal]:
    """A Helix in insert mode in a file of a repository. With `git`, ``git commit`` opens it."""
    assert PROGRAM
    command = [PROGRAM, "-v", file]
    if git:
        command = terminal.COMMIT
    else:
        (folder / "work" / ".git").mkdir(parents=True)
        (folder / "work" / file).write_text("\n")
    with started(command, folder, terminal.git_environment(f"{PROGRAM} -v")) as editor:
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


def test_accepted_item_replaces_typed_word(editor: Terminal, tmp_path: Path) -> None:
    """An accepted item replaces the typed part of the word, and is in the statistics once the file
    is saved, at the latest: Helix kills its servers when it ends.
    """
    editor.type("hello wo")
    editor.wait_for("world again")
    editor.press("Tab", "Enter", "Escape")
    editor.wait(editor.screen, lambda screen: "hello world" in screen and "again" not in screen)
    editor.type(":write")
    editor.press("Enter")
    wait_until(partial(accepted, tmp_path), bool, terminal.TIMEOUT, lambda: "nothing is counted")


def test_explained_item_has_shares(editor: Terminal) -> None:
    """The box beside an item shows its probability and its predictors."""
    editor.type("hello wo")
    editor.wait_for("world again")
    editor.press("Tab")
    editor.wait_for("probability:")
    editor.wait_for("scripted: 100 % of it")


def test_forgotten_word_is_reported(editor: Terminal, tmp_path: Path) -> None:
    """The workspace command foretype.forget forgets a word."""
    editor.type("hello wo")
    editor.wait_for("world again")
    editor.press("Escape", "Escape")
    editor.type(':lsp-workspace-command foretype.forget {"word": "hello"}')
    editor.press("Enter")
    editor.wait(lambda: re.search(r'foretype <- .*"occurrences"', log_of(tmp_path)))


def test_pairs_stay_balanced(editor: Terminal) -> None:
    """Between brackets that Helix has closed, an accepted item closes them no second time."""
    editor.type("we call(th")
    editor.wait_for("we call(th)")
    editor.press("C-x")  # also if the server has been slow to answer
    editor.wait_for("them ")
    editor.press("Tab", "Enter")
    editor.type(")!")
    editor.wait_for("we call(them)!")


def test_crash_is_survived(editor: Terminal, tmp_path: Path) -> None:
    """A killed server takes no key; the command :lsp-restart starts a new one."""
    editor.type("hello wo")
    editor.wait_for("world again")
    os.kill(server_of(editor), signal.SIGKILL)
    editor.press("Escape", "Escape")
    editor.type("ohello ")
    editor.press("Escape")
    editor.wait(editor.screen, lambda screen: re.search("hello wo\n +2 +hello", screen))
    started = log_of(tmp_path).count('"initialized"')
    editor.type(":lsp-restart foretype")
    editor.press("Enter")
    editor.wait(lambda: log_of(tmp_path).count('"initialized"') > started)
    editor.type("Awo")
    editor.wait_for("world again")


def server_of(editor: Terminal) -> int:
    """Return the process id of the server, a descendant of the session's first process."""
    first = int(editor.run("list-panes", "-F", "#{pane_pid}"))
    parents = {
        int(path.parent.name): int(path.read_text().rpartition(")")[2].split()[1])
        for path in Path("/proc").glob("[0-9]*/stat")
    }
    (server,) = [
        process
        for process, parent in parents.items()
        if first in (parent, parents.get(parent)) and process != first and is_server(process)
    ]
    return server


def is_server(process: int) -> bool:
    words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    return b"serve" in words


def test_commit_message_is_completed(tmp_path: Path, languages: Path) -> None:
    """The message that `git commit` asks for has the menu."""
    languages.write_text(re.sub(r"(?m)^config = .*", f"config = {SETTINGS}", languages.read_text()))
    repository = terminal.make_repository(tmp_path)
    for editor in opened(tmp_path, "", git=True):
        editor.type("hello wo")
        editor.wait_for("world again")
        editor.press("Tab", "Enter", "Escape")
        editor.type(":wq")
        editor.press("Enter")
        wait_until(
            partial(terminal.last_message, repository),
            lambda text: text.startswith("hello world"),
            terminal.TIMEOUT,
            lambda: "nothing is committed",
        )
