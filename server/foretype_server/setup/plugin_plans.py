"""The plans for editors with a plugin of Foretype's own."""

from __future__ import annotations

import filecmp
import json
import os
import re
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from foretype_model.errors import ForetypeError
from foretype_model.store.store import data_folder
from foretype_server.setup.config_file import ConfigLines, ManualChangeError
from foretype_server.setup.editors import EDITORS, find_program
from foretype_server.setup.folders import (
    application_home,
    data_home,
    local_home,
    xdg_config_home,
)
from foretype_server.setup.marked_block import Insertion
from foretype_server.setup.steps import (
    EditorCommand,
    ManualPaste,
    PackageFolder,
    Plan,
    RecordFile,
    State,
    run,
)

VSCODE_FOLDERS: Final = {
    "code": "Code",
    "code-insiders": "Code - Insiders",
    "code-oss": "Code - OSS",
    "codium": "VSCodium",
    "cursor": "Cursor",
    "windsurf": "Windsurf",
}
"""The folders in which relatives of VS Code keep a user's settings, by their programs."""

DISTRIBUTIONS: Final = {"bin/doom": ".config/doom/config.el", "core/core-versions.el": ".spacemacs"}
"""Files of Doom and Spacemacs in Emacs' folder, and the files for a user's own lines, from home."""


def vscode(source: Path, program: str, programs: Sequence[str]) -> Plan:
    """Plan the extension, and the record of the program that it starts."""
    package = source / "foretype.vsix"
    manual = ManualPaste(Path("settings.json"), f'"foretype.path": {_json(program)}')
    name = _extension(package)
    record = RecordFile(
        data_folder() / "program", f"{program}\n", manual, partial(_others_have, name, programs)
    )
    commands = [
        EditorCommand(
            name,
            partial(_extension_state, each, name),
            [each, "--install-extension", str(package), "--force"],
            [each, "--uninstall-extension", name],
            renewed=True,
            leftovers=_extension_storage(each, name),
        )
        for each in programs or ["code"]
    ]
    return Plan(
        [record, *commands], "Restart the editor, open a file and type: Tab accepts ghost text."
    )


def _extension_state(program: str, extension: str) -> State:
    installed = run([program, "--list-extensions"]).lower().split()
    return State.CURRENT if extension.lower() in installed else State.ABSENT


def _others_have(extension: str, programs: Sequence[str]) -> bool:
    """Return whether a relative of VS Code beside `programs` has the extension."""
    every = filter(None, map(find_program, EDITORS["vscode"].programs))
    return any(
        _extension_state(program, extension) is not State.ABSENT
        for program in every
        if program not in programs
    )


def _extension_storage(program: str, extension: str) -> Sequence[Path]:
    """Return the folders in which VS Code keeps files of an extension, also once it is removed."""
    name = Path(program).stem
    if name == "code-server":
        user = data_home() / "code-server" / "User"
    elif name in VSCODE_FOLDERS:
        user = application_home() / VSCODE_FOLDERS[name] / "User"
    else:
        return ()
    return (user / "globalStorage" / extension,)


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


def neovim(source: Path, program: str, _: Sequence[str]) -> Plan:
    """Plan a package in Neovim's folder for data."""
    name = os.environ.get("NVIM_APPNAME", "nvim")
    if os.name == "nt":
        init, base, data = local_home() / name, local_home(), local_home() / f"{name}-data"
    else:
        init, base, data = xdg_config_home() / name, data_home(), data_home() / name
    served = f'require("foretype").setup({{ cmd = {{ {_json(program)}, "serve" }} }})'
    manual = ManualPaste(init / "init.lua", f"vim.opt.rtp:prepend({_json(str(source))})\n{served}")
    generated = {
        "lua/foretype/installed.lua": f"return {_json(program)}\n",
        "doc/tags": help_tags(source / "doc"),
    }
    target = data / "site" / "pack" / "foretype" / "start" / "foretype"
    return Plan(
        [PackageFolder(source, target, base, manual, generated)],
        "Open a file in Neovim and type: Tab accepts ghost text. To check: :checkhealth foretype",
    )


