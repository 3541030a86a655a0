"""The end of a server: with its editor's process, and even if a thread of a plugin never ends."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, NoReturn

INTERRUPTED_STATUS: Final = 130
"""The exit status of a program that Ctrl-C has ended."""

JOIN_TIMEOUT: Final = 6.0
"""Seconds in which threads may finish their jobs, which may wait 5 for the lock of another server.
"""

PARENT_CHECK_INTERVAL: Final = 2.0
"""Seconds between checks that the editor's process still exists."""

END_SIGNALS: Final = ("SIGTERM", "SIGHUP")
"""Signals after which the server still writes its counts: editors send the first to a server that
takes too long to end, and a closed terminal sends the second to editor and server alike.
"""

log = logging.getLogger(__name__)


def run(server: Coroutine[Any, Any, int]) -> NoReturn:
    """Run the server, and exit with its status, or by the signal that has ended it."""
    received: list[int] = []
    try:
        status = asyncio.run(_ending_by_signal(server, received))
    except KeyboardInterrupt:
        status = INTERRUPTED_STATUS
    except asyncio.CancelledError:
        status = 1
    end = time.monotonic() + JOIN_TIMEOUT
    for thread in _running_threads():
        thread.join(max(0.0, end - time.monotonic()))
    if received:
        signal.raise_signal(received[0])  # no handler is left
    if _running_threads():
        log.error("a thread did not end; exiting without it")
        logging.shutdown()
        # Python would wait for it forever.
        os._exit(status)
    sys.exit(status)


async def _ending_by_signal(server: Coroutine[Any, Any, int], received: list[int]) -> int:
    """Return the server's status. A signal of `END_SIGNALS` cancels it, and is added to
    `received`.
    """
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(server)

    def end(number: int) -> None:
        received.append(number)
        task.cancel()

    for name in END_SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            with suppress(NotImplementedError):  # on Windows
                loop.add_signal_handler(number, end, number)
    return await task


def _running_threads() -> list[threading.Thread]:
    """Return the threads that Python waits for at exit."""
    return [
        one
        for one in threading.enumerate()
        if not one.daemon and one is not threading.current_thread()
    ]


async def watch_parent(process: int, end: Callable[[], None]) -> None:
    """Call `end` once the editor's process is gone, which pygls does not check."""
    while is_alive(process):
        await asyncio.sleep(PARENT_CHECK_INTERVAL)
    end()


def is_alive(process: int) -> bool:
    """Return whether the process exists and is visible: not from another container, and never on
    Windows, where signal 0 is Ctrl-C. There, the end of stdin ends the server.
    """
    if os.name != "posix" or process <= 0:  # of os.kill, a group of processes
        return False
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
