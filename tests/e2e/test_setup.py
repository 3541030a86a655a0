"""`foretype setup` as a newcomer meets it: in a fresh home, on a terminal and without one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from .client import SERVE

if sys.platform == "win32":
    pytest.skip("the editors here are shell scripts, and the terminal is a pty", True)
import pty

SETUP = (SERVE[0], "setup")
TIMEOUT = 60.0
VERSIONS = {
    "nvim": "NVIM v0.12.4",
    "vim": "VIM - Vi IMproved 9.2",
    "hx": "helix 25.07.1",
    "zed": "Zed 0.199.4",
    "kak": "Kakoune v2024.05.18",
    "emacs": "GNU Emacs 28.2",
}
CODE = """#!/bin/sh
case "$1" in
--version) echo 1.139.0;;
--list-extensions) /bin/cat "$HOME/extensions" 2>/dev/null; true;;
--install-extension) echo foretype.foretype > "$HOME/extensions";;
--uninstall-extension) /bin/rm "$HOME/extensions";;
esac
"""
USERS = {
    ".config/helix/languages.toml": b'[[language]]\r\nname = "rust"\r\nauto-format = true\r\n',
    ".config/zed/settings.json": b'{"theme": "One",}',
    ".vim/vimrc": b"set number",
    ".emacs.d/init.el": b"(message \"hi\")",
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a home with configurations, and editors beside it; return the home."""
    (tmp_path / "bin").mkdir()
    for name, version in VERSIONS.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\necho '{version}'\n")
        program.chmod(0o755)
    (tmp_path / "bin" / "code").write_text(CODE)
    (tmp_path / "bin" / "code").chmod(0o755)
    home = tmp_path / "home"
    for name, content in USERS.items():
        (home / name).parent.mkdir(parents=True)
        (home / name).write_bytes(content)
    return home


def environment(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PATH": str(home.with_name("bin")),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
    }


def run(home: Path, *arguments: str, status: int = 0) -> str:
    """Run `foretype setup` without a terminal; return its output and errors."""
    ran = subprocess.run(
        [*SETUP, *arguments],
        env=environment(home),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT,
        check=False,
    )
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def answer(home: Path, *arguments: str, answers: Mapping[str, str], status: int = 0) -> str:
    """Run `foretype setup` on a terminal; give each answer once its question is on the screen."""
    process, terminal = pty.fork()
    if process == 0:
        os.execve(SETUP[0], [*SETUP, *arguments], environment(home))
    screen, left, until = "", dict(answers), time.monotonic() + TIMEOUT
    while time.monotonic() < until:
        try:
            read = os.read(terminal, 4096)
        except OSError:  # Linux' end of a terminal
            read = b""
        if not read:
            break
        screen += read.decode()
        for question in [question for question in left if question in screen]:
            os.write(terminal, left.pop(question).encode())
    _, ended = os.waitpid(process, 0)
    os.close(terminal)
    assert not left, f"never asked {list(left)}: {screen}"
    assert os.waitstatus_to_exitcode(ended) == status, screen
    return screen.replace("\r\n", "\n")


def everything_in(home: Path) -> dict[str, bytes]:
    """Return the contents of all files, and the names of all folders."""
    return {
        path.relative_to(home).as_posix(): path.read_bytes() if path.is_file() else b"/"
        for path in home.rglob("*")
    }


def test_enter_sets_up_every_editor(home: Path) -> None:
    """On a terminal the editors are listed, and Enter alone sets up all of them."""
    screen = answer(home, answers={"Enter for all, n for none:": "\n"})
    for name in ("vscode", "neovim", "vim", "helix", "zed"):
        assert re.search(rf"^ +\d  {name} ", screen, re.MULTILINE), screen
    assert re.search(r"^ +emacs .*too old: 30.1 or later is needed", screen, re.MULTILINE)
    assert re.search(r"^ +kakoune .*needs kakoune-lsp first", screen, re.MULTILINE)
    assert (home / ".local/share/nvim/site/pack/foretype/start/foretype").is_dir()
    assert (home / ".vim/pack/foretype/start/foretype").is_dir()
    assert (home / "extensions").is_file()
    assert b'"lsp"' in (home / ".config/zed/settings.json").read_bytes()
    assert b"foretype" in (home / ".config/helix/languages.toml").read_bytes()
    assert (home / ".emacs.d/init.el").read_bytes() == USERS[".emacs.d/init.el"]


def test_chosen_editors_alone_change(home: Path) -> None:
    """Numbers and names choose; an answer that means nothing is asked for again."""
    screen = answer(
        home,
        answers={"Enter for all, n for none:": "9 helix\n", "9 is none of them": "2 helix\n"},
    )
    assert "Installed" in screen
    assert (home / ".local/share/nvim").is_dir()
    assert b"foretype" in (home / ".config/helix/languages.toml").read_bytes()
    assert not (home / ".vim/pack").exists()
    assert not (home / "extensions").exists()


