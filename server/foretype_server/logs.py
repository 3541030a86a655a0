"""Logs without the user's text: kinds of errors, places in the code, and numbers.

Exceptions contain text (a KeyError has the key), and other packages' messages may. Editors keep
standard error, and the messages that they show, in log files. So the server logs and shows neither,
unless the user asks for it with --log-text.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections import Counter
from itertools import takewhile
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Final

from foretype_model.errors import ForetypeError, PredictorError, error_message
from foretype_server import streams

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

OWN_PACKAGES: Final = ("foretype_server", "foretype_model")
"""Packages whose messages contain only names, numbers and kinds of errors."""

MAX_ERRORS: Final = 5
MAX_FRAMES: Final = 20
"""Errors of a chain, and code lines of each, that are logged at most, the last ones first: they
bound the length of a log line.
"""

MAX_LINE_CHARACTERS: Final = 4000
"""Characters of a line at most, unless text is logged."""

MAX_RECORDS: Final = 10
RATE_SECONDS: Final = 60.0
"""Records of one kind that are written in so many seconds at most. The others are counted."""

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


class BoundedHandler(logging.Handler):
    """A handler that writes to standard error without waiting, and collapses records that repeat:
    a client can cause thousands.
    """

    def __init__(self, *, all_records: bool = False) -> None:
        super().__init__()
        self._all_records = all_records
        self._began = 0.0
        self._counts: Counter[tuple[str, str]] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or count it."""
        try:
            if self._all_records:
                streams.write_line(self.format(record))
                return
            if time.monotonic() - self._began > RATE_SECONDS:
                self._write_counts()
                self._began = time.monotonic()
            kind = (record.name, str(record.msg) if _is_own(record) else "")
            self._counts[kind] += 1
            if self._counts[kind] <= MAX_RECORDS:
                streams.write_line(self.format(record)[:MAX_LINE_CHARACTERS])
        except Exception:  # noqa: BLE001 (a record with wrong arguments must not stop its caller)
            streams.write_line(f"foretype: a message of {record.name} is not printable")

    def flush(self) -> None:
        """Write the last records."""
        self._write_counts()
        streams.flush()

    def _write_counts(self) -> None:
        for (name, _), count in self._counts.items():
            if count > MAX_RECORDS:
                streams.write_line(
                    f"foretype: {name}: {count - MAX_RECORDS} more of these messages"
                )
        self._counts.clear()


def _is_own(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OWN_PACKAGES


class RedactingFormatter(logging.Formatter):
    """A formatter that writes one line a record: Foretype's messages in full, for other packages'
    only the logger's name; for errors their kinds and places.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        redacted = "a message that may contain text is omitted (--log-text shows it)"
        message = record.getMessage() if _is_own(record) else redacted
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
    handler = BoundedHandler(all_records=with_text)
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
