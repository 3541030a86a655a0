"""The status bar of VS Code's extension: its figures are those of now, its errors plain."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import foretype_model

from . import editor as editors
from . import test_vscode
from .vscode import VSCode, started

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = test_vscode.pytestmark
chromium = test_vscode.chromium
running = test_vscode.running
editor = test_vscode.editor

FAILING_SERVER = """#!/bin/sh
[ "$1" = --version ] && echo foretype 0.1.0 && exit
echo "ImportError: no such module" >&2
exit 1
"""


def counted(window: VSCode) -> tuple[int, int]:
    """Return the accepted suggestions and characters of the tooltip, which nothing refreshes."""
    found = re.search(r"accepted in this window: (\d+) \((\d+) characters\)", window.status())
    return (int(found[1]), int(found[2])) if found else (0, 0)


def test_tooltip_follows_acceptance(editor: VSCode) -> None:
    """The tooltip counts whole suggestions and words that are accepted, without being asked."""
    count, characters = counted(editor)
    editor.type("hello")
    editor.wait_for_ghost(" world again")
    editor.press("Tab")
    characters += len(" world again")
    editor.wait(lambda: counted(editor), lambda now: now == (count + 1, characters))
    editor.clear()
    editor.type("hello ")
    editor.wait_for_ghost("world again")
    editor.press("ControlOrMeta+ArrowRight")
    characters += len("world")
    editor.wait(lambda: counted(editor), lambda now: now == (count + 2, characters))


def test_tooltip_tells_the_time(editor: VSCode) -> None:
    """The tooltip tells how long a suggestion takes, and the bytes a second."""
    editor.type("hello")
    editor.wait_for_ghost(" world again")
    told = r"time of a suggestion: [\d.]+ ms, usually [\d.]+ ms \([\d,]+ bytes a second\)"
    editor.wait(lambda: re.search(told, editor.status()))


def test_tooltip_names_serving_model(chromium: Browser, tmp_path: Path) -> None:
    """The tooltip names the model that completes the active document, also after a change."""
    data = f"{next(iter(foretype_model.__path__))}/data/default.onnx"
    settings = {"foretype.predictors": ["network"]}
    with started(chromium, tmp_path, settings, {"notes.txt": ""}) as window:
        window.wait_until_ready()
        window.open("notes.txt")
        window.wait(window.status, lambda status: "model: default" in status)
        program = f"{editors.SCRIPTS}/foretype"
        variables = {**os.environ, "FORETYPE_HOME": str(tmp_path / "foretype")}
        for command in (
            ["models", "import", data, "--name", "mine"],
            ["models", "use", "mine", str(window.folder)],
        ):
            subprocess.run([program, *command], env=variables, check=True, capture_output=True)
        window.type("The ")
        window.wait(window.status, lambda status: "model: mine" in status)


def test_lost_report_is_silent(chromium: Browser, tmp_path: Path) -> None:
    """A server that ends while a suggestion is accepted is restarted without a message, and the
    count of the window goes on.
    """
    with started(chromium, tmp_path, test_vscode.SCRIPTED) as window:
        window.wait_until_ready()
        window.open("notes.txt")
        window.type("hello")
        window.wait_for_ghost(" world again")
        window.press("Tab")
        window.wait(lambda: counted(window), lambda now: now == (1, 12))
        for _ in range(2):
            window.clear()
            window.type("hello")
            window.wait_for_ghost(" world again")
            (server,) = window.servers()
            os.kill(server, signal.SIGSTOP)
            window.press("Tab")
            window.wait_for_text("notes.txt", "hello world again")
            os.kill(server, signal.SIGKILL)
            window.wait(window.servers, lambda servers, old=server: servers not in ([], [old]))
            window.wait_until_ready()
        assert window.notifications() == []
        assert counted(window) == (1, 12)


def test_failing_start_is_plain(chromium: Browser, tmp_path: Path) -> None:
    """A server that ends while it starts is one message, with the last line that it wrote."""
    program = tmp_path / "failing"
    program.write_text(FAILING_SERVER)
    program.chmod(0o755)
    with started(chromium, tmp_path, {"foretype.path": str(program)}) as window:
        (message,) = window.wait(window.notifications)
        assert "The server did not start: ImportError: no such module" in message
        assert "ImportError: no such module" in window.status()
        window.page.wait_for_timeout(3000)  # a restart would be a second message by then
        assert len(window.notifications()) == 1
