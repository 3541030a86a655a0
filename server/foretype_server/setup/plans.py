"""The plan of each editor: the files to install, and the way to this installation's program."""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foretype_model.errors import ForetypeError
from foretype_model.store.store import data_folder
from foretype_server.setup.client_files import editor_files
from foretype_server.setup.steps import (
    EditorCommand,
    ManualPaste,
    PackageFolder,
    RecordFile,
    Step,
    WholeFile,
)


@dataclass(frozen=True)
class Plan:
    """The steps in their order, and the user's part afterwards."""

    steps: Sequence[Step]
    follow_up: str


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
    return _PLANS[editor](source, foretype_program(), programs)


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
    raise ForetypeError(
        f"there is no program {folders[0] / name}; install Foretype again, with pip or pipx"
    )


def _vscode(source: Path, program: str, programs: Sequence[str]) -> Plan:
    package = source / "foretype.vsix"
    manual = ManualPaste(Path("settings.json"), f'"foretype.path": {_json(program)}')
    record = RecordFile(data_folder() / "program", f"{program}\n", manual)
    name = _extension(package)
    commands = [
        EditorCommand(
            [each, "--install-extension", str(package), "--force"],
            [each, "--uninstall-extension", name],
        )
        for each in programs or ["code"]
    ]
    return Plan(
        [record, *commands], "Restart the editor, open a file and type: Tab accepts ghost text."
    )


