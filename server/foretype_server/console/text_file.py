"""The user's text files, as `complete` and `try` read and write them: UTF-8 or a clear no, and
nothing half written.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from foretype_model.errors import ForetypeError
from foretype_model.files.atomic import replace_file

MAX_FILE_BYTES = 4 * 1024 * 1024
"""Bytes; larger files make a terminal editor slow, and are hardly ever typed in."""


@dataclass(frozen=True)
class TextFile:
    """A text file as it is edited: its lines end in a line feed alone, whatever they end in on the
    disk.

    Attributes:
        newline: what ends the lines on the disk; CRLF only where it ends every one.
    """

    path: Path
    text: str
    newline: str

    @classmethod
    def open(cls, path: Path) -> TextFile:
        """Read `path`; a file that isn't there yet is empty.

        Raises:
            ForetypeError: it is a folder, too large, or not UTF-8 text, or its folder doesn't
                exist.
            OSError: it can't be read.
        """
        if not path.exists():
            _check_folder(path)
            return cls(path, "", "\n")
        text = read_text(path)
        everywhere = "\r\n" in text and text.count("\r\n") == text.count("\n") == text.count("\r")
        return (
            cls(path, text.replace("\r\n", "\n"), "\r\n") if everywhere else cls(path, text, "\n")
        )

    def save(self, text: str) -> TextFile:
        """Put `text` in the file at once or not at all, and return the file as it is now."""
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
    """The text of the file at `path`, the line ends as they are.

    Raises:
        ForetypeError: it isn't there, is a folder, too large, or not UTF-8 text.
        OSError: it can't be read.
    """
    if not path.exists():
        raise ForetypeError(f"There is no file {path}; name a text file.")
    if path.is_dir():
        raise ForetypeError(f"{path} is a folder; name a text file in it.")
    if not path.is_file():
        raise ForetypeError(f"{path} is not a file; name a text file.")
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise ForetypeError(
            f"{path} has {size / 2**20:.0f} MB; name a text file of at most {MAX_FILE_BYTES >> 20} MB."
        )
    return decode(path.read_bytes(), str(path))


def decode(data: bytes, name: str) -> str:
    """`data` as text; `name` is what the error calls it.

    Raises:
        ForetypeError: it isn't UTF-8 text.
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
        raise ForetypeError(f"{path.parent} is not a folder; make it first.")
