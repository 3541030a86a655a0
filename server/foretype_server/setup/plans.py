"""The plan of each editor: the files to install, and the way to this installation's program."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from foretype_model.errors import ForetypeError
from foretype_server.setup import config_plans, plugin_plans
from foretype_server.setup.client_files import editor_files
from foretype_server.setup.steps import Plan

PLANS: Final[Mapping[str, Callable[[Path, str, Sequence[str]], Plan]]] = {
    "vscode": plugin_plans.vscode,
    "neovim": plugin_plans.neovim,
    "emacs": plugin_plans.emacs,
    "vim": plugin_plans.vim,
    "helix": config_plans.helix,
    "kakoune": config_plans.kakoune,
    "zed": config_plans.zed,
    "sublime-text": config_plans.sublime_text,
}


def plan(editor: str, programs: Sequence[str]) -> Plan:
    """Return the plan for `editor`.

    Args:
        editor: a key of `foretype_server.setup.editors.EDITORS`.
        programs: the paths of its programs.

    Raises:
        ForetypeError: the program or the files of Foretype are missing.
    """
    source = editor_files(editor)
    if not source.is_dir():
        raise ForetypeError(
            f"this installation lacks the files for {editor} ({source}); install Foretype again"
        )
    return PLANS[editor](source, foretype_program(), programs)


def foretype_program() -> str:
    """Return the path of this installation's ``foretype``, which editors start.

    It usually lies beside this interpreter.

    Raises:
        ForetypeError: it does not exist.
    """
    name = "foretype.exe" if os.name == "nt" else "foretype"
    folders = [
        Path(sys.executable).parent,
        Path(sysconfig.get_path("scripts")),
        Path(sys.argv[0]).absolute().parent,
    ]
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    raise ForetypeError(f"there is no program {folders[0] / name}; install Foretype again")
