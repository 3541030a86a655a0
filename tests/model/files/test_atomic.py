"""Atomic writes: their order, the modes of files and folders, and the remains of killed writers."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from types import SimpleNamespace

import filelock
import pytest

from foretype_model.files import atomic
from foretype_model.files.atomic import atomic_write, private_folder

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


def write(path: Path, text: str) -> None:
    with atomic_write(path) as partial:
        partial.write_text(text)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_content_is_synced_before_renaming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the new content is on the disk before it takes the old one's name: a machine that
    stops leaves one of the two.
    """
    path = tmp_path / "kept"
    write(path, "old")
    synced: list[tuple[int, int, str]] = []
    sync = os.fsync

    def record(descriptor: int) -> None:
        state = os.fstat(descriptor)
        synced.append((state.st_ino, state.st_size, path.read_text()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    write(path, "longer than the old")
    assert synced == [(path.stat().st_ino, len("longer than the old"), "old")]


@POSIX
def test_files_are_the_users_alone(tmp_path: Path) -> None:
    """A file has mode 0600 even if its block or its former version had another, and folders that
    are made for it have 0700.
    """
    path = tmp_path / "one" / "two" / "kept"
    write(path, "old")
    path.chmod(0o644)
    with atomic_write(path) as partial:
        partial.chmod(0o666)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@POSIX
def test_existing_folder_keeps_its_mode(tmp_path: Path) -> None:
    """A folder that is there already, perhaps the user's own, keeps its mode."""
    tmp_path.chmod(0o755)
    private_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_failed_block_leaves_nothing(tmp_path: Path) -> None:
    """If the block raises, the file is as before, and nothing lies beside it."""
    path = tmp_path / "kept"
    write(path, "old")
    with pytest.raises(ZeroDivisionError), atomic_write(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert names(tmp_path) == {"kept"}


def test_only_own_leftovers_go(tmp_path: Path) -> None:
    """Of the files beside it, a write removes those that killed writers of this file left."""
    others = {
        ".a+b.json.abcd123",
        ".a+b.json.abcd12345",
        ".a+b.json.ABCD1234",
        ".a+b_json.abcd1234",
        ".aab.json.abcd1234",
        "a+b.json.abcd1234",
        "x.a+b.json.abcd1234",
        ".other.json.abcd1234",
    }
    for name in {*others, ".a+b.json.abcd1234", ".a+b.json.x_y_z_09"}:
        (tmp_path / name).write_text("left")
    (tmp_path / ".a+b.json.folder_1").mkdir()
    write(tmp_path / "a+b.json", "new")
    assert names(tmp_path) == {*others, "a+b.json", ".a+b.json.folder_1"}


def test_stolen_file_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another process took the new file for a leftover, the write makes another one and keeps
    no file open.
    """
    make = tempfile.mkstemp
    opened: list[int] = []

    def make_and_lose(**arguments: object) -> tuple[int, str]:
        descriptor, name = make(**arguments)
        opened.append(descriptor)
        if len(opened) < 3:
            Path(name).unlink()
        return descriptor, name

    monkeypatch.setattr(tempfile, "mkstemp", make_and_lose)
    write(tmp_path / "kept", "new")
    assert (tmp_path / "kept").read_text() == "new"
    assert len(opened) == 3
    for descriptor in opened:
        with pytest.raises(OSError):
            os.fstat(descriptor)


def test_leftovers_stay_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without locks, a leftover may be a write in progress: it stays, and the
    write goes on.
    """

    def refuse(*_: object, **__: object) -> bool:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(filelock, "lock_descriptor", refuse)
    (tmp_path / ".kept.abcd1234").write_text("perhaps half")
    write(tmp_path / "kept", "new")
    assert (tmp_path / "kept").read_text() == "new"
    assert names(tmp_path) == {"kept", ".kept.abcd1234"}


def test_renaming_is_tried_for_a_second(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Windows refuses to replace a file that is open: the attempts are ever further apart, and take
    a second together.
    """
    waits: list[float] = []
    monkeypatch.setattr(atomic.time, "sleep", waits.append)
    monkeypatch.setattr(atomic, "os", SimpleNamespace(**{**vars(os), "name": "nt"}))
    monkeypatch.setattr(Path, "replace", refuse_replacing)
    with pytest.raises(PermissionError):
        atomic.replace_file(tmp_path / "new", tmp_path / "old")
    assert waits == sorted(waits)
    assert waits[0] <= 0.02
    assert 0.9 < sum(waits) < 1.2


def refuse_replacing(*_: object) -> None:
    raise PermissionError


def test_foreign_error_is_raised(tmp_path: Path) -> None:
    """If the target cannot be replaced, the error says so, and nothing lies beside it."""
    (tmp_path / "kept").mkdir()
    with pytest.raises(OSError):
        write(tmp_path / "kept", "new")
    assert names(tmp_path) == {"kept"}
