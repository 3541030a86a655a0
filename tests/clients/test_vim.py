"""The plugin for Vim, in Vim, with the real server."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .vim import MISSING, SCRIPTED, SERVER, Vim, errors, opened

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Vim]:
    """A Vim in insert mode in an empty text file, whose server predicts `TEXTS`."""
    for vim in opened(tmp_path, SCRIPTED):
        vim.press("i")
        yield vim


def test_opened_file_uses_workspace(tmp_path: Path) -> None:
    """The ghost text of an opened file comes from the default model and the files of its
    repository.
    """
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "work" / "plan.md").write_text(
        30 * "The observatory on Quillfeather Hill is open.\n"
    )
    for vim in opened(tmp_path, {"maxSearchTime": 10_000}, "notes.md"):
        vim.wait(lambda: list((tmp_path / "foretype").glob("predictors/copy/*/manifest.json")))
        vim.type("iThe observatory on Quillfeathe")
        vim.retype_until("The observatory on Quillfeather Hill is open.")
        assert vim.lines() == ["The observatory on Quillfeathe"]


def test_completed_menu_item_is_counted(editor: Vim) -> None:
    """CTRL-X CTRL-U lists the next words, and an accepted item is counted."""
    editor.type("hello wo")
    editor.wait_for("hello world again")
    editor.press("C-x", "C-u")
    screen = editor.wait_for("[Foretype]")
    assert re.search(r"world again +\[Foretype\]", screen)
    editor.press("C-n", "C-y")
    editor.wait(editor.lines, lambda lines: lines[0].startswith("hello world"))
    editor.press("Escape")
    editor.type(":Foretype status\n")
    editor.wait_for("accepted in this session: 1 (")


def test_ghost_text_is_only_shown(editor: Vim) -> None:
    """Ghost text is on the screen, after the cursor, and not in the buffer."""
    editor.type("hello")
    editor.wait_for("hello world again")
    assert editor.lines() == ["hello"]
    assert editor.cursor() == (0, 5)


def test_accepted_ghost_text_undoes_once(editor: Vim) -> None:
    """Accepted ghost text is one undo step and is counted with its characters."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Tab")
    editor.wait_for_lines("hello world again")
    editor.press("Escape", "u")
    editor.wait_for_lines("hello")
    editor.type(":Foretype status\n")
    editor.wait_for(f"accepted in this session: 1 ({len(' world again')} characters)")


def test_worded_and_line_keys(editor: Vim) -> None:
    """The keys for a word and for a line accept only that part."""
    editor.type("äöü😀")
    editor.wait_for("äöü😀 grün und blau")
    editor.press("C-Right")
    editor.wait_for_lines("äöü😀 grün")
    editor.wait_for("äöü😀 grün und blau")
    editor.press("Tab", "Enter")
    editor.type("one")
    editor.wait_for("three")
    editor.press("C-End")
    editor.wait_for_lines("äöü😀 grün und blau", "one", "two")


def test_multiline_ghost_text_keeps_tabs(editor: Vim) -> None:
    """Ghost text of several lines with a tab is inserted unchanged, also with 'autoindent'."""
    editor.press("Escape")
    editor.type(":set autoindent\n")
    editor.press("i")
    editor.type("\tif x:")
    editor.wait_for("return x")
    editor.press("Tab")
    editor.wait_for_lines("\tif x:", "\treturn x")


def test_typing_along_keeps_ghost_text(editor: Vim) -> None:
    """Ghost text stays while the user types along it, and any other character hides it."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.type(" wor")
    editor.wait_for("hello world again")
    editor.type("!")
    editor.wait(editor.screen, lambda screen: "again" not in screen)
    editor.press("Tab")
    editor.wait_for_lines("hello wor!\t")


def test_dismiss_key_hides_ghost_text(editor: Vim) -> None:
    """The dismiss key hides the ghost text, and the accept key is a plain tab again."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("C-]")
    editor.wait(editor.screen, lambda screen: "again" not in screen)
    editor.press("Tab")
    editor.wait_for_lines("hello\t")


@pytest.mark.parametrize("keys", [["C-c"], ["Insert", "C-c"], ["C-o"]])
def test_leaving_insert_mode_hides_it(editor: Vim, keys: list[str]) -> None:
    """Ghost text and its keys go with insert mode, even if CTRL-C or CTRL-O leaves it."""
    editor.press("Enter")
    editor.type("plain")
    editor.press("Up", "Home")
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press(*keys)
    editor.wait(editor.screen, lambda screen: "again" not in screen)
    editor.type("j")
    editor.press("Escape")
    editor.type("A")
    editor.press("Tab")
    editor.wait_for_lines("hello", "plain\t")


@contextmanager
def paused(editor: Vim) -> Iterator[None]:
    """Stop the server inside the block; afterwards it answers all requests."""
    server = editor.evaluate(SERVER)
    os.kill(server, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server, signal.SIGCONT)


