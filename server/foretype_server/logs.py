"""What may be logged: which errors there were and where in the code, and numbers; but no text of the user's.

Exceptions carry text (a KeyError has the key), other packages' messages may, and what stands on standard error ends up
in the editors' log files. So neither is written, unless somebody who looks for a fault has asked for it.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

OURS: Final = ("foretype_server", "foretype_model")
"""Packages whose messages are written with care: what stands in them are names, numbers and kinds of errors."""

MOST_ERRORS: Final = 5
MOST_PLACES: Final = 20
"""Of a chain of errors, the last ones, and of each the last lines of code: a line of megabytes helps nobody."""

log = logging.getLogger(__name__)


class WithoutText(logging.Formatter):
    """A line a record: our own messages whole, of others' only whose they are; of errors their kinds and places."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        ours = record.name.partition(".")[0] in OURS
        told = record.getMessage() if ours else "a message is left out here, which may hold text (--log-text shows it)"
        parts = [f"foretype: {record.levelname.lower()}: {record.name}: {told}"]
        if record.exc_info and record.exc_info[1]:
            parts += kinds_and_places(record.exc_info[1])
        return "; ".join(" ".join(part.split()) for part in parts)


def kinds_and_places(error: BaseException) -> list[str]:
    """Of an error and of those behind it, the last one first: what it was, and the lines of code it came through."""
    told = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen and len(seen) < MOST_ERRORS:
        seen.add(id(cause))
        places = [f"{frame.f_globals.get('__name__')}:{line}" for frame, line in traceback.walk_tb(cause.__traceback__)]
        told.append(f"{type(cause).__name__} ({', '.join(places[: -MOST_PLACES - 1 : -1]) or 'not raised'})")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return told


def begin(*, with_text: bool) -> None:
    """Log to standard error from now on; all there is `with_text`, the messages of the protocol too."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT) if with_text else WithoutText())
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if with_text else logging.WARNING, force=True)
    logging.getLogger("pygls").setLevel(logging.DEBUG if with_text else logging.CRITICAL + 1)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, places: TracebackType | None) -> None:
    log.error("what ended the program", exc_info=(kind, error, places))


def _unraisable(unraisable: UnraisableHookArgs) -> None:
    log.error("what nobody waited for", exc_info=unraisable.exc_value)


def _uncaught_in_thread(uncaught: threading.ExceptHookArgs) -> None:
    log.error("what ended a thread", exc_info=uncaught.exc_value)
