"""Reading and writing the user's files."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.errors import ForetypeError
from foretype_server.console.text_file import MAX_FILE_BYTES, TextFile


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_saving_what_was_opened_changes_no_byte(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "same.txt"
    path.write_bytes(text.encode())
    file = TextFile.open(path)
    file.save(file.text)
    assert path.read_bytes() == text.encode()


@pytest.mark.parametrize(
    ("on_disk", "edited"), [(b"a\r\nb\r\n", "a\nb\n"), (b"a\r\nb\n", "a\r\nb\n"), (b"a\rb", "a\rb")]
)
def test_lines_end_in_a_line_feed_where_that_can_be_undone(tmp_path, on_disk, edited):
    path = tmp_path / "a.txt"
    path.write_bytes(on_disk)
    assert TextFile.open(path).text == edited


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"\0", "binary"), (b"one\n\xff", "line 2"), (b"x" * (MAX_FILE_BYTES + 1), "MB")],
    ids=["nul", "latin", "huge"],
)
def test_what_is_no_text_file_is_told_and_left_alone(tmp_path, data, told):
    path = tmp_path / "a"
    path.write_bytes(data)
    with pytest.raises(ForetypeError, match=told):
        TextFile.open(path)
    assert path.read_bytes() == data


def test_a_file_that_is_not_there_is_empty_and_its_folder_must_be_there(tmp_path):
    assert TextFile.open(tmp_path / "new.txt").text == ""
    with pytest.raises(ForetypeError, match="make it first"):
        TextFile.open(tmp_path / "gone" / "new.txt")
    assert not list(tmp_path.iterdir())


def test_a_link_stays_a_link_and_a_mode_stays_a_mode(tmp_path):
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    target.chmod(0o604)
    link.symlink_to(target)
    TextFile.open(link).save("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o604


def test_a_write_that_fails_leaves_the_old_text_and_nothing_else(tmp_path, monkeypatch):
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
