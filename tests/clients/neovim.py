"""A headless Neovim with Foretype's plugin and the real server, driven by remote calls."""

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
TIMEOUT = 90.0
"""Seconds to wait for an expected state before the test fails."""


def find() -> str | None:
    """Return a Neovim that the plugin supports: $FORETYPE_TEST_NVIM, or the one on the PATH."""
    return editor.find("neovim", "FORETYPE_TEST_NVIM")


class Neovim:
    """A running Neovim. Keys and commands act asynchronously: use `wait` before checking their
    effect.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._stream = connection.makefile("rw", encoding="utf-8")

    def lua(self, code: str, *arguments: Any) -> Any:
        """Run Lua code, whose arguments are `...`, and return its result."""
        self._stream.write(json.dumps({"lua": code, "arguments": arguments}) + "\n")
        self._stream.flush()
        answer = json.loads(self._stream.readline())
        assert answer["ok"], answer["error"]
        return answer.get("result")

    def type(self, keys: str) -> None:
        """Press keys, in the notation of mappings."""
        self.lua("vim.api.nvim_input(...)", keys)

    def command(self, command: str) -> None:
        self.lua("vim.cmd(...)", command)

    def lines(self) -> list[str]:
        return self.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)")

    def ghost(self) -> tuple[int, int, str] | None:
        """Return row, column (in bytes; both from 0) and text of the ghost text, or None."""
        found = self.lua(GHOST)
        return tuple(found) if found else None

    def messages(self) -> list[str]:
        """Return the message history."""
        return self.lua(
            'return vim.api.nvim_exec2("messages", { output = true }).output'
        ).splitlines()

    def wait(self, look: Callable[[], T], wanted: Callable[[T], bool] = bool) -> T:
        """Return the value of `look` once `wanted` accepts it."""
        return editor.wait_until(look, wanted, TIMEOUT, lambda: f"messages: {self.messages()}")

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
    """Start Neovim with only the plugin and `configuration` (Lua); its data and the server's are in
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
                process.wait(TIMEOUT)
        finally:
            process.kill()


def _connected(path: Path) -> socket.socket:
    end = time.monotonic() + TIMEOUT
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
