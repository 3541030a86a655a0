"""The steps that set up an editor. Each can be applied, printed to do it by hand, and undone.

A step never changes a file that the user wrote: it prints the lines to add instead.
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
"""A file that marks a folder as installed by ``foretype setup``."""

WRITTEN_HEADER: Final = (
    "# Written by foretype setup, which replaces or removes it as long as nothing "
    "below is changed: "
)

COMMAND_TIMEOUT: Final = 120.0
"""Seconds that an editor may take to install a package."""


class Step(Protocol):
    """One step of a plan.

    Each method returns a message for the user, and raises ForetypeError if it fails.
    """

    def apply(self) -> str:
        """Do the step."""
        ...

    def instructions(self) -> str:
        """Return the instructions to do the step by hand; change nothing."""
        ...

    def undo(self) -> str:
        """Undo the step, as far as this program has done it."""
        ...


@dataclass(frozen=True)
class ManualPaste:
    """Lines that the user adds to a configuration file."""

    path: Path
    text: str

    def apply(self) -> str:
        return self.instructions()

    def instructions(self) -> str:
        return f"Add to {self.path}:\n\n{self.text.strip()}\n"

    def undo(self) -> str:
        return f"Remove the lines for Foretype from {self.path}, if you have added any."


@dataclass(frozen=True)
class WholeFile:
    """A configuration file with ``#`` comments, written if the user has none, else printed."""

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
    """A plugin, copied into the editor's folder of packages.

    Attributes:
        manual: the lines that load it from `source`, without a copy.
        generated: contents of additional files, by their path in the copy.
    """

    source: Path
    target: Path
    manual: ManualPaste
    generated: Mapping[str, str] = field(default_factory=dict)

    def apply(self) -> str:
        if self._exists() and not self._is_ours():
            raise ForetypeError(
                f"{self.target} exists already, and is not from foretype setup; move it away, or "
                f"keep it and set up nothing"
            )
        verb = "Updated" if self._exists() else "Installed"
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
            return f"Kept {self.target}, which is not from foretype setup"
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
    """A small file in Foretype's data folder, which a client reads."""

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
    """The commands of an editor that install and remove a package."""

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
        raise ForetypeError(f"{_format_command(command)} failed: {error}") from error
    if ran.returncode != 0:
        last_line = (ran.stderr.strip() or ran.stdout.strip()).rpartition("\n")[2]
        raise ForetypeError(
            f"{_format_command(command)} ended with status {ran.returncode}: {last_line}"
        )
    return f"Ran {_format_command(command)}"


def _format_command(command: Sequence[str]) -> str:
    """Quote a command for a POSIX shell."""
    return shlex.join(command)