def _extension(package: Path) -> str:
    """Return the identifier of the extension in a .vsix file.

    Raises:
        ForetypeError: the file cannot be read.
    """
    try:
        with zipfile.ZipFile(package) as archive:
            about = json.loads(archive.read("extension/package.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ForetypeError(
            f"{package} cannot be read ({error}); install Foretype again"
        ) from error
    return f"{about['publisher']}.{about['name']}"


def _neovim(source: Path, program: str, _: Sequence[str]) -> Plan:
    name = os.environ.get("NVIM_APPNAME", "nvim")
    if os.name == "nt":
        init, data = (
            _user_folder("LOCALAPPDATA", "AppData/Local") / name,
            _user_folder("LOCALAPPDATA", "AppData/Local"),
        )
        data /= f"{name}-data"
    else:
        init, data = (
            _user_folder("XDG_CONFIG_HOME", ".config") / name,
            _user_folder("XDG_DATA_HOME", ".local/share") / name,
        )
    served = f'require("foretype").setup({{ cmd = {{ {_json(program)}, "serve" }} }})'
    manual = ManualPaste(init / "init.lua", f"vim.opt.rtp:prepend({_json(str(source))})\n{served}")
    generated = {
        "lua/foretype/installed.lua": f"return {_json(program)}\n",
        "doc/tags": help_tags(source / "doc"),
    }
    folder = PackageFolder(
        source, data / "site" / "pack" / "foretype" / "start" / "foretype", manual, generated
    )
    return Plan(
        [folder],
        "Open a file in Neovim and type: Tab accepts ghost text. To check: :checkhealth foretype",
    )


def _vim(source: Path, program: str, _: Sequence[str]) -> Plan:
    vimrc, packages = _vim_files()
    path = str(source).replace("\\", "\\\\").replace(" ", "\\ ").replace(",", "\\,")
    manual = ManualPaste(
        vimrc, f"let g:foretype_program = {_vim_string(program)}\nset runtimepath^={path}"
    )
    chosen = f"get(g:, 'foretype_program', {_vim_string(program)})"
    generated = {
        "plugin/foretype_program.vim": f"let g:foretype_program = {chosen}\n",
        "doc/tags": help_tags(source / "doc"),
    }
    folder = PackageFolder(
        source, packages / "pack" / "foretype" / "start" / "foretype", manual, generated
    )
    return Plan(
        [folder], "Open a file in Vim and type: Tab accepts ghost text. Help: :help foretype"
    )


def _vim_files() -> tuple[Path, Path]:
    """Return the path of the vimrc, and the folder in which Vim looks for packages."""
    home = Path.home()
    if os.name == "nt":
        return home / "_vimrc", home / "vimfiles"
    own = home / ".vim"
    elsewhere = _user_folder("XDG_CONFIG_HOME", ".config") / "vim"
    if (
        (elsewhere / "vimrc").exists()
        and not (home / ".vimrc").exists()
        and not (own / "vimrc").exists()
    ):
        return elsewhere / "vimrc", elsewhere
    return home / ".vimrc", own


def _vim_string(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def help_tags(folder: Path) -> str:
    """Return the ``tags`` file for the help texts in `folder`, as ``:helptags`` would write it."""
    found = [
        (tag, path.name)
        for path in folder.glob("*.txt")
        for tag in re.findall(
            r"(?:^|(?<=\s))\*([^*\s|]+)\*(?=\s|$)", path.read_text("utf-8"), re.MULTILINE
        )
    ]
    return "".join(f"{tag}\t{name}\t/*{tag}*\n" for tag, name in sorted(found))


def _emacs(source: Path, program: str, programs: Sequence[str]) -> Plan:
    install = f"(package-install-file {_json(str(source))})"
    remove = "(dolist (it (cdr (assq 'foretype package-alist))) (package-delete it t))"
    emacs = [
        programs[0] if programs else "emacs",
        "-Q",
        "--batch",
        "-f",
        "package-initialize",
        "--eval",
    ]
    init = ManualPaste(
        _emacs_init(), f"(setopt foretype-program {_json(program)})\n(global-foretype-mode)"
    )
    follow_up = "Then restart Emacs, open a file and type: TAB accepts ghost text."
    return Plan([EditorCommand([*emacs, install], [*emacs, remove]), init], follow_up)


def _emacs_init() -> Path:
    home = Path.home()
    elsewhere = _user_folder("XDG_CONFIG_HOME", ".config") / "emacs"
    if elsewhere.is_dir() and not (home / ".emacs.d").is_dir() and not (home / ".emacs").exists():
        return elsewhere / "init.el"
    return home / ".emacs" if (home / ".emacs").exists() else home / ".emacs.d" / "init.el"


def _helix(source: Path, program: str, _: Sequence[str]) -> Plan:
    folder = (
        _user_folder("APPDATA", "AppData/Roaming")
        if os.name == "nt"
        else _user_folder("XDG_CONFIG_HOME", ".config")
    )
    text = _with_program(source / "languages.toml", 'command = "foretype"', program)
    follow_up = (
        "Open a file in Helix and type: a menu opens, and Tab selects in it. To check: hx --health "
        "markdown lists foretype."
    )
    return Plan([WholeFile(folder / "helix" / "languages.toml", text)], follow_up)


def _kakoune(source: Path, program: str, _: Sequence[str]) -> Plan:
    text = _with_program(source / "foretype.kak", 'command = "foretype"', program)
    follow_up = "Foretype also needs kakoune-lsp. Then open a file and type."
    return Plan(
        [ManualPaste(_user_folder("XDG_CONFIG_HOME", ".config") / "kak" / "kakrc", text)], follow_up
    )


def _zed(source: Path, program: str, _: Sequence[str]) -> Plan:
    windows = os.name == "nt"
    folder = (
        _user_folder("APPDATA", "AppData/Roaming") / "Zed"
        if windows
        else _user_folder("XDG_CONFIG_HOME", ".config") / "zed"
    )
    text = _with_program(source / "settings.json", '"path": "foretype"', program)
    follow_up = (
        f'In Zed, run "zed: install dev extension" and choose {source / "extension"}; then open '
        f"a file and type."
    )
    return Plan([ManualPaste(folder / "settings.json", text)], follow_up)


def _sublime_text(source: Path, program: str, _: Sequence[str]) -> Plan:
    text = _with_program(source / "LSP.sublime-settings", '"command": ["foretype"', program)
    follow_up = "Foretype also needs the package LSP. Then open a file and type."
    return Plan([ManualPaste(_sublime_user() / "LSP.sublime-settings", text)], follow_up)


def _sublime_user() -> Path:
    if os.name == "nt":
        folder = _user_folder("APPDATA", "AppData/Roaming") / "Sublime Text"
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Application Support" / "Sublime Text"
    else:
        folder = _user_folder("XDG_CONFIG_HOME", ".config") / "sublime-text"
    return folder / "Packages" / "User"


_PLANS: Final[Mapping[str, Callable[[Path, str, Sequence[str]], Plan]]] = {
    "vscode": _vscode,
    "neovim": _neovim,
    "emacs": _emacs,
    "vim": _vim,
    "helix": _helix,
    "kakoune": _kakoune,
    "zed": _zed,
    "sublime-text": _sublime_text,
}


def _user_folder(variable: str, otherwise: str) -> Path:
    """Return the folder in an environment variable, or `otherwise` under the home folder."""
    named = os.environ.get(variable)
    return Path(named) if named else Path.home() / otherwise


def _with_program(path: Path, place: str, program: str) -> str:
    """Read the configuration in `path`; in `place`, put this program's path for ``foretype``."""
    return path.read_text("utf-8").replace(place, place.replace('"foretype"', _json(program)))


def _json(text: str) -> str:
    """Quote a string for JSON; TOML, Lua and Emacs Lisp read it as well."""
    return json.dumps(text, ensure_ascii=False)
