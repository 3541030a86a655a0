"""The servers of Neovim: their ends, the messages about them, and the statistics that they keep."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import neovim, terminal, test_neovim
from .editor import accepted
from .neovim import Neovim, started
from .terminal import Terminal
from .test_neovim import PROGRAM, configuration, notifications

pytestmark = test_neovim.pytestmark
fresh = test_neovim.fresh


def kill_server(editor: Neovim) -> None:
    """Kill the server, a child of Neovim."""
    children = editor.wait(
        lambda: editor.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
    )
    server = next(
        child for child in children if "foretype" in Path(f"/proc/{child}/cmdline").read_text()
    )
    editor.lua("vim.uv.kill(..., 'sigkill')", server)


def test_crash_starts_server_again(fresh: Neovim) -> None:
    """A killed server is started again, also the second time; one message says so."""
    fresh.type("ihello")
    fresh.wait_for_ghost(" world again")
    for _ in range(2):
        kill_server(fresh)
        fresh.wait(fresh.ghost, lambda ghost: ghost is None)
        fresh.type("<Esc>Shell")
        fresh.wait_for_line("hell")
        fresh.type("o")
        fresh.wait_for_ghost(" world again")
    assert notifications(fresh) == ["Foretype: the server ended; it starts again"]


def test_crash_loop_ends_in_message(tmp_path: Path) -> None:
    """A server that keeps ending is given up with one message; :Foretype restart tries again."""
    assert PROGRAM
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    setup = f'require("foretype").setup({{ cmd = {{ "{program}", "serve" }} }})'
    setup = f"{test_neovim.RECORD_NOTIFICATIONS}\n{setup}"
    with started(PROGRAM, tmp_path, setup, "notes.txt") as editor:
        editor.wait(lambda: notifications(editor), lambda found: len(found) == 2)
        editor.command("edit other.txt | edit notes.txt")
        assert notifications(editor) == [
            "Foretype: the server ended; it starts again",
            "Foretype: the server keeps ending; :Foretype log shows why",
        ]
        editor.command("Foretype restart")
        editor.wait(lambda: notifications(editor), lambda found: len(found) == 3)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Terminal]:
    """A Neovim in a terminal, with its own messages."""
    if not shutil.which("tmux"):
        pytest.skip("no tmux")
    assert PROGRAM
    path = tmp_path / "config" / "nvim" / "init.lua"
    path.parent.mkdir(parents=True)
    path.write_text(configuration())
    plugin = f"set runtimepath^={neovim.PLUGIN}"
    with terminal.started([PROGRAM, "-n", "--cmd", plugin, "notes.txt"], tmp_path, {}) as editor:
        editor.wait_for("0,0-1")
        yield editor


def test_crash_message_takes_no_key(screen: Terminal, tmp_path: Path) -> None:
    """No message waits for a key: neither that of a crash nor one longer than the screen is
    wide.
    """
    screen.type("ihello")
    screen.wait_for("hello world again")
    screen.press("Escape")
    screen.type(f":Foretype! forget {'x' * 120}\n")
    screen.wait_for("xxx…")
    screen.type(":lua vim.uv.kill(vim.api.nvim_get_proc_children(vim.fn.getpid())[1], 9)\n")
    screen.wait_for("it starts again")
    screen.type("ohello")
    screen.wait(screen.screen, lambda text: text.count("hello") == 2)
    screen.wait(screen.screen, lambda text: text.splitlines()[1].startswith("hello world again"))
    log = (tmp_path / "state" / "nvim" / "lsp.log").read_text()
    assert f"{'x' * 120}" in log
    assert "signal 9" in log


def test_quick_session_is_counted(screen: Terminal, tmp_path: Path) -> None:
    """Text that is accepted right before :wq is in the statistics."""
    screen.type("ihello")
    screen.wait_for("hello world again")
    screen.press("Tab", "Escape")
    screen.type(":wq\n")
    path = tmp_path / "work" / "notes.txt"
    screen_ended = lambda: path.exists() and accepted(tmp_path) == 1  # noqa: E731
    neovim.editor.wait_until(screen_ended, bool, terminal.TIMEOUT, lambda: "nothing is counted")
    assert path.read_text() == "hello world again\n"


def test_commit_message_is_completed(tmp_path: Path) -> None:
    """The message that `git commit` asks for has ghost text."""
    assert PROGRAM
    repository = terminal.make_repository(tmp_path)
    path = tmp_path / "config" / "nvim" / "init.lua"
    path.parent.mkdir(parents=True)
    path.write_text(configuration())
    editor = f"{PROGRAM} -n --cmd 'set runtimepath^={neovim.PLUGIN}'"
    environment = terminal.git_environment(editor)
    with terminal.started(terminal.COMMIT, tmp_path, environment) as running:
        running.wait_for("Please enter the commit message")
        running.type("ihello")
        running.wait_for("hello world again")
        running.press("Tab", "Escape")
        running.type(":wq\n")
        neovim.editor.wait_until(
            lambda: terminal.last_message(repository),
            lambda text: text == "hello world again",
            terminal.TIMEOUT,
            lambda: "nothing is committed",
        )
