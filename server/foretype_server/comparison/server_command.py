"""The commands that start language servers, and the ends of their processes."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from foretype_model.errors import ForetypeError

MAX_NAME_LENGTH: Final = 28
"""Characters of a name in a table."""

REMEDY: Final = (
    "give --beside a command that speaks the Language Server Protocol on stdin and stdout"
)


@dataclass(frozen=True)
class ServerCommand:
    """The way to start a language server.

    Attributes:
        name: for tables and errors.
        arguments: the program and its arguments; one string on Windows, which splits it itself.
        environment: variables beside those of this process.
        settings: the server's `initializationOptions`, beside ``smartSpace``: the typist's editor
            takes a smart space back.
        remedy: the last part of the errors about it.
    """

    name: str
    arguments: tuple[str, ...] | str
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    remedy: str = REMEDY

    @classmethod
    def parse(cls, command: str) -> ServerCommand:
        """Return the command in a line as a shell reads it, without its special signs; assignments
        of variables may stand before it.

        Raises:
            ForetypeError: there is no command, or a quote is left open.
        """
        try:
            words = shlex.split(command, posix=os.name != "nt")
        except ValueError as error:
            raise ForetypeError(f"{command!r} is no command ({error}); {REMEDY}.") from None
        variables: dict[str, str] = {}
        while words and (head := words[0].partition("="))[1] and head[0].isidentifier():
            variables[head[0]] = words.pop(0)[len(head[0]) + 1 :]
        if not words:
            raise ForetypeError(f"{command!r} is no command; {REMEDY}.")
        name = " ".join(word.rpartition("/")[2] or word for word in words)
        arguments = " ".join(words) if os.name == "nt" else tuple(words)
        return cls(shorten(name, MAX_NAME_LENGTH), arguments, variables)

    @classmethod
    def foretype(cls, model: Path) -> ServerCommand:
        """Return the command of Foretype's own server, with a model."""
        # -P: import nothing from the working directory.
        arguments = (sys.executable, "-P", "-m", "foretype_server", "serve")
        settings, remedy = {"model": str(model)}, "run: foretype doctor"
        return cls("foretype serve", arguments, settings=settings, remedy=remedy)

    def start(self, home: Path) -> subprocess.Popen[bytes]:
        """Start the process, with `home` as Foretype's data folder.

        Raises:
            ForetypeError: it cannot be started.
        """
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(
                self.arguments,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                # Foretype's own server must neither know nor count the texts that are typed here.
                env={**os.environ, "FORETYPE_HOME": str(home), **self.environment},
                start_new_session=os.name != "nt",  # so that all of its processes can be ended
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ForetypeError(
                f"{self.name} cannot be started ({reason}); {self.remedy}."
            ) from None


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and its group, which may outlive it."""
    with suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def shorten(text: str, length: int) -> str:
    """Return `text` in at most `length` characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
