"""Errors that a user can mend. The text of each is one line: the problem, and the remedy."""

import os
import shlex
import subprocess
import sys


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
        command = [sys.executable, "-P", "-m", "pip", "install", f"foretype[{extra}]"]
        super().__init__(
            f"{needed}: "
            f"{subprocess.list2cmdline(command) if os.name == 'nt' else shlex.join(command)}"
        )


class WorkspaceError(ForetypeError):
    """The texts of a workspace could not be indexed."""


def error_message(error: BaseException) -> str:
    """Return the message of an error, with the type before it unless it is a ForetypeError."""
    return str(error) if isinstance(error, ForetypeError) else f"{type(error).__name__}: {error}"
