"""The servers of Vim: their ends, the messages about them, and the statistics that they keep."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from . import test_vim
from .editor import accepted
from .terminal import last_message, make_repository
from .vim import SCRIPTED, SERVER, Vim, errors, opened

pytestmark = test_vim.pytestmark
editor = test_vim.editor


def about(editor: Vim, text: str) -> list[str]:
    """Return the messages that contain a text."""
    return [line for line in editor.messages() if text in line]


def test_crash_starts_server_again(editor: Vim) -> None:
    """A killed server is started again, also the second time; one message says so."""
    editor.type("hello")
    editor.wait_for("hello world again")
    for number in (2, 3):
        editor.press("Escape")
        editor.wait(lambda: editor.evaluate("mode()"), lambda mode: mode == "n")
        os.kill(editor.evaluate(SERVER), signal.SIGKILL)
        editor.wait(lambda: about(editor, "starts again"))
        editor.press("o")
        editor.type("hello")
        editor.wait(lambda: editor.evaluate("foretype#ghost#Shown()"), lambda text: text != "")
        assert editor.lines() == number * ["hello"]
    assert len(about(editor, "starts again")) == 1


def test_crash_while_typing_keeps_keys(editor: Vim) -> None:
    """A server killed in insert mode takes no key, and ghost text comes back while typing."""
    editor.type("hello")
    editor.wait_for("hello world again")
    os.kill(editor.evaluate(SERVER), signal.SIGKILL)
    editor.wait(editor.screen, lambda screen: "again" not in screen.splitlines()[0])
    editor.type(" wor")
    editor.press("Tab", "Enter")
    editor.type("hello")
    editor.wait_for_lines("hello wor\t", "hello")
    editor.wait_for("hello world again")


def test_crash_message_fits_the_screen(editor: Vim) -> None:
    """A message longer than the screen is wide takes no key, and the log has all of it."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(f":Foretype! forget {'x' * 120}\n")
    editor.wait(lambda: about(editor, "xxx"))
    editor.type("A!")
    editor.wait_for_lines("hello!")
    editor.press("Escape")
    editor.type(":Foretype log\n")
    editor.wait(editor.lines, lambda lines: any("0 occurrences" in line for line in lines))


def test_crash_loop_ends_in_message(tmp_path: Path) -> None:
    """A server that keeps ending is given up with one message, and each command repeats it."""
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    for vim in opened(tmp_path, SCRIPTED, more=f"let g:foretype_program = '{program}'"):
        vim.wait(lambda vim=vim: about(vim, "keeps ending"))
        assert len(about(vim, "starts again")) == 1
        vim.type(":edit other.txt\n:messages clear\n:Foretype status\n")
        vim.wait(lambda vim=vim: about(vim, "keeps ending"))
        vim.type(":Foretype log\n")
        vim.wait(vim.lines, lambda lines: lines.count("the server ended with status 3") == 4)


KILL = """
function! Kill() abort
  let job = job_info()[0]
  call job_stop(job, 'kill')
  while job_status(job) ==# 'run'
  endwhile
  return ch_status(job_getchannel(job))
endfunction
"""
"""Kill the server and return the state of its channel. Vim reads no channel meanwhile: job_status()
itself calls `exit_cb`, with the channel's input closed and its output still open.
"""


@pytest.mark.parametrize("more", ["", " | bwipeout! | edit notes.txt", " | Foretype restart"])
def test_crash_writes_no_error(tmp_path: Path, more: str) -> None:
    """No message is written to a server that has ended, though its channel still counts as open: no
    E630, E631 or E906.
    """
    # On a busy machine, Vim may have seen the channel's end first: that is not the case to test.
    states = (killed(tmp_path / str(attempt), more) for attempt in range(5))
    assert "open" in states


def killed(folder: Path, more: str) -> str:
    """Kill a server, run `more`, and check that Vim goes on without an error. Return the state of
    the channel when the server had ended.
    """
    folder.mkdir()
    state = ""
    for vim in opened(folder, SCRIPTED, more=KILL):
        vim.type("ihello")
        vim.wait_for("hello world again")
        vim.press("Escape")
        # Not by evaluate(), which discards the errors.
        vim.type(f":let g:status_after_exit = Kill(){more}\n")
        vim.wait(lambda vim=vim: about(vim, "the server ended"))
        state = vim.evaluate("g:status_after_exit")
        vim.type("Shello")
        vim.wait(lambda vim=vim: vim.evaluate("foretype#ghost#Shown()"), lambda text: text != "")
        assert errors(vim) == []
    return state


def test_quick_session_is_counted(tmp_path: Path) -> None:
    """Text that is accepted right before :wq is in the statistics."""
    for vim in opened(tmp_path, SCRIPTED):
        vim.type("ihello")
        vim.wait_for("hello world again")
        vim.press("Tab", "Escape")
        vim.type(":wq\n")
        vim.wait(lambda: accepted(tmp_path), lambda count: count == 1)
        break  # Vim has ended
    assert (tmp_path / "work" / "notes.txt").read_text() == "hello world again\n"


def test_commit_message_is_completed(tmp_path: Path) -> None:
    """The message that `git commit` asks for has ghost text."""
    repository = make_repository(tmp_path)
    for vim in opened(tmp_path, SCRIPTED, git=True):
        vim.type("ihello")
        vim.wait_for("hello world again")
        vim.press("Tab", "Escape")
        vim.type(":wq\n")
        vim.wait(lambda: last_message(repository), lambda text: text == "hello world again")
        break  # Vim has ended
