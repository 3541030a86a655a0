"""The plans for editors that a few lines of configuration set up."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from foretype_server.setup.config_file import ConfigLines, ManualChangeError
from foretype_server.setup.editors import find_program
from foretype_server.setup.folders import application_home, config_home, xdg_config_home
from foretype_server.setup.helix import insert_languages
from foretype_server.setup.json_object import insert_member
from foretype_server.setup.marked_block import Insertion
from foretype_server.setup.steps import ManualPaste, Plan

KAKOUNE_LSP = ("kak-lsp", "kakoune-lsp")
"""Names of the program that Kakoune needs for any language server."""


def helix(source: Path, program: str, _: Sequence[str]) -> Plan:
    """Plan tables at the end of ``languages.toml``."""
    lines = _with_program(source / "languages.toml", 'command = "foretype"', program)
    path = config_home() / "helix" / "languages.toml"
    step = ConfigLines(
        path,
        "#",
        lambda text: insert_languages(text, lines),
        ManualPaste(path, lines),
        config_home(),
    )
    follow_up = (
        "Open a file in Helix and type: a menu opens, in which Tab selects. "
        "To check: hx --health markdown"
    )
    return Plan([step], follow_up)


def kakoune(source: Path, program: str, _: Sequence[str]) -> Plan:
    """Plan lines at the end of ``kakrc``."""
    lines = _with_program(source / "foretype.kak", 'command = "foretype"', program)
    path = xdg_config_home() / "kak" / "kakrc"
    lsp = next(filter(find_program, KAKOUNE_LSP), None)

    def compose(text: str) -> Insertion:
        if "[foretype]" in text:
            raise ManualChangeError("it has [foretype] already")
        loads = "" if any(name in text for name in KAKOUNE_LSP) else f"eval %sh{{{lsp}}}\n"
        return Insertion(len(text), f"{loads}{lines}")

    step = ConfigLines(path, "#", compose, ManualPaste(path, lines), xdg_config_home())
    return Plan(
        [step], "Open a file in Kakoune and type: a menu opens.", "" if lsp else "kakoune-lsp"
    )


def zed(source: Path, program: str, _: Sequence[str]) -> Plan:
    """Plan a member of ``settings.json``; the user builds the extension."""
    text = _with_program(source / "settings.json", '"path": "foretype"', program)
    home = config_home() / "Zed" if os.name == "nt" else xdg_config_home() / "zed"
    follow_up = (
        f'In Zed, run "zed: install dev extension" and choose {source / "extension"}; then open '
        f"a file and type."
    )
    return Plan([_json_step(home / "settings.json", text, home.parent)], follow_up)


def sublime_text(source: Path, program: str, _: Sequence[str]) -> Plan:
    """Plan a client in the settings of the package LSP."""
    text = _with_program(source / "LSP.sublime-settings", '"command": ["foretype"', program)
    name = "sublime-text" if application_home() == xdg_config_home() else "Sublime Text"
    path = application_home() / name / "Packages" / "User" / "LSP.sublime-settings"
    follow_up = "Foretype also needs the package LSP. Then open a file and type."
    return Plan([_json_step(path, text, application_home())], follow_up)


def _json_step(path: Path, text: str, base: Path) -> ConfigLines:
    return ConfigLines(
        path,
        "//",
        lambda users: insert_member(users, json.loads(text)),
        ManualPaste(path, text),
        base,
        "{\n}\n",
    )


def _with_program(path: Path, place: str, program: str) -> str:
    """Read the configuration in `path`; in `place`, put this program's path for ``foretype``."""
    quoted = json.dumps(program, ensure_ascii=False)  # TOML reads it as well
    return path.read_text("utf-8").replace(place, place.replace('"foretype"', quoted))