def test_late_response_stays_hidden(editor: Vim) -> None:
    """A response that arrives after the cursor has moved to another line shows nothing there."""
    editor.type("hell")
    editor.press("Enter")
    editor.type("plain")
    editor.press("Up", "End")
    editor.wait_for("hello world again")
    with paused(editor):
        editor.type("o")
        editor.press("Down")
        editor.wait(lambda: editor.evaluate("getcurpos()[1:2]"), lambda place: place == [2, 6])
    editor.press("C-x", "C-u", "C-e")  # this response comes after the late one
    editor.wait(lambda: not editor.evaluate("pumvisible()"))
    editor.press("Tab")
    editor.wait_for_lines("hello", "plain\t")


def test_slow_menu_is_dropped(editor: Vim) -> None:
    """A menu that takes too long is left out without an error, and nothing is counted."""
    editor.type("hello wo")
    editor.wait_for("hello world again")
    with paused(editor):
        editor.press("C-x", "C-u")
        editor.type("!")
        editor.wait_for_lines("hello wo!")
    editor.press("Escape")
    editor.type(":Foretype status\n")
    editor.wait_for("accepted in this session: 0 (")
    assert errors(editor) == []


def test_server_follows_all_changes(editor: Vim) -> None:
    """The server has the buffer's text after inserting, deleting, moving and substituting lines."""
    editor.press("Enter", "Enter")
    editor.type("tail")
    editor.press("Escape")
    editor.type("ggOhellx\x1bjdd:%s/tail/äöü/\nggA")
    editor.press("C-h")
    editor.type("o")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type("GA😀")
    editor.wait_for("äöü😀 grün und blau")


def test_user_mapping_works_without_ghost(tmp_path: Path) -> None:
    """A buffer-local mapping of the user works again as soon as no ghost text is shown."""
    for vim in opened(tmp_path, SCRIPTED, more="inoremap <buffer> <Tab> TAB"):
        vim.type("ihello")
        vim.wait_for("hello world again")
        vim.press("Tab")
        vim.wait_for_lines("hello world again")
        vim.press("Enter", "Tab")
        vim.wait_for_lines("hello world again", "TAB")


def test_explained_offer_has_shares(editor: Vim) -> None:
    """:Foretype explain shows the probability and the shares of the predictors."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(":Foretype explain\n")
    editor.wait_for("scripted: 100 % of it")
    editor.type(":Foretype status\n")
    assert "of it" not in editor.wait_for("suggestions accepted")


def test_forgotten_word_is_reported(editor: Vim) -> None:
    """:Foretype! forget forgets a word."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(":Foretype! forget hello\n")
    editor.wait(
        editor.messages,
        lambda lines: any('the word "hello" is forgotten' in line for line in lines),
    )


def test_failed_training_is_reported(editor: Vim, tmp_path: Path) -> None:
    """Training on a missing path and cancelling no training each show a message."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(f":Foretype train {tmp_path / 'none'}\n")
    editor.wait(editor.messages, lambda lines: any("cannot read" in line for line in lines))
    editor.wait_for("No such file")  # the end of the message, which is too long for one line
    editor.type(":Foretype train cancel\n")
    editor.wait(editor.messages, lambda lines: "Foretype: no training is in progress" in lines)


def test_disable_and_enable_commands(editor: Vim) -> None:
    """No ghost text appears while Foretype is disabled, and it returns when enabled."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(":Foretype disable\nShello")
    editor.wait_for_lines("hello")
    assert "again" not in editor.screen()
    editor.press("Escape")
    editor.type(":Foretype enable\nShell")
    editor.wait_for_lines("hell")
    editor.type("o")
    editor.wait_for("hello world again")


@pytest.mark.parametrize(
    "command",
    [
        "saveas plan/notes.txt",
        "enew! | write plan/notes.txt",
        "call append(0, 'above') | file plan/notes.txt",
    ],
)
def test_renamed_file_changes_its_server(editor: Vim, tmp_path: Path, command: str) -> None:
    """A buffer with a new file name is served under that name, by the server of its repository."""
    (tmp_path / "work" / "plan" / ".git").mkdir(parents=True)
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(f":{command}\n")
    editor.wait(lambda: editor.evaluate("bufname()"), lambda name: name == "plan/notes.txt")
    editor.wait(
        lambda: editor.evaluate("len(job_info())"), lambda servers: servers == 2
    )  # one for each workspace
    editor.type("Shell")
    editor.wait(lambda: editor.evaluate("foretype#document#Get(bufnr()).server.ready"))
    editor.type("o")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(":Foretype explain\n")
    editor.wait_for("scripted: 100 % of it")


def test_missing_program_is_reported_once(tmp_path: Path) -> None:
    """A missing program is one message, however many buffers are opened."""
    for vim in opened(tmp_path, SCRIPTED, more="let g:foretype_program = '/none/foretype'"):
        vim.type("\n:edit other.txt\n:edit notes.txt\nihello\x1b")
        vim.wait_for_lines("hello")
        (message,) = [line for line in vim.messages() if "Foretype" in line]
        assert message.startswith('Foretype: there is no program "/none/foretype"; install it')
        vim.type(":Foretype log\n")
        vim.wait(vim.lines, lambda lines: lines[-1].endswith("in g:foretype_program"))
