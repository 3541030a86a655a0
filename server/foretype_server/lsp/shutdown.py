"""The end of a server, where a plugin never comes back, too."""

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
"""The status of a program that Ctrl-C has ended."""

JOIN_TIMEOUT: Final = 6.0
"""Seconds in which threads may finish what they were asked for; another server that writes is
waited for 5.
"""

log = logging.getLogger(__name__)


def run(server: Coroutine[Any, Any, int]) -> NoReturn:
    """Serve, and exit with the status that comes of it."""
    try:
        status = asyncio.run(server)
    except KeyboardInterrupt:
        status = INTERRUPTED_STATUS
    end = time.monotonic() + JOIN_TIMEOUT
    for thread in _running_threads():
        thread.join(max(0.0, end - time.monotonic()))
    if _running_threads():
        log.error("a thread did not end, and is left behind")
        logging.shutdown()
        # Python would wait for it for ever.
        os._exit(status)
    sys.exit(status)


def _running_threads() -> list[threading.Thread]:
    """Those that Python waits for."""
    return [
        one
        for one in threading.enumerate()
        if not one.daemon and one is not threading.current_thread()
    ]
