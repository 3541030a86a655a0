"""The editors that Foretype has something for: which are on this machine, which versions, and
whether those will do.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VERSION_TIMEOUT: Final = 5.0
"""Seconds that an editor may take to tell its version."""


@dataclass(frozen=True)
class SupportedEditor:
    """An editor that Foretype knows.

    Attributes:
        title: its name as people write it.
        programs: what it may be called on the ``PATH``; several are several editors of one kind.
        oldest: the first version that will do.
        version: a pattern whose first group is the version in what the program says of itself.
        ghost: whether it shows ghost text, and not a menu alone.
        ask: the option that makes it tell its version.
    """

    title: str
    programs: Sequence[str]
    min_version: str
    version: str
    ghost: bool
    version_option: str = "--version"


EDITORS: Final[Mapping[str, SupportedEditor]] = {
    "vscode": SupportedEditor(
        "Visual Studio Code",
        ("code", "code-insiders", "codium", "cursor", "code-server"),
        "1.91",
        # code-server tells its own version first; Cursor tells none but its own, whose first number
        # is below ten too.
        r"(?s)(?:.*with Code )?(\d+\.\d+(?:\.\d+)?)",
        ghost=True,
    ),
    "neovim": SupportedEditor(
        "Neovim", ("nvim",), "0.11", r"NVIM v(\d+\.\d+(?:\.\d+)?)", ghost=True
    ),
    "emacs": SupportedEditor("Emacs", ("emacs",), "30.1", r"GNU Emacs (\d+\.\d+)", ghost=True),
    "vim": SupportedEditor(
        "Vim", ("vim", "gvim"), "9.0", r"VIM - Vi IMproved (\d+\.\d+)", ghost=True
    ),
    "helix": SupportedEditor(
        "Helix", ("hx", "helix"), "23.10", r"helix (\d+\.\d+(?:\.\d+)?)", ghost=False
    ),
    "kakoune": SupportedEditor(
        "Kakoune", ("kak",), "2021.11", r"Kakoune v?(\d{4}\.\d\d(?:\.\d\d)?)", False, "-version"
    ),
    "zed": SupportedEditor(
        "Zed", ("zeditor", "zed"), "0.160", r"Zed (\d+\.\d+(?:\.\d+)?)", ghost=False
    ),
    "sublime-text": SupportedEditor("Sublime Text", ("subl",), "4132", r"Build (\d+)", ghost=False),
}
"""By the name that ``foretype setup`` takes."""

OWN_VERSION_PROGRAMS: Final = frozenset({"cursor"})
"""Programs whose version says nothing of that of the editor inside."""


@dataclass(frozen=True)
class FoundEditor:
    """An editor on this machine.

    Attributes:
        name: as in `EDITORS`.
        program: its path.
        version: what it says of itself; empty where it says nothing that can be read.
        new_enough: whether that will do; true where the version is not known.
        needs: the oldest version that will.
    """

    name: str
    program: str
    version: str
    new_enough: bool
    needs: str


def find_editors() -> list[FoundEditor]:
    """The editors on the ``PATH``, in the order of `EDITORS`, asked for their versions all at
    once.
    """
    here = [
        (name, program)
        for name, editor in EDITORS.items()
        for program_name in editor.programs
        if (program := find_program(program_name))
    ]
    with ThreadPoolExecutor(max(1, len(here))) as pool:
        return list(pool.map(lambda one: inspect_editor(*one), here))


def find_program(program_name: str) -> str | None:
    """The program of that name; none that is in the working directory, where anything may be called
    so.
    """
    folders = [folder for folder in os.get_exec_path() if Path(folder).is_absolute()]
    program = shutil.which(program_name, path=os.pathsep.join(folders))
    # On Windows, what is in the working directory is found before all else.
    return program if program and Path(program).is_absolute() else None


def inspect_editor(name: str, program: str) -> FoundEditor:
    """The editor at a path, whose kind is known."""
    editor = EDITORS[name]
    match = re.search(editor.version, _version_output(program, editor.version_option))
    version = match[1] if match else ""
    unknown = not version or Path(program).stem in OWN_VERSION_PROGRAMS
    return FoundEditor(
        name,
        program,
        version,
        unknown or _version_numbers(version) >= _version_numbers(editor.min_version),
        editor.min_version,
    )


def _version_output(program: str, version_option: str) -> str:
    """What a program answers when it is asked for its version; nothing where it does not."""
    quiet = subprocess.DEVNULL
    try:
        ran = subprocess.run(
            [program, version_option],
            stdin=quiet,
            capture_output=True,
            timeout=VERSION_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.decode(errors="replace")


def _version_numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]
