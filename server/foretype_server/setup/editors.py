"""The supported editors, and those found on this machine with their versions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VERSION_TIMEOUT: Final = 5.0
"""Seconds that an editor may take to print its version."""


@dataclass(frozen=True)
class SupportedEditor:
    """An editor that Foretype supports.

    Attributes:
        title: its name in prose.
        programs: the names of its programs on the ``PATH``; variants of one editor share an entry.
        min_version: the oldest supported version.
        version: a pattern whose first group is the version in the program's output.
        ghost: whether it shows ghost text, and not just a menu.
        version_option: the option that makes the program print its version.
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
        ("code", "code-insiders", "code-oss", "codium", "cursor", "windsurf", "code-server"),
        "1.91",
        # code-server prints its own version first. Cursor and Windsurf print only their own, whose
        # first number is also below ten.
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
"""By the argument of ``foretype setup``."""

OWN_VERSION_PROGRAMS: Final = frozenset({"cursor", "windsurf"})
"""Programs that print their own version, and not that of the editor they are built on."""

APPLICATIONS: Final = (Path("/Applications"), Path("~/Applications"))
"""The folders of applications on macOS, where an editor need not be on the ``PATH``."""

MACOS_PROGRAMS: Final[Mapping[str, str]] = {
    "code": "Visual Studio Code.app/Contents/Resources/app/bin/code",
    "code-insiders": "Visual Studio Code - Insiders.app/Contents/Resources/app/bin/code",
    "codium": "VSCodium.app/Contents/Resources/app/bin/codium",
    "cursor": "Cursor.app/Contents/Resources/app/bin/cursor",
    "emacs": "Emacs.app/Contents/MacOS/Emacs",
    "subl": "Sublime Text.app/Contents/SharedSupport/bin/subl",
    "zed": "Zed.app/Contents/MacOS/cli",
}
"""The programs inside applications of macOS."""


@dataclass(frozen=True)
class FoundEditor:
    """An editor on this machine.

    Attributes:
        name: its key in `EDITORS`.
        program: its path.
        version: the version that it prints; empty if unknown.
        new_enough: whether the version is supported; true if it is unknown.
        needs: the oldest supported version.
    """

    name: str
    program: str
    version: str
    new_enough: bool
    needs: str


def find_editors() -> list[FoundEditor]:
    """Return the editors on the ``PATH``, in the order of `EDITORS`; run them in parallel."""
    here = [
        (name, program)
        for name, editor in EDITORS.items()
        for program_name in editor.programs
        if (program := find_program(program_name))
    ]
    with ThreadPoolExecutor(max(1, len(here))) as pool:
        return list(pool.map(lambda one: inspect_editor(*one), here))


def find_program(program_name: str) -> str | None:
    """Return the path of a program on the ``PATH`` or in an application of macOS, or None.

    The working directory is not searched: a cloned repository may have a file of that name.
    """
    folders = [folder for folder in os.get_exec_path() if Path(folder).is_absolute()]
    program = shutil.which(program_name, path=os.pathsep.join(folders))
    # On Windows, `which` searches the working directory before all else.
    if program and Path(program).is_absolute():
        return program
    return _find_in_applications(program_name) if sys.platform == "darwin" else None


def _find_in_applications(program_name: str) -> str | None:
    inside = MACOS_PROGRAMS.get(program_name)
    paths = [folder.expanduser() / inside for folder in APPLICATIONS] if inside else []
    return next((str(path) for path in paths if path.is_file()), None)


def inspect_editor(name: str, program: str) -> FoundEditor:
    """Return the editor at a path; `name` is its key in `EDITORS`."""
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
    """Return the output of a program with its version option; empty if that fails."""
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