def vim(source: Path, program: str, _: Sequence[str]) -> Plan:
    """Plan a package in Vim's folder."""
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
    target = packages / "pack" / "foretype" / "start" / "foretype"
    return Plan(
        [PackageFolder(source, target, packages.parent, manual, generated)],
        "Open a file in Vim and type: Tab accepts ghost text. Help: :help foretype",
    )


def _vim_files() -> tuple[Path, Path]:
    """Return the path of the vimrc, and the folder in which Vim looks for packages."""
    home = Path.home()
    if os.name == "nt":
        return home / "_vimrc", home / "vimfiles"
    own = home / ".vim"
    elsewhere = xdg_config_home() / "vim"
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


def emacs(source: Path, program: str, programs: Sequence[str]) -> Plan:
    """Plan the package, and the lines of the init file that turn it on."""
    init = _emacs_init()
    folder = init.parent if init.name == "init.el" else Path.home() / ".emacs.d"
    turn_on = f"(setopt foretype-program {_json(program)})\n(global-foretype-mode)"
    package = _emacs_package(source, programs[0] if programs else "emacs", folder)
    if distribution := next((name for name in DISTRIBUTIONS if (folder / name).exists()), None):
        load = f"(add-to-list 'load-path {_json(str(source))})\n(require 'foretype-commands)"
        turn_on = f"{load}\n{turn_on}"
        init = Path.home() / DISTRIBUTIONS[distribution]

    def compose(text: str) -> Insertion:
        if distribution:
            raise ManualChangeError("it belongs to a distribution of Emacs")
        if "(global-foretype-mode" in text:
            raise ManualChangeError("it turns Foretype on already, by lines of your own")
        guarded = turn_on.replace("\n", "\n  ")
        return Insertion(len(text), f"(when (fboundp 'global-foretype-mode)\n  {guarded})\n")

    lines = ConfigLines(init, ";;", compose, ManualPaste(init, turn_on), Path.home())
    return Plan([package, lines], "Restart Emacs, open a file and type: TAB accepts ghost text.")


def _emacs_package(source: Path, program: str, folder: Path) -> EditorCommand:
    """Return the step that installs the package; `folder` is Emacs' own."""
    remove = "(dolist (it (cdr (assq 'foretype package-alist))) (package-delete it t))"
    # Without the former copy, whose files would stay if the new one lacks them.
    install = f"(progn {remove} (package-install-file {_json(str(source))}))"
    batch = [program, "-Q", "--batch", "-f", "package-initialize", "--eval"]

    def state() -> State:
        # Emacs itself would make its folder to answer.
        copies = sorted((folder / "elpa").glob("foretype-[0-9]*"))
        if not copies:
            return State.ABSENT
        files = [path.name for path in source.glob("*.el")]
        _, different, missing = filecmp.cmpfiles(source, copies[-1], files, shallow=False)
        return State.OUTDATED if different or missing else State.CURRENT

    return EditorCommand(
        "foretype",
        state,
        [*batch, install],
        [*batch, remove],
        emptied=(folder / "elpa", folder / "eln-cache", folder),
    )


def _emacs_init() -> Path:
    """Return the init file that Emacs reads, or would read if it existed."""
    home, elsewhere = Path.home(), xdg_config_home() / "emacs"
    for name in (".emacs.el", ".emacs"):
        if (home / name).exists():
            return home / name
    if elsewhere.is_dir() and not (home / ".emacs.d").is_dir():
        return elsewhere / "init.el"
    return home / ".emacs.d" / "init.el"


def _json(text: str) -> str:
    """Quote a string for JSON; Lua and Emacs Lisp read it as well."""
    return json.dumps(text, ensure_ascii=False)
