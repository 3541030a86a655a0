"""The step that puts lines into a configuration file of the user, and takes them out again."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foretype_model.errors import ForetypeError
from foretype_model.files.atomic import atomic_write
from foretype_server.setup.marked_block import Block, Insertion, find_block, put_in, take_out
from foretype_server.setup.steps import ManualPaste, State, remove_empty_folders

BACKUP_SUFFIX: Final = ".before-foretype"
"""Behind the name of a file that setup changes, for a copy of the file as it was."""


class ManualChangeError(ForetypeError):
    """A file that setup does not change by itself. The user has to do the step by hand."""


@dataclass(frozen=True)
class ConfigLines:
    """A marked block in a configuration file, which is made if there is none.

    The file is written whole or not at all, and a file that was there before is copied first.

    Attributes:
        path: the file.
        comment: how a comment of one line begins in it.
        compose: returns the place and the lines for a given text of the file; raises
            ManualChangeError if it has none.
        manual: the lines to add by hand.
        base: a folder above the file; empty folders below it go with a file that setup made.
        frame: the text around the block in a new file.
    """

    path: Path
    comment: str
    compose: Callable[[str], Insertion]
    manual: ManualPaste
    base: Path
    frame: str = ""

    def state(self) -> State:
        text, block = self._read()
        if block is None:
            return State.ABSENT
        current = block.changed or text == self._with_block(take_out(text, block), block)
        return State.CURRENT if current else State.OUTDATED

    def apply(self) -> str:
        existed = self.path.exists()
        text, block = self._read()
        if block and block.changed:
            raise ManualChangeError(
                f"the block for Foretype in {self.path} was changed, and is kept; to renew it, "
                f"delete it and run this again"
            )
        without = take_out(text, block) if block else text if existed else self.frame
        composed = self._with_block(without, block)
        if existed and composed == text:
            return f"Already in place: {self.path}"
        self._check_changeable()
        saved = self._save(text) if existed and block is None else ""
        self._write(self.path, composed)
        return f"{'Updated' if existed else 'Wrote'} {self.path}{saved}"

    def instructions(self) -> str:
        return self.manual.instructions()

    def undo(self) -> str:
        text, block = self._read()
        if block is None:
            own = "foretype" in text.lower()
            return (
                f"Remove your own lines for Foretype from {self.path}"
                if own
                else f"There is nothing of Foretype in {self.path}"
            )
        self._check_changeable()
        without = take_out(text, block)
        if block.changed:
            saved = self._save(text)
            self._write(self.path, without)
            return f"Removed the block for Foretype, which was changed, from {self.path}{saved}"
        return self._restore(without)

    def _restore(self, without: str) -> str:
        """Leave the file as it was before setup: delete it if setup has made it."""
        if without == self.frame and not self._backup.exists():
            self.path.unlink()
            remove_empty_folders(self.path.parent, self.base)
            return f"Removed {self.path}"
        self._write(self.path, without)
        if not self._backup.exists():
            return f"Removed the lines for Foretype from {self.path}"
        if self._backup.read_bytes() == without.encode():
            self._backup.unlink()
            return f"Removed the lines for Foretype from {self.path}"
        return f"Removed the lines for Foretype from {self.path}; {self._backup} is kept"

    @property
    def _backup(self) -> Path:
        return self.path.with_name(self.path.name + BACKUP_SUFFIX)

    def _read(self) -> tuple[str, Block | None]:
        """Return the text of the file, empty if there is none, and the block in it.

        Raises:
            ManualChangeError: it is no text in UTF-8, or its marks are broken.
        """
        try:
            text = self.path.read_bytes().decode()
        except FileNotFoundError:
            return "", None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not in UTF-8"
            raise ManualChangeError(f"{self.path} cannot be read: {reason}") from error
        try:
            return text, find_block(text, self.comment)
        except ForetypeError as error:
            raise ManualChangeError(f"{self.path}: {error}") from error

    def _with_block(self, text: str, former: Block | None) -> str:
        """Return `text`, which has no block, with the block; in its former place if it had one."""
        try:
            insertion = self.compose(text)
        except ManualChangeError as error:
            raise ManualChangeError(f"{self.path} is not changed: {error}") from error
        offset = former.start if former else insertion.offset
        return put_in(text, Insertion(offset, insertion.lines), self.comment)

    def _check_changeable(self) -> None:
        """Raise ManualChangeError if replacing the file would do more than change its text."""
        path = self.path
        if path.is_symlink():
            raise ManualChangeError(
                f"{path} is a link to {path.resolve()}, perhaps kept by another program; it is "
                f"not changed"
            )
        if not path.exists():
            return
        about = path.stat()
        if not path.is_file():
            raise ManualChangeError(f"{path} is not a regular file; it is not changed")
        if about.st_nlink > 1:
            raise ManualChangeError(f"{path} has a second name (a hard link); it is not changed")
        if not about.st_mode & 0o200 or not os.access(path, os.W_OK):
            raise ManualChangeError(f"{path} is read-only; it is not changed")

    def _save(self, text: str) -> str:
        """Copy the text of the file beside it, and return a remark about that."""
        self._write(self._backup, text)
        return f"; the file as it was is {self._backup}"

    def _write(self, path: Path, text: str) -> None:
        """Write a file whole, with the mode of `self.path` if that exists.

        Raises:
            ManualChangeError: its folder refuses.
        """
        mode = self.path.stat().st_mode & 0o777 if self.path.exists() else None
        try:
            with atomic_write(path) as partial:
                partial.write_bytes(text.encode())
        except PermissionError as error:
            raise ManualChangeError(
                f"{path.parent} cannot be changed ({error.strerror}); {path} is not changed"
            ) from error
        if mode is not None:
            path.chmod(mode)
