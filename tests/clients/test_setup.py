"""Vim and Neovim with the plugins that `foretype setup` has installed: they find the program
without the PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from . import neovim, terminal
from .editor import SCRIPTS
from .terminal import started

EDITORS = {"vim": terminal.find("vim"), "neovim": neovim.find() if shutil.which("tmux") else None}
SETTINGS = '{"predictors": {"scripted": {"texts": ["hello world again"]}}}'
CONFIGURATIONS = {
    "vim": (".vimrc", f"set nocompatible noswapfile\nlet g:foretype_settings = {SETTINGS}\n"),
    "neovim": (
        "config/nvim/init.lua",
        f"require('foretype').setup({{ settings = vim.json.decode('{SETTINGS}') }})",
    ),
}


def set_up(editor: str, folder: Path, *options: str) -> str:
    """Run ``foretype setup`` with `folder` as its home and the XDG folders of `started`; return its
    output.
    """
    homes = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA")}
    program = EDITORS[editor]
    assert program
    command = [str(Path(SCRIPTS) / "foretype"), "setup", editor, "--program", program, *options]
    environment = {**os.environ, "HOME": str(folder), **homes}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("editor", EDITORS)
def test_setup_installs_and_removes_plugin(editor: str, tmp_path: Path) -> None:
    """An installed plugin works and has its help; --remove deletes it."""
    program = EDITORS[editor]
    if program is None:
        pytest.skip(f"no {editor}, or no tmux")
    path, text = CONFIGURATIONS[editor]
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)
    set_up(editor, tmp_path)
    elsewhere = [folder for folder in os.environ["PATH"].split(os.pathsep) if folder != SCRIPTS]
    with started([program, "notes.txt"], tmp_path, {"PATH": os.pathsep.join(elsewhere)}) as running:
        running.wait_for("0,0-1")
        running.type("ihello")
        running.wait_for("hello world again")
        running.press("Escape")
        running.type(":help foretype\n")
        running.wait_for("foretype.txt")
    set_up(editor, tmp_path, "--remove")
    assert not list(tmp_path.rglob("start/foretype"))
