"""What `foretype setup` has put there, in a real Vim and a real Neovim: they find the program,
which no PATH has.
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
    """What ``foretype setup`` says, in a home of its own; the XDG folders are those of
    `started`.
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
def test_what_was_set_up_works_and_what_was_removed_is_gone(editor: str, tmp_path: Path) -> None:
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
