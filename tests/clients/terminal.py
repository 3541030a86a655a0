"""An editor in a tmux session, driven by keys and checked by its screen."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from . import editor

T = TypeVar("T")

TIMEOUT = 90.0
"""Seconds to wait for an expected state before the test fails."""


def find(name: str) -> str | None:
    """Return a supported editor, $FORETYPE_TEST_<NAME> or the one on the PATH; None without
    tmux.
    """
    return editor.find(name, f"FORETYPE_TEST_{name.upper()}") if shutil.which("tmux") else None


class Terminal:
    """A running editor. Keys act asynchronously: use `wait` before checking their effect."""

    def __init__(self, tmux: Sequence[str]) -> None:
        self.tmux = tmux

    def run(self, *arguments: str) -> str:
        return subprocess.run(
            [*self.tmux, *arguments], capture_output=True, text=True, check=True
        ).stdout

    def press(self, *keys: str) -> None:
        """Press keys by their tmux names, such as ``Tab`` and ``C-Right``."""
        self.run("send-keys", *keys)

    def type(self, text: str) -> None:
        self.run("send-keys", "-l", text)

    def screen(self) -> str:
        return self.run("capture-pane", "-p")

    def cursor(self) -> tuple[int, int]:
        """Return the row and the column of the cursor on the screen, from 0."""
        column, row = self.run("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return int(row), int(column)

    def wait(self, look: Callable[[], T], wanted: Callable[[T], bool] = bool) -> T:
        """Return the value of `look` once `wanted` accepts it."""
        return editor.wait_until(look, wanted, TIMEOUT, lambda: f"on the screen:\n{self.screen()}")

    def wait_for(self, text: str) -> str:
        """Wait until `text` is on the screen; return the screen."""
        return self.wait(self.screen, lambda screen: text in screen)

    def retype_until(self, text: str) -> None:
        """Retype an ``e`` until `text` is on the screen: the server does not report that its index
        is loaded.
        """

        def retype() -> str:
            self.press("BSpace")
            self.type("e")
            time.sleep(1)
            return self.screen()

        self.wait(retype, lambda screen: text in screen)


COMMIT = ["git", "commit", "--quiet", "--allow-empty"]
"""A command that opens the editor of `git_environment` with a commit message."""


def git_environment(editor: str) -> dict[str, str]:
    """Return an environment in which git commits, with the messages from `editor`."""
    people = {f"GIT_{role}_NAME": "Ann" for role in ("AUTHOR", "COMMITTER")}
    addresses = {f"GIT_{role}_EMAIL": "ann@example.org" for role in ("AUTHOR", "COMMITTER")}
    return {"GIT_EDITOR": editor, "GIT_CONFIG_NOSYSTEM": "1", **people, **addresses}


def make_repository(folder: Path) -> Path:
    """Make `folder`/work a git repository; return it."""
    subprocess.run(["git", "init", "-q", str(folder / "work")], check=True)
    return folder / "work"


def last_message(repository: Path) -> str:
    """Return the message of the last commit; empty if there is none."""
    command = ["git", "-C", str(repository), "log", "-1", "--format=%B"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


@contextmanager
def started(command: Sequence[str], folder: Path, more: Mapping[str, str]) -> Iterator[Terminal]:
    """Start the editor in `folder`/work, with `folder` as its home and the server on its PATH."""
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
        # With a delay, tmux would join an escape with the next key to an Alt combination.
        terminal.run("set-option", "-s", "escape-time", "0")
        yield terminal
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
