"""Errors that a user can mend. The text of each is one line: the problem, and the remedy."""

import os
import re
import shlex
import sys
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path


class ForetypeError(Exception):
    """Any error whose text is meant for the user."""


class ModelError(ForetypeError):
    """A model file is missing, truncated, foreign, or not for this version."""


class MissingModelError(ModelError):
    """There is no model of the kind that is needed."""


class PredictorError(ForetypeError):
    """A predictor is unknown, could not be created, or failed.

    Attributes:
        message: the text without the message of `cause`.
        cause: an exception from foreign code, whose message may contain the user's text.
    """

    def __init__(self, message: str, cause: BaseException | None = None) -> None:
        super().__init__(f"{message}: {error_message(cause)}" if cause else message)
        self.message, self.cause = message, cause


class CorpusError(ForetypeError):
    """The given paths hold no text to learn from."""


class BrokenIndexError(ForetypeError):
    """An index file is missing, truncated, or of another release."""


class MissingExtraError(ForetypeError):
    """Packages of an `extra` are not installed. The text is the command that installs them for this
    Python.
    """

    def __init__(self, needed: str, extra: str) -> None:
        super().__init__(f"{needed}: {_quote([*_installer(), *_requirements(extra)])}")


def _requirements(extra: str) -> list[str]:
    """Return the packages of an extra, as ``onnx>=1.17``.

    They are named instead of Foretype: the installer may not know where Foretype came from.
    """
    every = (line.partition(";") for line in requires("foretype") or ())
    wanted = re.compile(rf"\s*extra == ['\"]{extra}['\"]")
    return [name.strip() for name, _, condition in every if wanted.fullmatch(condition)]


def _installer() -> list[str]:
    """Return the command that installs packages beside this Python, without their names."""
    if (Path(sys.prefix) / "pipx_metadata.json").is_file():
        return ["pipx", "inject", Path(sys.prefix).name]
    if find_spec("pip") is None:
        return ["uv", "pip", "install", "--python", sys.executable]
    return [sys.executable, "-P", "-m", "pip", "install"]


def _quote(command: list[str]) -> str:
    """Quote a command for a POSIX shell, or for Windows' own, where > redirects an output."""
    if os.name != "nt":
        return shlex.join(command)
    return " ".join(f'"{word}"' if re.search(r"[\s<>&|^]", word) else word for word in command)


class WorkspaceError(ForetypeError):
    """The texts of a workspace could not be indexed."""


def error_message(error: BaseException) -> str:
    """Return the message of an error, with the type before it unless it is a ForetypeError."""
    return str(error) if isinstance(error, ForetypeError) else f"{type(error).__name__}: {error}"
