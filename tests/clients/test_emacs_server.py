"""The servers of Emacs: their ends, the messages about them, and the statistics that they keep."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from . import terminal, test_emacs
from .editor import accepted, wait_until
from .emacs import Emacs, open_editor

pytestmark = test_emacs.pytestmark
editor = test_emacs.editor

SERVER = "(process-id (jsonrpc--process foretype--server))"
"""The process id of the server of the buffer."""


def test_crash_starts_server_again(editor: Emacs) -> None:
    """A killed server is started again, also the second time; one message says so."""
    editor.type("hello")
    editor.wait_for("hello world again")
    for _ in range(2):
        os.kill(editor.evaluate(SERVER), signal.SIGKILL)
        editor.wait(partial(editor.evaluate, "(null foretype--ghost)"))
        editor.press("Enter")
        editor.type("hello")
        editor.wait_for("hello world again")
    assert editor.messages().count("it starts again") == 1


@pytest.mark.parametrize("read", [0, 1], ids=["unread", "read"])
def test_crash_loop_ends_in_message(tmp_path: Path, read: int) -> None:
    """A server that keeps ending, with `read` bytes of the first request read, is given up with one
    message, which commands repeat.
    """
    program = tmp_path / "broken"
    program.write_text(f"#!/bin/sh\nhead -c {read} >/dev/null\nexit 3\n")
    program.chmod(0o755)
    for emacs in open_editor(tmp_path, more=f'(setq foretype-program "{program}")'):
        emacs.wait(emacs.messages, lambda messages: "keeps ending" in messages)
        assert emacs.messages().count("it starts again") == 1
        assert "refused" not in emacs.messages()
        emacs.type("hello")
        emacs.wait_for_text("hello")
        emacs.command("foretype-status")
        emacs.wait(emacs.messages, lambda messages: messages.count("has ended") == 1)


def test_closed_terminal_ends_emacs(editor: Emacs) -> None:
    """Emacs ends when its terminal is closed, even if its server ends only then, while Emacs blocks
    SIGCHLD.
    """
    editor.type("hello")
    editor.wait_for("hello world again")
    emacs = editor.evaluate("(emacs-pid)")
    server = editor.evaluate("(process-id (jsonrpc--process foretype--server))")
    os.kill(server, signal.SIGSTOP)
    os.kill(emacs, signal.SIGHUP)
    time.sleep(1)  # now Emacs waits for the response to `shutdown`
    os.kill(server, signal.SIGKILL)
    wait_until(
        lambda: is_running(emacs),
        lambda running: not running,
        terminal.TIMEOUT,
        lambda: "Emacs is running",
    )


def is_running(pid: int) -> bool:
    """Return whether a process has not ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_missing_program_is_reported_once(tmp_path: Path) -> None:
    """A missing program is one message, however many buffers are opened."""
    for emacs in open_editor(tmp_path, more='(setq foretype-program "/none/foretype")'):
        emacs.evaluate('(progn (find-file "other.txt") nil)')
        emacs.type("hello")
        emacs.wait_for_text("hello")
        assert emacs.messages().count('there is no program "/none/foretype"') == 1


def test_quick_session_is_counted(editor: Emacs, tmp_path: Path) -> None:
    """Text that is accepted right before the end of Emacs is in the statistics."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Tab")
    editor.wait_for_text("hello world again")
    editor.press("C-x", "C-s", "C-x", "C-c")
    wait_until(
        partial(accepted, tmp_path), bool, terminal.TIMEOUT, lambda: "no acceptance is counted"
    )
    assert (tmp_path / "work" / "notes.txt").read_text().strip() == "hello world again"


def test_commit_message_is_completed(tmp_path: Path) -> None:
    """The message that `git commit` asks for has ghost text."""
    repository = terminal.make_repository(tmp_path)
    for emacs in open_editor(tmp_path, file="COMMIT_EDITMSG", git=True):
        emacs.type("hello")
        emacs.wait_for("hello world again")
        emacs.press("Tab")
        emacs.wait(emacs.text, lambda text: text.startswith("hello world again"))
        emacs.press("C-x", "C-s", "C-x", "C-c")
        wait_until(
            partial(terminal.last_message, repository),
            lambda text: text == "hello world again",
            terminal.TIMEOUT,
            lambda: "nothing is committed",
        )
