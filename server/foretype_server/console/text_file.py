"""The text files that the commands read and write: UTF-8 or an error, written atomically."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from foretype_model.errors import ForetypeError
from foretype_model.files.atomic import replace_file
from foretype_model.files.regular import NotRegularError, TooLargeError, read_regular

MAX_FILE_BYTES = 4 * 1024 * 1024
"""Larger files make a terminal editor slow, and are seldom typed in."""


@dataclass(frozen=True)
class TextFile:
    """A text file in an editor.

    Attributes:
        text: its content; if every line on the disk ends in CR LF, each is a line feed here.
        newline: the line end on the disk for a line feed in `text`.
    """

    path: Path
    text: str
    newline: str

    @classmethod
    def open(cls, path: Path) -> TextFile:
        """Read `path`; a file that does not exist yet is empty.

        Raises:
            ForetypeError: it is a folder, too large, not UTF-8 text, or in no existing folder.
            OSError: it cannot be read.
        """
        if not path.exists():
            _check_folder(path)
            return cls(path, "", "\n")
        text = read_text(path)
        # Mixed line ends stay as they are, since saving could not restore them.
        if "\r\n" in text and text.count("\r\n") == text.count("\n") == text.count("\r"):
            return cls(path, text.replace("\r\n", "\n"), "\r\n")
        return cls(path, text, "\n")

    @classmethod
    def new(cls, path: Path, newline: str) -> TextFile:
        """Return the file that a text is to be saved to for the first time; nothing is written yet.

        Raises:
            ForetypeError: it is a folder, or in no existing folder.
        """
        if path.is_dir():
            raise ForetypeError(f"{path} is a folder; name a file in it.")
        _check_folder(path)
        return cls(path, "", newline)

    def save(self, text: str) -> TextFile:
        """Write `text` to the file, all or nothing; return the file as it is now.

        Raises:
            OSError: it cannot be written; the old content stays.
        """
        target = self.path.resolve()  # a link stays a link
        data = text.replace("\n", self.newline).encode(errors="replace")
        new = target.with_name(f".{target.name}.{os.getpid()}.new")
        try:
            with new.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if target.exists():
                shutil.copymode(target, new)
            replace_file(new, target)
        finally:
            new.unlink(missing_ok=True)
        return TextFile(self.path, text, self.newline)


def read_text(path: Path) -> str:
    """Return the text of the file at `path`, with its own line ends.

    Raises:
        ForetypeError: it does not exist, is a folder, too large, or not UTF-8 text.
        OSError: it cannot be read.
    """
    if not path.exists():
        raise ForetypeError(f"There is no file {path}; name a text file.")
    if path.is_dir():
        raise ForetypeError(f"{path} is a folder; name a text file in it.")
    try:
        return decode(read_regular(path, MAX_FILE_BYTES), str(path))
    except TooLargeError:
        raise ForetypeError(
            f"{path} has {path.stat().st_size / 2**20:.0f} MB; name a text file of at most "
            f"{MAX_FILE_BYTES >> 20} MB."
        ) from None
    except NotRegularError:
        raise ForetypeError(f"{path} is not a file; name a text file.") from None


def read_stdin(name: str) -> str:
    """Return the text on standard input; errors call it `name`.

    Raises:
        ForetypeError: it is closed, too large, cannot be read, or is not UTF-8 text.
    """
    if sys.stdin is None:
        raise ForetypeError(f"{name} is closed; name a text file, or send the text by a pipe.")
    try:
        data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ForetypeError(f"{name} cannot be read ({error.strerror}).") from None
    if len(data) > MAX_FILE_BYTES:
        raise ForetypeError(f"{name} is too long; send at most {MAX_FILE_BYTES >> 20} MB.")
    return decode(data, name)


def decode(data: bytes, name: str) -> str:
    """Decode `data`; errors call it `name`.

    Raises:
        ForetypeError: it is not UTF-8 text.
    """
    if b"\0" in data:
        raise ForetypeError(f"{name} is binary; name a text file.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ForetypeError(
            f"{name} is not UTF-8 (line {line}); convert it to UTF-8 first."
        ) from None


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise ForetypeError(f"The folder {path.parent} does not exist; make it first.")
