"""`foretype setup` in an empty home, with editors that print a version and log their arguments."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from foretype_server.commands.app import app
from foretype_server.doctor import checks
from foretype_server.setup import client_files, editors, plans

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "foretype")
PRINTING = ["vscode", "neovim", "emacs", "vim", "helix", "kakoune", "zed", "sublime-text"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the editors here are shell scripts")


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """Make an empty home, and a PATH without editors."""
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "NVIM_APPNAME"):
        monkeypatch.delenv(variable, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("FORETYPE_HOME", str(home / "foretype"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}")
    (tmp_path / "bin").mkdir()
    return home


@pytest.fixture
def editor(tmp_path):
    """Return a function that puts an editor on the PATH, and returns a reader of its arguments.

    Like VS Code, it lists the extensions that it was made to install.
    """

    def make(name, output, status=0):
        program, notes = tmp_path / "bin" / name, tmp_path / f"{name}.json"
        code = f"""#!{sys.executable}
import json, pathlib, sys
if sys.argv[1:] in (["--version"], ["-version"]):
    print({output!r})
    sys.exit()
notes = pathlib.Path({str(notes)!r})
before = json.loads(notes.read_text()) if notes.exists() else []
if sys.argv[1:] == ["--list-extensions"]:
    print("other.one", *["Pub.Foretype"] * ("--install" in str(before[-1:])), sep="\\n")
    sys.exit()
notes.write_text(json.dumps([*before, sys.argv[1:]]))
print("first\\nit is broken", file=sys.stderr)
sys.exit({status})
"""
        program.write_text(code)
        program.chmod(0o755)
        return lambda: json.loads(notes.read_text()) if notes.exists() else []

    return make


@pytest.fixture
def extension(monkeypatch, tmp_path):
    """Make an extension for VS Code; the editors of these tests get only its path."""
    folder = tmp_path / "editor-clients" / "vscode"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "foretype.vsix", "w") as archive:
        archive.writestr(
            "extension/package.json", json.dumps({"publisher": "pub", "name": "foretype"})
        )
    real = client_files.editor_files
    monkeypatch.setattr(
        plans, "editor_files", lambda name: folder if name == "vscode" else real(name)
    )
    return folder / "foretype.vsix"


def run(*arguments, status=0):
    result = CliRunner().invoke(app, ["setup", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result.stdout if status == 0 else result.stderr


def everything_in(home):
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}


def test_lists_installed_editors(editor):
    """Without EDITOR, the command lists the editors found, with the ones that are too old."""
    editor("nvim", "NVIM v0.12.4")
    editor("emacs", "GNU Emacs 28.2")
    output = run()
    assert "0.12.4" in output
    assert "too old: 30.1 or later is needed" in output
    assert "zed" in output


def test_versions_are_parsed(editor, tmp_path):
    """The version of each editor is read from its own form of output."""
    editor("code-server", "4.139.1 0123456789abcdef with Code 1.139.0")
    editor("code", "1.90.2\n0123456789abcdef\nx64")
    editor("cursor", "0.45.14\n0123456789abcdef\nx64")
    editor("vim", "VIM - Vi IMproved 9.1 (2024 Jan 02)\nIncluded patches: 1-1")
    editor("hx", "helix 25.07.1 (a05c151b)")
    editor("kak", "Kakoune v2024.05.18")
    editor("subl", "Sublime Text Build 4200")
    editor("zed", "Zed 0.199.4 0123456789abcdef /path/zed")
    found = {
        Path(one.program).name: (one.version, one.new_enough) for one in editors.find_editors()
    }
    assert found == {
        "code-server": ("1.139.0", True),
        "code": ("1.90.2", False),
        "cursor": ("0.45.14", True),
        "vim": ("9.1", True),
        "hx": ("25.07.1", True),
        "kak": ("2024.05.18", True),
        "subl": ("4200", True),
        "zed": ("0.199.4", True),
    }


def test_working_directory_is_not_searched(editor, tmp_path, monkeypatch):
    """Programs in the working directory or in relative folders of the PATH are never run."""
    arguments = editor("nvim", "NVIM v0.12.4")
    here = tmp_path / "workspace"
    (here / "tools").mkdir(parents=True)
    for name, folder in (("nvim", here), ("hx", here / "tools")):
        (folder / name).write_text(f"#!/bin/sh\ntouch {here}/ran\n")
        (folder / name).chmod(0o755)
    monkeypatch.chdir(here)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "tools", str(tmp_path / "bin")]))
    assert [one.program for one in editors.find_editors()] == [str(tmp_path / "bin" / "nvim")]
    run("neovim", "--program", "nvim")
    assert "there is no program hx" in run("helix", "--program", "hx", status=1)
    assert not (here / "ran").exists()
    assert arguments() == []


def test_applications_of_macos_are_found(editor, tmp_path, monkeypatch):
    """On macOS, an editor among the applications is found without the PATH, which comes first."""
    monkeypatch.setattr(editors, "APPLICATIONS", (tmp_path / "none", tmp_path / "Applications"))
    inside = tmp_path / "Applications" / editors.MACOS_PROGRAMS["subl"]
    inside.parent.mkdir(parents=True)
    editor("subl", "Sublime Text Build 4200")
    (tmp_path / "bin" / "subl").rename(inside)
    assert editors.find_editors() == []
    monkeypatch.setattr(sys, "platform", "darwin")
    assert [(one.program, one.version) for one in editors.find_editors()] == [(str(inside), "4200")]
    editor("subl", "Sublime Text Build 4201")
    assert [one.version for one in editors.find_editors()] == ["4201"]


def test_silent_editor_is_found(tmp_path, monkeypatch):
    """An editor that does not print its version in time is found, without a version."""
    program = tmp_path / "bin" / "nvim"
    program.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    program.chmod(0o755)
    monkeypatch.setattr(editors, "VERSION_TIMEOUT", 0.2)
    assert editors.find_editors() == [editors.FoundEditor("neovim", str(program), "", True, "0.11")]


def test_neovim_plugin_is_installed(editor, home):
    """Neovim's plugin is installed with the path of this program and with help tags."""
    editor("nvim", "NVIM v0.11.0")
    plugin = home / ".local/share/nvim/site/pack/foretype/start/foretype"
    assert f"Installed {plugin}\n" in run("neovim")
    assert (
        json.loads((plugin / "lua/foretype/installed.lua").read_text().removeprefix("return "))
        == PROGRAM
    )
    assert (plugin / "plugin/foretype.lua").is_file()
    assert "foretype-setup\tforetype.txt\t/*foretype-setup*" in (plugin / "doc/tags").read_text()


