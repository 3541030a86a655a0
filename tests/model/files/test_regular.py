"""Only regular files are opened, and no more is read than they hold."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from foretype_model.files import regular
from foretype_model.files.reading import SkippedFile, read_text
from foretype_model.files.regular import NotRegularError, TooLargeError, open_regular, read_regular

ON_LINUX = pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="needs Linux")
MODES = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a POSIX system")


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "fifo")
    return tmp_path / "fifo"


def not_regular(folder: Path, kind: str) -> Path:
    """Make something that is no regular file."""
    path = folder / "thing"
    if kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(os.path.relpath(path))
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to a pipe":
        os.mkfifo(folder / "pipe")
        path.symlink_to("pipe")
    else:
        path.symlink_to(kind)
    return path


KINDS = ["folder", "socket", "pipe", "link to a pipe", "/dev/zero", "/dev/tty", "/dev/stdin",
         "/dev/ptmx", "/dev/full", "/dev/urandom"]  # fmt: skip


@MODES
@pytest.mark.parametrize("kind", KINDS)
def test_other_things_are_not_opened(tmp_path, monkeypatch, kind):
    """A pipe, a device or a link to one is refused without being opened."""
    path = not_regular(tmp_path, kind)
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))
    for follow_links in (True, False):
        with pytest.raises(OSError):
            open_regular(path, follow_links=follow_links)
    for named in (True, False):
        with pytest.raises(SkippedFile):
            read_text(path, max_bytes=10, named=named)


@ON_LINUX
@pytest.mark.parametrize("path", ["/proc/kmsg", "/proc/self/status", "/sys/kernel/notes"])
def test_kernel_files_are_not_opened(monkeypatch, path):
    """A file that the kernel makes up is refused, although it is called regular."""
    if not Path(path).exists():
        pytest.skip(f"no {path} here")
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(NotRegularError):
        open_regular(path)
    with pytest.raises(SkippedFile):
        read_text(Path(path), max_bytes=10, named=True)


@MODES
def test_name_may_become_a_pipe(fifo, tmp_path, monkeypatch):
    """A pipe that takes a file's place after it was looked at blocks nothing."""
    file = tmp_path / "file"
    file.write_text("text")
    status = file.stat()
    monkeypatch.setattr(regular.os, "stat", lambda *_, **__: status)
    with pytest.raises(NotRegularError):
        open_regular(fifo)


def test_no_more_than_the_size_is_read(tmp_path, monkeypatch):
    """A file that grows, or that says it is empty, is read up to its size."""
    file = tmp_path / "file"
    file.write_bytes(b"text and more")
    fstat, sizes = os.fstat, iter([4, 0])

    def smaller(descriptor: int) -> os.stat_result:
        status = list(fstat(descriptor))
        status[6] = size
        return os.stat_result(status)

    for size in sizes:
        monkeypatch.setattr(regular.os, "fstat", smaller)
        monkeypatch.setattr(regular, "pseudo_devices", frozenset)
        with open_regular(file):
            pass
        assert read_regular(file, 100) == b"text and more"[:size]


def test_large_file_is_refused(tmp_path):
    """A file of more bytes than wanted is not read."""
    (tmp_path / "file").write_bytes(b"12345")
    assert read_regular(tmp_path / "file", 5) == b"12345"
    with pytest.raises(TooLargeError):
        read_regular(tmp_path / "file", 4)


def test_links_are_followed_if_wanted(tmp_path):
    """A link to a regular file is one, unless links are not followed."""
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link", 5) == b"12345"
    with pytest.raises(OSError):
        read_regular(tmp_path / "link", 5, follow_links=False)


def test_odd_names_are_errors(tmp_path):
    """A name with a NUL, or one that is too long, is an OSError."""
    for name in ("a\0b", "a" * 5000):
        with pytest.raises(OSError):
            read_regular(f"{tmp_path}/{name}", 5)
