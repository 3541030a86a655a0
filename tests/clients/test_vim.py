"""The plugin for Vim, in a real Vim, with the real server."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from foretype_server.setup import client_files

from . import terminal
from .terminal import Terminal, started


def suits(program: str | None) -> bool:
    """Whether this Vim has what the plugin needs: Debian's vim-tiny, for one, has not."""
    if program is None:
        return False
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return all(feature in told for feature in ("+job", "+textprop", "+channel", "+timers"))


PROGRAM = terminal.find("vim")
pytestmark = pytest.mark.skipif(
    not suits(PROGRAM), reason="no full Vim 9.0, or no tmux: set FORETYPE_TEST_VIM"
)

TEXTS = ["hello world again", "äöü😀 grün und blau", "one\ntwo\nthree", "if x:\n\treturn x"]
SCRIPTED = {"inline": {"maxLines": 3}, "predictors": {"scripted": {"texts": TEXTS}}}

SERVER = "job_info(job_info()[0])['process']"
"""The process of the one server, as Vim says it."""

VIMRC = """
set nocompatible noswapfile shortmess+=I runtimepath^={plugin}
filetype plugin on
let g:foretype_settings = json_decode('{settings}')
let g:test = ch_open('127.0.0.1:{port}')
{more}
"""


class Vim(Terminal):
    """A Vim that can be asked as well: it has opened a channel to here."""

    def __init__(self, editor: Terminal, connection: socket.socket) -> None:
        super().__init__(editor.tmux)
        self._stream = connection.makefile("rw", encoding="utf-8")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of Vim's, in whatever mode it is."""
        self._stream.write(json.dumps(["expr", expression, -1]) + "\n")
        self._stream.flush()
        return json.loads(self._stream.readline())[1]

    def lines(self) -> list[str]:
        """What stands in the buffer, beside what stands on the screen."""
        return self.evaluate("getline(1, '$')")

    def wait_for_lines(self, *lines: str) -> None:
        self.wait(self.lines, lambda found: found == list(lines))

    def messages(self) -> list[str]:
        return self.evaluate("split(execute('messages'), \"\\n\")")


def opened(
    folder: Path, settings: dict[str, Any], file: str = "notes.txt", more: str = ""
) -> Iterator[Vim]:
    assert PROGRAM
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(terminal.PATIENCE)
        told = json.dumps(settings).replace("'", "''")
        plugin, port = client_files.editor_files("vim"), listening.getsockname()[1]
        (folder / ".vimrc").write_text(
            VIMRC.format(plugin=plugin, settings=told, port=port, more=more)
        )
        with started([PROGRAM, file], folder, {}) as editor, listening.accept()[0] as connection:
            vim = Vim(editor, connection)
            vim.wait(lambda: vim.evaluate("v:vim_did_enter"))
            yield vim
            assert not [line for line in vim.messages() if re.match(r"Error|E\d+:", line)]


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Vim]:
    """Insert mode in an empty text file, with texts known by heart."""
    for vim in opened(tmp_path, SCRIPTED):
        vim.press("i")
        yield vim


def test_opened_a_file_is_served_by_the_network_and_its_workspace(tmp_path: Path) -> None:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "work" / "plan.md").write_text(
        30 * "The observatory on Quillfeather Hill is open.\n"
    )
    for vim in opened(tmp_path, {"maxSearchTime": 10_000}, "notes.md"):
        vim.wait(lambda: list((tmp_path / "foretype").glob("predictors/copy/*/manifest.json")))
        time.sleep(2)  # from the disk into what answers, which says nothing of it
        vim.type("iThe observatory on Quillfeathe")
        vim.wait_for("The observatory on Quillfeather Hill is open.")
        assert vim.lines() == ["The observatory on Quillfeathe"]


def test_completed_the_menu_has_the_next_words_and_what_is_chosen_is_counted(editor: Vim) -> None:
    editor.type("hello wo")
    editor.wait_for("hello world again")
    editor.press("C-x", "C-u")
    screen = editor.wait_for("[Foretype]")
    assert re.search(r"world +\[Foretype\]", screen)
    editor.press("C-n", "C-y")
    editor.wait(editor.lines, lambda lines: lines[0].startswith("hello world"))
    editor.press("Escape")
    editor.type(":Foretype status\n")
    editor.wait_for("1 offers")


def test_ghost_text_is_shown_and_stands_in_no_file(editor: Vim) -> None:
    editor.type("hello")
    editor.wait_for("hello world again")
    assert editor.lines() == ["hello"]
    assert editor.cursor() == (0, 5)


def test_accepted_ghost_text_is_one_step_of_undo_and_is_counted(editor: Vim) -> None:
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Tab")
    editor.wait_for_lines("hello world again")
    editor.press("Escape", "u")
    editor.wait_for_lines("hello")
    editor.type(":Foretype status\n")
    editor.wait_for(f"1 offers, {len(' world again')} characters")


def test_worded_the_next_word_and_the_next_line_are_taken_alone(editor: Vim) -> None:
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


def test_several_lines_with_a_tab_are_shown_and_taken_as_they_are(editor: Vim) -> None:
    editor.press("Escape")
    editor.type(":set autoindent\n")
    editor.press("i")
    editor.type("\tif x:")
    editor.wait_for("return x")
    editor.press("Tab")
    editor.wait_for_lines("\tif x:", "\treturn x")


def test_what_is_typed_along_stays_and_anything_else_hides_it(editor: Vim) -> None:
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.type(" wor")
    editor.wait_for("hello world again")
    editor.type("!")
    editor.wait(editor.screen, lambda screen: "again" not in screen)
    editor.press("Tab")
    editor.wait_for_lines("hello wor!\t")