@pytest.mark.parametrize("typed", ["n\n", "\x04"], ids=["n", "Ctrl-D"])
def test_refusal_changes_nothing(home: Path, typed: str) -> None:
    """`n` and a closed input set up nothing, and Ctrl-C ends with status 130."""
    before = everything_in(home)
    screen = answer(home, answers={"Enter for all, n for none:": typed})
    assert "Nothing was changed." in screen
    answer(home, answers={"Enter for all, n for none:": "\x03"}, status=130)
    assert everything_in(home) == before


def test_without_terminal_names_commands(home: Path) -> None:
    """Without a terminal nothing is asked or changed, and the command that does it is named."""
    before = everything_in(home)
    output = run(home)
    assert "Nothing was changed." in output
    assert "To set up vscode, neovim, vim, helix, zed: foretype setup --all" in output
    assert everything_in(home) == before


def test_all_can_be_run_again(home: Path) -> None:
    """`--all` sets up each editor; a second run changes nothing and says what is in place."""
    output = run(home, "--all")
    assert "Skipped: Kakoune needs kakoune-lsp first" in output
    assert "Skipped:" in output
    assert "GNU Emacs" not in output
    once = everything_in(home)
    again = run(home, "--all")
    assert again.count("Already in place") == 5
    assert "Renewed the package foretype.foretype" in again
    assert everything_in(home) == once
    listed = run(home)
    assert listed.count("(set up)") == 5


def test_removal_restores_each_byte(home: Path) -> None:
    """`--remove --all` leaves the home as it was before, to the byte, with no empty folder more."""
    before = everything_in(home)
    run(home, "--all")
    data = home / ".local/share/foretype"
    (data / "predictors/copy").mkdir(parents=True)
    (data / "predictors/copy/index").write_bytes(b"learnt")
    (data / "statistics.sqlite").write_bytes(b"counted")
    run(home, "--remove", "--all")
    left = everything_in(home)
    for empty in (".local", ".local/share"):  # which other programs share
        left.pop(empty)
    assert left == before
    assert "No editor on this machine is set up." in run(home, "--remove")


def test_removal_keeps_models_and_names_them(home: Path) -> None:
    """Of the data folder the models stay, their folder is named, and foreign files stay too."""
    models = home / ".local/share/foretype/models"
    models.mkdir(parents=True)
    (models / "mine.onnx").write_bytes(b"weights")
    (models.parent / "token").write_bytes(b"token")
    (models.parent / "notes.txt").write_bytes(b"not of Foretype")
    output = run(home, "--remove", "--all")
    assert f"Your models stay in {models}" in output
    assert {path.name for path in models.parent.rglob("*")} == {"models", "mine.onnx", "notes.txt"}


def test_removal_of_learnt_text_is_asked(home: Path) -> None:
    """On a terminal, `--remove --all` deletes what was learnt only if the answer is yes."""
    statistics = home / ".local/share/foretype/statistics.sqlite"
    statistics.parent.mkdir(parents=True)
    statistics.write_bytes(b"counted")
    assert "Kept" in answer(home, "--remove", "--all", answers={"[Y/n]": "n\n"})
    assert statistics.exists()
    answer(home, "--remove", "--all", answers={"[Y/n]": "\n"})
    assert not statistics.parent.exists()


def test_removal_is_chosen_on_terminal(home: Path) -> None:
    """On a terminal, `--remove` lists the editors that are set up, and undoes the chosen ones."""
    run(home, "vim")
    run(home, "neovim")
    screen = answer(home, "--remove", answers={"Enter for all, n for none:": "vim\n"})
    assert "helix" not in screen
    assert not (home / ".vim/pack").exists()
    assert (home / ".local/share/nvim").is_dir()
    answer(home, "--remove", answers={"Undo Neovim? [Y/n]": "y\n"})
    assert not (home / ".local/share/nvim").exists()


def test_gone_editor_is_cleaned_up(home: Path) -> None:
    """`--remove --all` also undoes the set-up of editors that are no longer installed."""
    before = everything_in(home)
    run(home, "--all")
    for program in home.with_name("bin").iterdir():
        program.unlink()
    run(home, "--remove", "--all")
    left = everything_in(home)
    for stays in (".local", ".local/share", "extensions"):
        left.pop(stays)
    assert left == before


def test_no_editor_is_an_error(home: Path) -> None:
    """Without an editor, the error names those that are known, and a way without any."""
    for program in home.with_name("bin").iterdir():
        program.unlink()
    for arguments in ((), ("--all",)):
        assert "foretype try needs none" in run(home, *arguments, status=1)


@pytest.mark.parametrize(
    "arguments", [("vim", "--all"), ("--program", "vim"), ("--print", "--remove")], ids=" ".join
)
def test_contradicting_options_are_refused(home: Path, arguments: tuple[str, ...]) -> None:
    """Options that contradict one another are an error in one line, and change nothing."""
    before = everything_in(home)
    assert run(home, *arguments, status=2).count("\n") == 1
    assert everything_in(home) == before
