"""The steps that set up an editor. Each can be applied, printed to do it by hand, and undone."""

from __future__ import annotations

import filecmp
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Final, Protocol

from foretype_model.errors import ForetypeError
from foretype_model.files.atomic import atomic_write

MARKER_FILE: Final = ".installed-by-foretype-setup"
"""A file that marks a folder as installed by ``foretype setup``."""

COMMAND_TIMEOUT: Final = 120.0
"""Seconds that an editor may take to install a package."""


class State(IntEnum):
    """How much of a step is done."""

    ABSENT = 0
    OUTDATED = 1
    CURRENT = 2


class Step(Protocol):
    """One step of a plan.

    The methods that act return a message for the user, and raise ForetypeError if they fail.
    """

    def state(self) -> State:
        """Return whether the step is done; change nothing."""
        ...

    def apply(self) -> str:
        """Do the step. It may be done already."""
        ...

    def instructions(self) -> str:
        """Return the instructions to do the step by hand; change nothing."""
        ...

    def undo(self) -> str:
        """Undo the step, as far as this program has done it."""
        ...


@dataclass(frozen=True)
class Plan:
    """The steps in their order, and the user's part afterwards.

    Attributes:
        follow_up: one or two sentences for the user.
        missing: a program that the steps need and that is not on the PATH; empty if none is.
    """

    steps: Sequence[Step]
    follow_up: str
    missing: str = ""

    def state(self) -> State:
        """Return CURRENT if all steps are done, ABSENT if none is, else OUTDATED."""
        states = {_state(step) for step in self.steps}
        return states.pop() if len(states) == 1 else State.OUTDATED


def _state(step: Step) -> State:
    """Return the state of a step; ABSENT if its editor or its file gives no answer."""
    try:
        return step.state()
    except (ForetypeError, OSError):
        return State.ABSENT


@dataclass(frozen=True)
class ManualPaste:
    """Lines that a user may add to a configuration file by hand."""

    path: Path
    text: str

    def instructions(self) -> str:
        return f"Add to {self.path}:\n\n{self.text.strip()}\n"


@dataclass(frozen=True)
class PackageFolder:
    """A plugin, copied into the editor's folder of packages.

    Attributes:
        base: a folder above `target`; empty folders below it go with the plugin.
        manual: the lines that load it from `source`, without a copy.
        generated: contents of additional files, by their path in the copy.
    """

    source: Path
    target: Path
    base: Path
    manual: ManualPaste
    generated: Mapping[str, str] = field(default_factory=dict)

    def state(self) -> State:
        if not self._is_ours():
            return State.ABSENT
        with tempfile.TemporaryDirectory() as folder:
            fresh = Path(folder) / "fresh"
            self._make(fresh)
            return State.CURRENT if _same_files(fresh, self.target) else State.OUTDATED

    def apply(self) -> str:
        if self._exists() and not self._is_ours():
            raise ForetypeError(
                f"{self.target} exists already, and is not from foretype setup; move it away, or "
                f"keep it and set up nothing"
            )
        if self.state() is State.CURRENT:
            return f"Already in place: {self.target}"
        verb = "Updated" if self._exists() else "Installed"
        with _writable(self.target.parent):
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
        with _writable(self.target.parent):
            shutil.rmtree(self.target)
        remove_empty_folders(self.target.parent, self.base)
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


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """Name the folder in which a change was refused, in place of a temporary file in it."""
    try:
        yield
    except PermissionError as error:
        raise ForetypeError(
            f"{folder} cannot be changed ({error.strerror}); make it writable, or print the steps "
            f"with --print"
        ) from error


def _same_files(one: Path, other: Path) -> bool:
    """Return whether two folders have the same files with the same contents."""
    names = [_file_names(folder) for folder in (one, other)]
    return names[0] == names[1] and all(
        filecmp.cmp(one / name, other / name, shallow=False) for name in names[0]
    )


def _file_names(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir()}


def remove_empty_folders(folder: Path, base: Path) -> None:
    """Remove `folder` if it is empty, and its parents alike, up to `base`, which stays."""
    while folder.is_relative_to(base) and folder != base and not folder.is_symlink():
        try:
            folder.rmdir()
        except OSError:  # it has files, or is gone
            return
        folder = folder.parent


@dataclass(frozen=True)
class RecordFile:
    """A small file in Foretype's data folder, which a client reads.

    Attributes:
        is_read: returns whether another editor reads it, too.
    """

    path: Path
    text: str
    manual: ManualPaste
    is_read: Callable[[], bool]

    def state(self) -> State:
        if not self.path.is_file():
            return State.ABSENT
        return State.CURRENT if self.path.read_text("utf-8") == self.text else State.OUTDATED

    def apply(self) -> str:
        if self.state() is State.CURRENT:
            return f"Already in place: {self.path}"
        with atomic_write(self.path) as partial:
            partial.write_text(self.text, "utf-8")
        return f"Wrote {self.path}"

    def instructions(self) -> str:
        return self.manual.instructions()

    def undo(self) -> str:
        if not self.path.exists():
            return f"There is no {self.path}"
        if self.is_read():
            return f"Kept {self.path}, which another editor reads"
        self.path.unlink()
        remove_empty_folders(self.path.parent, self.path.parents[1])
        return f"Removed {self.path}"


@dataclass(frozen=True)
class EditorCommand:
    """The commands of an editor that install and remove a package.

    Attributes:
        package: the name of the package.
        check: returns whether the package is installed.
        renewed: whether to install it again where it is: `check` knows the name alone.
        leftovers: folders that the editor leaves behind when it has removed the package.
        emptied: folders that go with the package if nothing else is in them, in this order.
    """

    package: str
    check: Callable[[], State]
    install: Sequence[str]
    remove: Sequence[str]
    renewed: bool = False
    leftovers: Sequence[Path] = ()
    emptied: Sequence[Path] = ()

    def state(self) -> State:
        return self.check()

    def apply(self) -> str:
        before = self.check()
        where = f"the package {self.package} in {self.install[0]}"
        if before is State.CURRENT and not self.renewed:
            return f"Already in place: {where}"
        run(self.install)
        return f"{'Installed' if before is State.ABSENT else 'Renewed'} {where}"

    def instructions(self) -> str:
        return f"Run:\n\n{_format_command(self.install)}\n"

    def undo(self) -> str:
        if shutil.which(self.remove[0]) is None:
            return f"There is no program {self.remove[0]}"
        installed = self.check() is not State.ABSENT
        if installed:
            run(self.remove)
        for path in self.leftovers:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
        if not installed:
            return f"There is no package {self.package} in {self.remove[0]}"
        for path in self.emptied:
            remove_empty_folders(path, path.parent)
        return f"Removed the package {self.package} from {self.remove[0]}"


def run(command: Sequence[str]) -> str:
    """Run a command of an editor and return its output.

    Raises:
        ForetypeError: it cannot be run, takes too long, or does not end with status 0.
    """
    try:
        ran = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
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
    return ran.stdout


def _format_command(command: Sequence[str]) -> str:
    """Quote a command for a POSIX shell."""
    return shlex.join(command)
