"""An editor in a terminal of its own (tmux's), driven by keys and read by what stands on the
screen.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from . import editor

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds until what does not come about fails the test."""


def find(name: str) -> str | None:
    """An editor that will do, where there is tmux to run it in: $FORETYPE_TEST_<NAME>, or the one
    on the PATH.
    """
    return editor.find(name, f"FORETYPE_TEST_{name.upper()}") if shutil.which("tmux") else None


class Terminal:
    """A running editor. What it is told it does in its own time: wait for what comes of it."""

    def __init__(self, tmux: Sequence[str]) -> None:
        self.tmux = tmux

    def run(self, *arguments: str) -> str:
        return subprocess.run(
            [*self.tmux, *arguments], capture_output=True, text=True, check=True
        ).stdout

    def press(self, *keys: str) -> None:
        """Keys by tmux's names for them, such as ``Tab`` and ``C-Right``."""
        self.run("send-keys", *keys)

    def type(self, text: str) -> None:
        self.run("send-keys", "-l", text)

    def screen(self) -> str:
        return self.run("capture-pane", "-p")

    def cursor(self) -> tuple[int, int]:
        """Row and column on the screen, from 0."""
        column, row = self.run("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return int(row), int(column)

    def wait(self, look: Callable[[], T], wanted: Callable[[T], bool] = bool) -> T:
        """What `look` finds once it is as wanted."""
        return editor.until(look, wanted, PATIENCE, lambda: f"on the screen:\n{self.screen()}")

    def wait_for(self, text: str) -> str:
        """The screen, once `text` is on it."""
        return self.wait(self.screen, lambda screen: text in screen)


@contextmanager
def started(command: Sequence[str], folder: Path, more: Mapping[str, str]) -> Iterator[Terminal]:
    """The editor, in `folder`/work, with `folder` for its home, and the server on its PATH."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    tmux = ["tmux", "-S", str(folder / "tmux"), "-f", os.devnull]
    given = {
        "HOME": str(folder),
        **{
            f"XDG_{kind}_HOME": str(folder / kind.lower())
            for kind in ("CONFIG", "DATA", "STATE", "CACHE")
        },
        "FORETYPE_HOME": str(folder / "foretype"),
        "PATH": f"{editor.SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        **more,
    }
    environment = [f"{name}={value}" for name, value in given.items()]
    shell = shlex.join(["env", *environment, *command])
    inside = [
        "new-session",
        "-d",
        "-x",
        "90",
        "-y",
        "24",
        f"{shell} 2>{shlex.quote(str(folder / 'stderr'))}",
    ]
    subprocess.run([*tmux, *inside], check=True, cwd=work, env={**os.environ, "LC_ALL": "C.UTF-8"})
    terminal = Terminal(tmux)
    try:
        # An escape that has to wait for what may follow it is an Alt to the keys after it.
        terminal.run("set-option", "-s", "escape-time", "0")
        yield terminal
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
