"""What is done to set an editor up. Each step can be done, told for doing it by hand, and undone;
each says so.

What a user wrote is never changed: what would go into such a file is told instead.
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from foretype_model.errors import ForetypeError
from foretype_model.files.atomic import atomic_write

MARKER_FILE: Final = ".installed-by-foretype-setup"
"""The file by which a folder is known as one of ours."""

WRITTEN_HEADER: Final = (
    "# Written by foretype setup, which replaces or removes it as long as nothing "
    "below is changed: "
)

COMMAND_TIMEOUT: Final = 120.0
"""Seconds that an editor may take to install something."""


class Step(Protocol):
    """One thing to do. Each method returns what to tell the user, and raises ForetypeError where it
    can't be done.
    """

    def apply(self) -> str:
        """Do it."""
        ...

    def instructions(self) -> str:
        """How it is done by hand; nothing is changed."""
        ...

    def undo(self) -> str:
        """Take it out again, as far as it was done by this program."""
        ...


@dataclass(frozen=True)
class ManualPaste:
    """Text that the user puts into a configuration file."""

    path: Path
    text: str

    def apply(self) -> str:
        return self.instructions()

    def instructions(self) -> str:
        return f"Put this into {self.path}:\n\n{self.text.strip()}\n"

    def undo(self) -> str:
        return f"Take out of {self.path} what you have put there for Foretype, if anything."


@dataclass(frozen=True)
class WholeFile:
    """A configuration file (one with ``#`` comments) that is written where there is none, and told
    where there is.
    """

    path: Path
    text: str

    def apply(self) -> str:
        if not self.path.exists() or self._is_ours():
            with atomic_write(self.path) as partial:
                partial.write_text(f"{WRITTEN_HEADER}{_digest(self.text)}\n{self.text}", "utf-8")
            return f"Wrote {self.path}"
        return self.instructions()

    def instructions(self) -> str:
        return ManualPaste(self.path, self.text).instructions()

    def undo(self) -> str:
        if self.path.exists() and self._is_ours():
            self.path.unlink()
            return f"Removed {self.path}"
        return ManualPaste(self.path, self.text).undo()

    def _is_ours(self) -> bool:
        first, _, rest = self.path.read_text("utf-8", errors="replace").partition("\n")
        return first == WRITTEN_HEADER + _digest(rest)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class PackageFolder:
    """A package, copied into an editor's folder of packages.

    Attributes:
        generated: more files in it, by their path there.
        by_hand: how it is used from where it lies, without a copy.
    """

    source: Path
    target: Path
    manual: ManualPaste
    generated: Mapping[str, str] = field(default_factory=dict)

    def apply(self) -> str:
        if self._exists() and not self._is_ours():
            raise ForetypeError(
                f"{self.target} is there already, and is not from foretype setup; move it away, or "
                f"leave it as it is"
            )
        verb = "Renewed" if self._exists() else "Installed"
        self.target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".foretype-", dir=self.target.parent) as folder:
            fresh, old = Path(folder) / "fresh", Path(folder) / "old"
            self._make(fresh)
            if self._exists():
                self.target.rename(old)
            fresh.rename(self.target)
        return f"{verb} {self.target}"

    def instructions(self) -> str:
        return self.manual.instructions()

    def undo(self) -> str:
        if not self._exists():
            return f"There is no {self.target}"
        if not self._is_ours():
            return f"Left {self.target}, which is not from foretype setup"
        shutil.rmtree(self.target)
        return f"Removed {self.target}"

    def _exists(self) -> bool:
        return self.target.exists() or self.target.is_symlink()

    def _is_ours(self) -> bool:
        return (self.target / MARKER_FILE).is_file() and not self.target.is_symlink()

    def _make(self, folder: Path) -> None:
        shutil.copytree(self.source, folder)
        for name, text in {**self.generated, MARKER_FILE: ""}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


@dataclass(frozen=True)
class RecordFile:
    """A small file in Foretype's own folder, which a client reads."""

    path: Path
    text: str
    manual: ManualPaste

    def apply(self) -> str:
        with atomic_write(self.path) as partial:
            partial.write_text(self.text, "utf-8")
        return f"Wrote {self.path}"

    def instructions(self) -> str:
        return self.manual.instructions()

    def undo(self) -> str:
        self.path.unlink(missing_ok=True)
        return f"Removed {self.path}"


@dataclass(frozen=True)
class EditorCommand:
    """An editor's own way to install something, and to take it out again."""

    install: Sequence[str]
    remove: Sequence[str]

    def apply(self) -> str:
        return _run(self.install)

    def instructions(self) -> str:
        return f"Run:\n\n{_format_command(self.install)}\n"

    def undo(self) -> str:
        return _run(self.remove)


def _run(command: Sequence[str]) -> str:
    try:
        ran = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ForetypeError(f"{_format_command(command)} did not work: {error}") from error
    if ran.returncode != 0:
        last_line = (ran.stderr.strip() or ran.stdout.strip()).rpartition("\n")[2]
        raise ForetypeError(
            f"{_format_command(command)} ended with status {ran.returncode}: {last_line}"
        )
    return f"Ran {_format_command(command)}"


def _format_command(command: Sequence[str]) -> str:
    """As it is typed in a shell."""
    return shlex.join(command)
