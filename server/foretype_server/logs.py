"""Logs without the user's text: kinds of errors, places in the code, and numbers.

Exceptions contain text (a KeyError has the key), and other packages' messages may. Editors keep
standard error, and the messages that they show, in log files. So the server logs and shows neither,
unless the user asks for it with --log-text.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from itertools import takewhile
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Final

from foretype_model.errors import ForetypeError, PredictorError, error_message

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

OWN_PACKAGES: Final = ("foretype_server", "foretype_model")
"""Packages whose messages contain only names, numbers and kinds of errors."""

MAX_ERRORS: Final = 5
MAX_FRAMES: Final = 20
"""Errors of a chain, and code lines of each, that are logged at most, the last ones first: they
bound the length of a log line.
"""

log = logging.getLogger(__name__)


def is_text_logged() -> bool:
    """Return whether the user's text may be logged."""
    return log.isEnabledFor(logging.DEBUG)


def describe_error(error: BaseException) -> str:
    """Return the message of an error for the user: that of a `ForetypeError`; for other errors,
    only the type and the place in the code.

    If text may be logged, it is the message of every error.
    """
    if isinstance(error, PredictorError) and error.cause and not is_text_logged():
        return f"{error.message}: {describe_error(error.cause)}"
    if isinstance(error, ForetypeError) or is_text_logged():
        return error_message(error)
    return (
        f"{type(error).__name__} at {_location(error)}; foretype doctor or foretype serve "
        f"--log-text may show more"
    )


def _location(error: BaseException) -> str:
    """Return the file and line of the last frame in foreign code, such as a plugin's, but not in
    the standard library that it calls; in other errors, of the last frame.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    modules = [
        (_package(frame), f"{frame.f_code.co_filename}:{line}") for frame, line in _frames(error)
    ]
    # The frames above Foretype's last one, without the standard library's.
    foreign = [*takewhile(lambda one: one[0] not in OWN_PACKAGES, modules)]
    foreign = (
        [one for one in foreign if one[0] not in sys.stdlib_module_names] or foreign or modules
    )
    # The last frame of the package that Foretype called, not of the libraries that this calls.
    return next(
        (place for package, place in foreign if package == foreign[-1][0]), "a place unknown"
    )


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def _frames(error: BaseException) -> list[tuple[FrameType, int]]:
    """Return the frames of an error and their lines, the last one first."""
    return list(traceback.walk_tb(error.__traceback__))[::-1]


class RedactingFormatter(logging.Formatter):
    """A formatter that writes one line a record: Foretype's messages in full, for other packages'
    only the logger's name; for errors their kinds and places.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        redacted = "a message that may contain text is omitted (--log-text shows it)"
        message = record.getMessage() if record.name.partition(".")[0] in OWN_PACKAGES else redacted
        parts = [f"foretype: {record.levelname.lower()}: {record.name}: {message}"]
        if record.exc_info and record.exc_info[1]:
            parts += describe_chain(record.exc_info[1])
        return "; ".join(" ".join(part.split()) for part in parts)


def describe_chain(error: BaseException) -> list[str]:
    """Return a description of an error and of each of its causes: the type, and the lines of code,
    the last one first.
    """
    kinds = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen and len(seen) < MAX_ERRORS:
        seen.add(id(cause))
        places = [
            f"{frame.f_globals.get('__name__')}:{line}"
            for frame, line in _frames(cause)[:MAX_FRAMES]
        ]
        kinds.append(f"{type(cause).__name__} ({', '.join(places) or 'not raised'})")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return kinds


def configure(*, with_text: bool) -> None:
    """Log to standard error from now on. `with_text` logs everything, the protocol's messages
    too.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(
        logging.Formatter(logging.BASIC_FORMAT) if with_text else RedactingFormatter()
    )
    logging.basicConfig(
        handlers=[handler], level=logging.DEBUG if with_text else logging.WARNING, force=True
    )
    logging.getLogger("pygls").setLevel(logging.DEBUG if with_text else logging.CRITICAL + 1)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread


def _uncaught(
    kind: type[BaseException], error: BaseException, places: TracebackType | None
) -> None:
    log.error("an error ended the program", exc_info=(kind, error, places))


def _unraisable(unraisable: UnraisableHookArgs) -> None:
    log.error("an error was not handled", exc_info=unraisable.exc_value)


def _uncaught_in_thread(uncaught: threading.ExceptHookArgs) -> None:
    log.error("an error ended a thread", exc_info=uncaught.exc_value)
