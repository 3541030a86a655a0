"""Reading and writing the user's files."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.errors import ForetypeError
from foretype_server.console.text_file import MAX_FILE_BYTES, TextFile


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_saving_unchanged_keeps_bytes(tmp_path_factory, text):
    """Saving an unchanged text leaves the file as it was, byte for byte."""
    path = tmp_path_factory.getbasetemp() / "same.txt"
    path.write_bytes(text.encode())
    file = TextFile.open(path)
    file.save(file.text)
    assert path.read_bytes() == text.encode()


@pytest.mark.parametrize(
    ("on_disk", "edited"), [(b"a\r\nb\r\n", "a\nb\n"), (b"a\r\nb\n", "a\r\nb\n"), (b"a\rb", "a\rb")]
)
def test_uniform_crlf_becomes_lf(tmp_path, on_disk, edited):
    """CR LF becomes LF only if every line ends in CR LF, so that saving can restore it."""
    path = tmp_path / "a.txt"
    path.write_bytes(on_disk)
    assert TextFile.open(path).text == edited


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"\0", "binary"), (b"one\n\xff", "line 2"), (b"x" * (MAX_FILE_BYTES + 1), "MB")],
    ids=["nul", "latin", "huge"],
)
def test_other_files_are_refused(tmp_path, data, message):
    """Binary, non-UTF-8 and huge files are errors, and stay unchanged."""
    path = tmp_path / "a"
    path.write_bytes(data)
    with pytest.raises(ForetypeError, match=message):
        TextFile.open(path)
    assert path.read_bytes() == data


def test_missing_file_is_empty(tmp_path):
    """A file that does not exist is empty; if its folder does not exist, that is an error."""
    assert TextFile.open(tmp_path / "new.txt").text == ""
    with pytest.raises(ForetypeError, match="make it first"):
        TextFile.open(tmp_path / "gone" / "new.txt")
    assert not list(tmp_path.iterdir())


def test_saving_keeps_link_and_mode(tmp_path):
    """Saving through a symbolic link keeps the link, and the mode of its target."""
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    target.chmod(0o604)
    link.symlink_to(target)
    TextFile.open(link).save("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o604


def test_failed_save_keeps_old_text(tmp_path, monkeypatch):
    """A save that fails keeps the old text and leaves no other file."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    file = TextFile.open(path)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        file.save("new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]
