"""A Vim with the plugin and the real server, in a terminal, which also evaluates expressions."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from foretype_server.setup import client_files

from . import terminal
from .terminal import Terminal, started


def suits(program: str | None) -> bool:
    """Return whether this Vim has the features that the plugin needs; Debian's vim-tiny lacks
    them.
    """
    if program is None:
        return False
    version = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True
    ).stdout
    return all(feature in version for feature in ("+job", "+textprop", "+channel", "+timers"))


PROGRAM = terminal.find("vim")
MISSING = None if suits(PROGRAM) else "no full Vim 9.0, or no tmux: set FORETYPE_TEST_VIM"

TEXTS = [
    "hello world again",
    "äöü😀 grün und blau",
    "one\ntwo\nthree",
    "if x:\n\treturn x",
    "so go on and on left",
    "so go on and on right",
    "we run home",
    "we run away",
    "we call(them) now",
]
SCRIPTED = {
    "maxSearchTime": 10_000,
    "inline": {"maxLines": 3},
    "predictors": {"scripted": {"texts": TEXTS}},
}

SERVER = "job_info(job_info()[0])['process']"
"""The process id of the only server, as a Vim expression."""

VIMRC = """
set nocompatible noswapfile shortmess+=I runtimepath^={plugin}
filetype plugin on
let g:foretype_settings = json_decode('{settings}')
let g:test = ch_open('127.0.0.1:{port}')
{more}
"""


class Vim(Terminal):
    """A Vim that also evaluates expressions, over a channel that it has opened to the test."""

    def __init__(self, editor: Terminal, connection: socket.socket) -> None:
        super().__init__(editor.tmux)
        self._stream = connection.makefile("rw", encoding="utf-8")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a Vim expression; works in any mode."""
        self._stream.write(json.dumps(["expr", expression, -1]) + "\n")
        self._stream.flush()
        return json.loads(self._stream.readline())[1]

    def lines(self) -> list[str]:
        """Return the text of the buffer, which differs from the screen by the ghost text."""
        return self.evaluate("getline(1, '$')")

    def wait_for_lines(self, *lines: str) -> None:
        self.wait(self.lines, lambda found: found == list(lines))

    def messages(self) -> list[str]:
        return self.evaluate("split(execute('messages'), \"\\n\")")


def opened(
    folder: Path,
    settings: dict[str, Any],
    file: str = "notes.txt",
    more: str = "",
    git: bool = False,
) -> Iterator[Vim]:
    """A Vim with the plugin and `more` in its vimrc; fails if Vim reports an error of its own. With
    `git`, ``git commit`` opens it.
    """
    assert PROGRAM
    command = terminal.COMMIT if git else [PROGRAM, file]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(terminal.TIMEOUT)
        quoted = json.dumps(settings).replace("'", "''")
        plugin, port = client_files.editor_files("vim"), listening.getsockname()[1]
        (folder / ".vimrc").write_text(
            VIMRC.format(plugin=plugin, settings=quoted, port=port, more=more)
        )
        environment = terminal.git_environment(PROGRAM)
        with started(command, folder, environment) as editor, listening.accept()[0] as connection:
            vim = Vim(editor, connection)
            vim.wait(lambda: vim.evaluate("v:vim_did_enter"))
            yield vim
            assert errors(vim) == []


def errors(vim: Vim) -> list[str]:
    """Return the error messages of Vim itself."""
    return [line for line in vim.messages() if re.match(r"Error|E\d+:", line)]