def test_what_is_dismissed_is_gone(editor: Vim) -> None:
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("C-]")
    editor.wait(editor.screen, lambda screen: "again" not in screen)
    editor.press("Tab")
    editor.wait_for_lines("hello\t")


@pytest.mark.parametrize("keys", [["C-c"], ["Insert", "C-c"], ["C-o"]])
def test_ghost_text_goes_with_insert_mode_however_that_is_left(
    editor: Vim, keys: list[str]
) -> None:
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
    """Inside, the server answers nothing; afterwards it answers everything."""
    server = editor.evaluate(SERVER)
    os.kill(server, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server, signal.SIGCONT)


def test_an_answer_that_comes_late_is_shown_in_no_other_line(editor: Vim) -> None:
    editor.type("hell")
    editor.press("Enter")
    editor.type("plain")
    editor.press("Up", "End")
    editor.wait_for("hello world again")
    with paused(editor):
        editor.type("o")
        editor.press("Down")
        editor.wait(lambda: editor.evaluate("getcurpos()[1:2]"), lambda place: place == [2, 6])
    editor.press("C-x", "C-u", "C-e")  # which waits for an answer, and that comes after the other
    editor.wait(lambda: not editor.evaluate("pumvisible()"))
    editor.press("Tab")
    editor.wait_for_lines("hello", "plain\t")


def test_a_menu_that_comes_too_late_is_left_out(editor: Vim) -> None:
    editor.type("hello wo")
    editor.wait_for("hello world again")
    with paused(editor):
        editor.press("C-x", "C-u")
        editor.type("!")
        editor.wait_for_lines("hello wo!")
    editor.press("Escape")
    editor.type(":Foretype status\n")
    editor.wait_for("taken in this session: 0 offers")
    assert not [line for line in editor.messages() if re.match(r"Error|E\d+:", line)]


def test_the_server_follows_changes_of_many_kinds(editor: Vim) -> None:
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


def test_a_mapping_of_the_users_does_what_it_did_where_nothing_is_shown(tmp_path: Path) -> None:
    for vim in opened(tmp_path, SCRIPTED, more="inoremap <buffer> <Tab> TAB"):
        vim.type("ihello")
        vim.wait_for("hello world again")
        vim.press("Tab")
        vim.wait_for_lines("hello world again")
        vim.press("Enter", "Tab")
        vim.wait_for_lines("hello world again", "TAB")


def test_explain_says_why_and_a_word_is_forgotten(editor: Vim) -> None:
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(":Foretype explain\n")
    editor.wait_for("scripted: 100 % of it")
    editor.type(":Foretype! forget hello\n")
    editor.wait(
        editor.messages,
        lambda lines: any('the word "hello" is forgotten' in line for line in lines),
    )


def test_a_training_that_cannot_be_is_told_of(editor: Vim, tmp_path: Path) -> None:
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(f":Foretype train {tmp_path / 'none'}\n")
    editor.wait(editor.messages, lambda lines: any("none" in line for line in lines))
    editor.type(":Foretype train cancel\n")
    editor.wait(editor.messages, lambda lines: "Foretype: no training is under way" in lines)


def test_it_can_be_disabled_and_enabled(editor: Vim) -> None:
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


def test_a_killed_server_is_one_message_and_restart_brings_it_back(editor: Vim) -> None:
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.wait(lambda: editor.evaluate("mode()"), lambda mode: mode == "n")
    os.kill(editor.evaluate(SERVER), signal.SIGKILL)
    editor.wait(editor.messages, lambda lines: any("restart" in line for line in lines))
    editor.type(":edit! other.txt\n:edit! notes.txt\n")
    editor.wait(lambda: editor.evaluate("bufname()"), lambda name: name == "notes.txt")
    assert sum("restart" in line for line in editor.messages()) == 1
    editor.type(":Foretype restart\nShell")
    editor.wait_for_lines("hell")
    editor.type("o")
    editor.wait_for("hello world again")


def test_a_server_killed_while_somebody_types_is_told_of_once_they_have_done_and_at_each_command(
    editor: Vim,
) -> None:
    editor.type("hello")
    editor.wait_for("hello world again")
    os.kill(editor.evaluate(SERVER), signal.SIGKILL)
    editor.wait(editor.screen, lambda screen: "again" not in screen)
    editor.type(" wor")
    editor.press("Tab")
    editor.wait_for_lines("hello wor\t")
    assert "the server ended" not in editor.screen()
    editor.press("Escape")
    editor.wait_for("the server ended")
    for command in ("status", "explain", "forget hello", "train"):
        editor.evaluate("execute('messages clear')")
        editor.type(f":Foretype! {command}\n")
        editor.wait(
            editor.messages, lambda lines: any("the server ended" in line for line in lines)
        )


@pytest.mark.parametrize(
    "command",
    [
        "saveas plan/notes.txt",
        "enew! | write plan/notes.txt",
        "call append(0, 'above') | file plan/notes.txt",
    ],
)
def test_a_file_with_another_name_is_served_as_that(
    editor: Vim, tmp_path: Path, command: str
) -> None:
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
    editor.wait(lambda: editor.evaluate("foretype#document#Of(bufnr()).server.ready"))
    editor.type("o")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(":Foretype explain\n")
    editor.wait_for("scripted: 100 % of it")


def test_a_missing_program_is_one_message(tmp_path: Path) -> None:
    for vim in opened(tmp_path, SCRIPTED, more="let g:foretype_program = '/none/foretype'"):
        vim.type("\n:edit other.txt\n:edit notes.txt\nihello\x1b")
        vim.wait_for_lines("hello")
        assert [line for line in vim.messages() if "Foretype" in line] == [
            (
                'Foretype: there is no program "/none/foretype"; install it, or name its path in '
                "g:foretype_program"
            )
        ]