def test_plugin_is_replaced_and_removed(editor, home):
    """A second set-up replaces the whole plugin, and `--remove` leaves no file."""
    editor("nvim", "NVIM v0.11.0")
    before = everything_in(home)
    run("neovim")
    stale = home / ".local/share/nvim/site/pack/foretype/start/foretype/lua/gone.lua"
    stale.write_text("")
    assert "Updated" in run("nvim")
    assert not stale.exists()
    run("neovim", "--remove")
    assert everything_in(home) == before
    assert "There is no" in run("neovim", "--remove")


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_foreign_plugin_is_kept(editor, home, kind):
    """A folder or link that `foretype setup` did not make is neither replaced nor removed."""
    editor("nvim", "NVIM v0.11.0")
    plugin = home / ".local/share/nvim/site/pack/foretype/start/foretype"
    plugin.parent.mkdir(parents=True)
    (home / "own").mkdir()
    (home / "own/mine.lua").write_text("")
    (home / "own").rename(plugin) if kind == "folder" else plugin.symlink_to(home / "own")
    assert "is not from foretype setup" in run("neovim", status=1)
    assert "Kept" in run("neovim", "--remove")
    assert (plugin / "mine.lua").is_file()


def test_vim_plugin_is_installed(editor, home):
    """Vim's plugin is installed in ~/.vim, or under XDG_CONFIG_HOME if the vimrc is there."""
    editor("vim", "VIM - Vi IMproved 9.1")
    run("vim")
    assert (home / ".vim/pack/foretype/start/foretype/plugin/foretype.vim").is_file()
    run("vim", "--remove")
    (home / ".config/vim").mkdir(parents=True)
    (home / ".config/vim/vimrc").write_text("")
    run("vim")
    installed = home / ".config/vim/pack/foretype/start/foretype/plugin/foretype_program.vim"
    assert f"'{PROGRAM}'" in installed.read_text()


def test_helix_configuration_is_written(editor, home):
    """Helix's configuration is written if there is none, updated and removed."""
    editor("hx", "helix 25.07.1")
    path = home / ".config/helix/languages.toml"
    assert f"Wrote {path}" in run("helix")
    written = tomllib.loads(path.read_text())
    assert written["language-server"]["foretype"]["command"] == PROGRAM
    assert all("foretype" in language["language-servers"] for language in written["language"])
    assert f"Already in place: {path}" in run("helix")
    assert f"Removed {path}" in run("helix", "--remove")
    assert not path.exists()


