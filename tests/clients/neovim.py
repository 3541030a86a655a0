"""A real Neovim without a screen, with Foretype's plugin and the real server, told what to do from
outside.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from . import editor

T = TypeVar("T")

PLUGIN = Path(__file__).parents[2] / "editor-clients" / "neovim"
BRIDGE = Path(__file__).with_name("neovim_bridge.lua")
PATIENCE = 15.0
"""Seconds until what does not come about fails the test."""


def find() -> str | None:
    """A Neovim that the plugin can run in: $FORETYPE_TEST_NVIM, or the one on the PATH."""
    return editor.find("neovim", "FORETYPE_TEST_NVIM")


class Neovim:
    """A running Neovim. What it is told it does in its own time: wait for what comes of it."""

    def __init__(self, connection: socket.socket) -> None:
        self._stream = connection.makefile("rw", encoding="utf-8")

    def lua(self, code: str, *arguments: Any) -> Any:
        """What the code returns; its arguments are `...`."""
        self._stream.write(json.dumps({"lua": code, "arguments": arguments}) + "\n")
        self._stream.flush()
        answer = json.loads(self._stream.readline())
        assert answer["well"], answer["error"]
        return answer.get("result")

    def type(self, keys: str) -> None:
        """Press keys, written as in a mapping."""
        self.lua("vim.api.nvim_input(...)", keys)

    def command(self, command: str) -> None:
        self.lua("vim.cmd(...)", command)

    def lines(self) -> list[str]:
        return self.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)")

    def ghost(self) -> tuple[int, int, str] | None:
        """The row and column in bytes, from 0, and the text of what is shown in the buffer that
        isn't in it.
        """
        found = self.lua(GHOST)
        return tuple(found) if found else None

    def messages(self) -> list[str]:
        """What the user was told."""
        return self.lua(
            'return vim.api.nvim_exec2("messages", { output = true }).output'
        ).splitlines()

    def wait(self, look: Callable[[], T], wanted: Callable[[T], bool] = bool) -> T:
        """What `look` finds once it is as wanted."""
        return editor.until(look, wanted, PATIENCE, lambda: f"messages: {self.messages()}")

    def wait_for_ghost(self, text: str) -> tuple[int, int, str]:
        shown = self.wait(self.ghost, lambda ghost: ghost is not None and ghost[2] == text)
        assert shown
        return shown

    def wait_for_line(self, text: str) -> None:
        self.wait(lambda: self.lines()[0], lambda line: line == text)


GHOST = """
for _, name in ipairs({ "nvim.lsp.inline_completion", "foretype" }) do
  local namespace = vim.api.nvim_get_namespaces()[name]
  local marks = namespace
    and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}
  if marks[1] then
    local _, row, column, details = unpack(marks[1])
    local text = details.virt_text[1][1]
    for _, line in ipairs(details.virt_lines or {}) do
      text = text .. "\\n" .. line[1][1]
    end
    return { row, column, text }
  end
end
"""


@contextmanager
def started(program: str, folder: Path, configuration: str, *arguments: str) -> Iterator[Neovim]:
    """Neovim with nothing but the plugin and `configuration` (Lua), its home and the server's in
    `folder`.
    """
    (folder / "init.lua").write_text(configuration)
    path = folder / "socket"
    homes = {
        f"XDG_{kind}_HOME": str(folder / kind.lower())
        for kind in ("CONFIG", "DATA", "STATE", "CACHE")
    }
    here = {"FORETYPE_HOME": str(folder / "foretype"), "FORETYPE_TEST_SOCKET": str(path)}
    scripts = {"PATH": f"{editor.SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
    command = [program, "--clean", "--headless", "-n", "--cmd", f"set runtimepath^={PLUGIN}"]
    command += ["--cmd", f"luafile {BRIDGE}", "-u", str(folder / "init.lua"), *arguments]
    with subprocess.Popen(
        command,
        env={**os.environ, **homes, **here, **scripts},
        cwd=folder,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            with _connected(path) as connection:
                neovim = Neovim(connection)
                neovim.wait(lambda: neovim.lua("return vim.v.vim_did_enter == 1"))
                yield neovim
                neovim.lua('vim.schedule(function() vim.cmd("qall!") end)')
                process.wait(PATIENCE)
        finally:
            process.kill()


def _connected(path: Path) -> socket.socket:
    end = time.monotonic() + PATIENCE
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
        except OSError:
            connection.close()
            assert time.monotonic() < end, "Neovim does not start"
            time.sleep(0.02)
        else:
            return connection
