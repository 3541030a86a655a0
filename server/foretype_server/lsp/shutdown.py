"""The end of a server, even if a thread of a plugin never ends."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Coroutine
from typing import Any, Final, NoReturn

INTERRUPTED_STATUS: Final = 130
"""The exit status of a program that Ctrl-C has ended."""

JOIN_TIMEOUT: Final = 6.0
"""Seconds in which threads may finish their jobs, which may wait 5 for the lock of another server.
"""

log = logging.getLogger(__name__)


def run(server: Coroutine[Any, Any, int]) -> NoReturn:
    """Run the server, and exit with its status."""
    try:
        status = asyncio.run(server)
    except KeyboardInterrupt:
        status = INTERRUPTED_STATUS
    end = time.monotonic() + JOIN_TIMEOUT
    for thread in _running_threads():
        thread.join(max(0.0, end - time.monotonic()))
    if _running_threads():
        log.error("a thread did not end; exiting without it")
        logging.shutdown()
        # Python would wait for it forever.
        os._exit(status)
    sys.exit(status)


def _running_threads() -> list[threading.Thread]:
    """Return the threads that Python waits for at exit."""
    return [
        one
        for one in threading.enumerate()
        if not one.daemon and one is not threading.current_thread()
    ]
