"""What may be logged: which errors there were and where in the code, and numbers; but no text of
the user's.

Exceptions carry text (a KeyError has the key), other packages' messages may, and what stands on
standard error ends up in the editors' log files, as does what users are shown. So neither is
written or shown, unless somebody who looks for a fault has asked for it.
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
"""Packages whose messages are written with care: what stands in them are names, numbers and kinds
of errors.
"""

MAX_ERRORS: Final = 5
MAX_FRAMES: Final = 20
"""Of a chain of errors, the last ones, and of each the last lines of code: a line of megabytes
helps nobody.
"""

log = logging.getLogger(__name__)


def is_text_logged() -> bool:
    """Whether all there is may be logged."""
    return log.isEnabledFor(logging.DEBUG)


def describe_error(error: BaseException) -> str:
    """What to show the user of an error: ours in its own words, of others' the kind and the place
    in the code.

    Where all there is may be logged, these say it in their own words, too.
    """
    if isinstance(error, PredictorError) and error.cause and not is_text_logged():
        return f"{error.message}: {describe_error(error.cause)}"
    if isinstance(error, ForetypeError) or is_text_logged():
        return error_message(error)
    return (
        f"{type(error).__name__} at {_location(error)}; foretype doctor or foretype serve "
        f"--log-text may tell more"
    )


def _location(error: BaseException) -> str:
    """File and line in others' code, if it came from there: not in what that calls itself, where
    nothing is amiss.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    modules = [
        (_package(frame), f"{frame.f_code.co_filename}:{line}") for frame, line in _frames(error)
    ]
    foreign = [*takewhile(lambda one: one[0] not in OWN_PACKAGES, modules)]
    foreign = (
        [one for one in foreign if one[0] not in sys.stdlib_module_names] or foreign or modules
    )
    return next(
        (place for package, place in foreign if package == foreign[-1][0]), "a place unknown"
    )


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def _frames(error: BaseException) -> list[tuple[FrameType, int]]:
    """The last one first."""
    return list(traceback.walk_tb(error.__traceback__))[::-1]


class RedactingFormatter(logging.Formatter):
    """A line a record: our own messages whole, of others' only whose they are; of errors their
    kinds and places.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        left_out = "a message is left out here, which may hold text (--log-text shows it)"
        message = record.getMessage() if record.name.partition(".")[0] in OWN_PACKAGES else left_out
        parts = [f"foretype: {record.levelname.lower()}: {record.name}: {message}"]
        if record.exc_info and record.exc_info[1]:
            parts += describe_chain(record.exc_info[1])
        return "; ".join(" ".join(part.split()) for part in parts)


def describe_chain(error: BaseException) -> list[str]:
    """Of an error and of those behind it, the last one first: what it was, and the lines of code it
    came through.
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
    """Log to standard error from now on; all there is `with_text`, the messages of the protocol
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
    log.error("what ended the program", exc_info=(kind, error, places))


def _unraisable(unraisable: UnraisableHookArgs) -> None:
    log.error("what nobody waited for", exc_info=unraisable.exc_value)


def _uncaught_in_thread(uncaught: threading.ExceptHookArgs) -> None:
    log.error("what ended a thread", exc_info=uncaught.exc_value)
