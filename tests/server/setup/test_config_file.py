"""Lines in a user's configuration file: the file is never damaged, and comes back to the byte."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from foretype_server.setup.config_file import ConfigLines, ManualChangeError
from foretype_server.setup.marked_block import Insertion
from foretype_server.setup.steps import ManualPaste, State

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are those of POSIX")
FILES = {
    "none": None,
    "empty": b"",
    "plain": b"one\ntwo\n",
    "no line end": "é two".encode(),
    "crlf": b"one\r\ntwo\r\n",
}


def step(path: Path, lines: str = "ours\n") -> ConfigLines:
    """Return the step that appends `lines` to the file at `path`."""
    manual = ManualPaste(path, lines)
    base = path.parents[1]
    return ConfigLines(path, "#", lambda text: Insertion(len(text), lines), manual, base)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "editor" / "config"


def everything_in(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return the modes and contents of all files and folders."""
    return {
        str(one.relative_to(folder)): (one.stat().st_mode, one.is_file() and one.read_bytes())
        for one in folder.rglob("*")
    }


@pytest.mark.parametrize("name", FILES)
def test_undo_restores_each_byte(name: str, path: Path, tmp_path: Path) -> None:
    """After set-up twice and its undoing, files, folders and modes are those of before."""
    if (content := FILES[name]) is not None:
        path.parent.mkdir()
        path.write_bytes(content)
        path.chmod(0o640)
    before = everything_in(tmp_path)
    step(path).apply()
    written = path.read_bytes()
    assert b"ours" in written
    assert written.startswith(content or b"")
    assert step(path).state() is State.CURRENT
    assert "Already in place" in step(path).apply()
    assert path.read_bytes() == written
    step(path).undo()
    assert everything_in(tmp_path) == before


@POSIX
def test_changed_file_is_copied_first(path: Path) -> None:
    """The user's file is copied before its first change, and keeps its mode."""
    path.parent.mkdir()
    path.write_bytes(b"mine\n")
    path.chmod(0o644)
    copy = path.with_name("config.before-foretype")
    assert str(copy) in step(path).apply()
    assert copy.read_bytes() == b"mine\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert "Updated" in step(path, "newer\n").apply()
    assert copy.read_bytes() == b"mine\n"
    assert path.read_bytes().count(b">>>") == 1


def test_later_lines_are_kept(path: Path) -> None:
    """Lines that the user adds around the block stay when it is renewed and when it is removed."""
    path.parent.mkdir()
    path.write_bytes(b"mine\n")
    step(path).apply()
    path.write_bytes(b"above\n" + path.read_bytes() + b"below\n")
    assert step(path).state() is State.CURRENT
    step(path, "newer\n").apply()
    assert path.read_bytes().endswith(b"below\n")
    assert "is kept" in step(path).undo()
    assert path.read_bytes() == b"above\nmine\nbelow\n"
    assert path.with_name("config.before-foretype").read_bytes() == b"mine\n"


def make_odd(kind: str, path: Path) -> str:
    """Make the file odd; return the reason that is expected."""
    other = path.with_name("other")
    if kind == "link":
        path.rename(other)
        path.symlink_to(other)
        return f"is a link to {other.resolve()}"
    if kind == "dangling link":
        path.unlink()
        path.symlink_to(other)
        return "is a link to"
    if kind == "hard link":
        other.hardlink_to(path)
        return "second name"
    if kind == "read-only":
        path.chmod(0o444)
        return "read-only"
    if kind == "folder":
        path.unlink()
        path.mkdir()
        return "Is a directory"
    path.write_bytes(b"caf\xe9\n" if kind == "latin-1" else b"# >>> foretype setup 01234567\n")
    return "UTF-8" if kind == "latin-1" else "no pair"


KINDS = ["link", "dangling link", "hard link", "read-only", "folder", "latin-1", "half a block"]


@POSIX
@pytest.mark.parametrize("kind", KINDS)
def test_odd_file_is_left_alone(kind: str, path: Path, tmp_path: Path) -> None:
    """A file that cannot be replaced whole stays as it is, and the error names the reason."""
    path.parent.mkdir()
    path.write_bytes(b"mine\n")
    reason = make_odd(kind, path)
    before = everything_in(tmp_path) if kind != "dangling link" else None
    with pytest.raises(ManualChangeError, match=reason):
        step(path).apply()
    assert before is None or everything_in(tmp_path) == before
    assert path.is_symlink() == ("link" in kind and kind != "hard link")


@POSIX
def test_read_only_file_keeps_block(path: Path) -> None:
    """A block in a file that became read-only is not taken out, and the error says so."""
    step(path).apply()
    path.chmod(0o444)
    before = path.read_bytes()
    with pytest.raises(ManualChangeError, match="read-only"):
        step(path).undo()
    assert path.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_locked_folder_is_named(path: Path) -> None:
    """A folder that refuses new files is named, and not a temporary file in it."""
    path.parent.mkdir(mode=0o500)
    with pytest.raises(ManualChangeError, match=f"{path.parent} cannot be changed"):
        step(path).apply()


def test_killed_write_leaves_file_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the machine stops while the new file is written, the user's file is the one of before."""
    path.parent.mkdir()
    path.write_bytes(b"mine\n")

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("foretype_model.files.atomic.replace_file", stopped)
    with pytest.raises(KeyboardInterrupt):
        step(path).apply()
    assert [(one.name, one.read_bytes()) for one in path.parent.iterdir()] == [
        ("config", b"mine\n")
    ]