def test_changed_configuration_is_kept(editor, home):
    """A block that the user has changed is kept, and the lines are printed instead."""
    editor("hx", "helix 25.07.1")
    path = home / ".config/helix/languages.toml"
    run("helix")
    path.write_text(path.read_text().replace("maxItems = 5", "maxItems = 3") + "# mine\n")
    changed = path.read_text()
    assert f"the block for Foretype in {path} was changed, and is kept" in run("helix", status=1)
    assert path.read_text() == changed
    assert "which was changed" in run("helix", "--remove")
    assert path.read_text() == "# mine\n"
    assert path.with_name("languages.toml.before-foretype").read_text() == changed


def test_vscode_extension_is_installed(editor, home, extension, tmp_path):
    """Each VS Code that is new enough gets the extension, and the program's path is recorded."""
    code, codium = editor("code", "1.139.0"), editor("codium", "1.99.0")
    old = editor("code-insiders", "1.60.0")
    assert "1.91 or later is needed" in run("vscode")
    assert code() == codium() == [["--install-extension", str(extension), "--force"]]
    assert old() == []
    assert (home / "foretype/program").read_text() == f"{PROGRAM}\n"
    assert f"Renewed the package pub.foretype in {tmp_path / 'bin' / 'code'}" in run("vscode")
    run("vscode", "--remove")
    assert codium()[2:] == [["--uninstall-extension", "pub.foretype"]]
    assert not (home / "foretype/program").exists()
    assert "There is no package pub.foretype" in run("vscode", "--remove")
    assert len(codium()) == 3


def test_record_stays_for_other_editors(editor, home, extension):
    """The record of the program goes with the last editor that reads it."""
    editor("code", "1.139.0")
    editor("codium", "1.99.0")
    run("vscode")
    assert "another editor reads" in run("vscode", "--program", "codium", "--remove")
    assert (home / "foretype/program").exists()
    run("vscode", "--program", "code", "--remove")
    assert not (home / "foretype/program").exists()


def test_program_option_selects_one(editor, extension, tmp_path):
    """`--program` sets up that program only."""
    code, other = editor("code", "1.139.0"), editor("my-code", "1.139.0")
    run("vscode", "--program", tmp_path / "bin" / "my-code")
    assert other()
    assert not code()


def test_failing_editor_is_reported(editor, extension):
    """The error of one editor is reported, and the next editor is still set up."""
    editor("code", "1.139.0", status=3)
    codium = editor("codium", "1.99.0")
    assert "ended with status 3: it is broken" in run("vscode", status=1)
    assert codium()


def test_emacs_package_is_installed(editor, home):
    """Emacs installs the package, and the init file turns it on."""
    emacs = editor("emacs", "GNU Emacs 30.1")
    output = run("emacs")
    assert f'(package-install-file "{client_files.editor_files("emacs")}")' in emacs()[0][-1]
    assert f"Wrote {home / '.emacs.d/init.el'}" in output
    written = (home / ".emacs.d/init.el").read_text()
    assert f'(setopt foretype-program "{PROGRAM}")' in written
    assert "(global-foretype-mode)" in written


@pytest.mark.parametrize("name", PRINTING)
def test_print_changes_nothing(name, home, extension):
    """`--print` writes no file, and prints the path of this program."""
    before = everything_in(home)
    assert PROGRAM in run(name, "--print")
    assert everything_in(home) == before


def test_doctor_names_editors_to_set_up(editor):
    """`foretype doctor` says of each editor whether it is set up, and the command if it is not."""
    editor("nvim", "NVIM v0.11.0")
    editor("kak", "Kakoune v2024.05.18")
    neovim, kakoune = checks._editors("editor")
    assert neovim.found.endswith("; to set up: foretype setup neovim")
    assert "needs kakoune-lsp first" in kakoune.found
    run("neovim")
    neovim, _ = checks._editors("editor")
    assert neovim.found.endswith("; set up")


def test_old_editor_is_refused(editor):
    """An editor that is too old is an error that names the version needed."""
    editor("nvim", "NVIM v0.7.2")
    assert "Neovim 0.7.2, but 0.11 or later is needed" in run("neovim", status=1)


def test_setup_errors_are_one_line(home):
    """Each error of the set-up names its cause, and no file is written."""
    assert "not on the PATH" in run("neovim", status=1)
    assert "did you mean neovim?" in run("neovmi", status=2)
    assert "foretype serve" in run("nano", status=2)
    assert "no program /none" in run("vim", "--program", "/none", status=1)
    assert "one of" in run("vim", "--print", "--remove", status=2)
    assert everything_in(home) == set()
