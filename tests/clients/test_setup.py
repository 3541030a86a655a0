"""Editors that `foretype setup` has set up: they find the program without the PATH, and what the
user has configured stays.
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
EMACS, HELIX = terminal.find("emacs"), terminal.find("helix")
SETTINGS = '{"maxSearchTime": 10000, "predictors": {"scripted": {"texts": ["hello world again"]}}}'
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
    program = (EDITORS | {"emacs": EMACS, "helix": HELIX})[editor]
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


@pytest.mark.skipif(EMACS is None, reason="no emacs, or no tmux")
def test_emacs_init_turns_foretype_on(tmp_path: Path) -> None:
    """Emacs starts with the user's init file and with Foretype, and has neither block nor package
    once it is removed.
    """
    assert EMACS
    init = tmp_path / ".emacs.d" / "init.el"
    init.parent.mkdir()
    init.write_text("(setq own-setting 42)")
    set_up("emacs", tmp_path)
    assert "Already in place: the package foretype" in set_up("emacs", tmp_path)
    asked = '(princ (format "%s %s %s" own-setting global-foretype-mode foretype-program))'
    command = [EMACS, "--batch", "-f", "package-initialize", "-l", str(init), "--eval", asked]
    environment = {**os.environ, "HOME": str(tmp_path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == f"42 t {Path(SCRIPTS) / 'foretype'}"
    set_up("emacs", tmp_path, "--remove")
    assert init.read_text() == "(setq own-setting 42)"
    assert not list(tmp_path.rglob("foretype*.el"))


@pytest.mark.skipif(HELIX is None, reason="no hx, or no tmux")
def test_helix_keeps_users_servers(tmp_path: Path) -> None:
    """Helix lists the user's own server of a language, and Foretype behind it."""
    assert HELIX
    languages = tmp_path / "config" / "helix" / "languages.toml"
    languages.parent.mkdir(parents=True)
    own = f"""[language-server.mine]
command = "{shutil.which("true")}"
[[language]]
name = "python"
language-servers = ["mine"]
"""
    languages.write_text(own)
    set_up("helix", tmp_path)
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    for language, servers in (("python", ["mine", "foretype"]), ("text", ["foretype"])):
        command = [HELIX, "--health", language]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert [name for name in ("mine", "foretype", "pylsp") if name in ran.stdout] == servers
        assert str(Path(SCRIPTS) / "foretype") in ran.stdout
    set_up("helix", tmp_path, "--remove")
    assert languages.read_text() == own
