"""The standard streams as other programs hand them over: closed, without blocking, or unread.

Standard error never makes the server wait: an editor may start it with a pipe and read nothing, and
65,536 bytes fill that.
"""

from __future__ import annotations

import atexit
import os
import selectors
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import Final

MAX_WAITING_BYTES: Final = 1_000_000
"""Bytes of waiting lines at most. A longer line waits alone."""

FLUSH_TIMEOUT: Final = 0.5
"""Seconds that the end of the program waits for the last lines at most."""


class LineWriter:
    """Writes lines to a file descriptor on a thread of its own, and drops those that are too many.

    The descriptor stays as it is: its mode is shared with other processes.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._dropped = 0
        self._thread: threading.Thread | None = None

    def write(self, line: str) -> None:
        """Write a line soon, or drop it. Returns at once."""
        data = f"{line}\n".encode(errors="replace")
        with self._changed:
            if self._waiting_bytes and self._waiting_bytes + len(data) > MAX_WAITING_BYTES:
                self._dropped += 1
                return
            self._waiting.append(data)
            self._waiting_bytes += len(data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                with suppress(RuntimeError):  # Python is ending, and starts no thread
                    self._thread.start()
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait for the lines so far, `FLUSH_TIMEOUT` at most."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting_bytes, FLUSH_TIMEOUT)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                data = self._waiting.popleft()
            with suppress(OSError):  # nobody reads it, or the disk is full
                write_all(self._descriptor, data)
            with self._changed:
                self._waiting_bytes -= len(data)
                if self._dropped and not self._waiting:
                    lines = f"foretype: {self._dropped} lines were dropped: nobody read them\n"
                    self._dropped = 0
                    self._waiting.append(lines.encode())
                    self._waiting_bytes += len(lines)
                self._changed.notify_all()


def occupy_closed() -> None:
    """Open the null device in place of each closed standard stream: the next file would get its
    number, and the output. `sys.stdin` and `sys.stdout` stay None.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def make_blocking() -> None:
    """Have the standard streams block, as Python's own need. Launchers leave them otherwise."""
    if hasattr(os, "set_blocking"):  # not on Windows before Python 3.12
        for descriptor in range(3):
            with suppress(OSError):
                os.set_blocking(descriptor, True)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, also to a descriptor that does not block.

    Raises:
        OSError: it cannot be written to.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            wait_until(descriptor, selectors.EVENT_WRITE)


def read_some(descriptor: int, size: int) -> bytes:
    """Read up to `size` bytes, also from a descriptor that does not block; none at its end.

    Raises:
        OSError: it cannot be read.
    """
    while True:
        try:
            return os.read(descriptor, size)
        except BlockingIOError:
            wait_until(descriptor, selectors.EVENT_READ)


def wait_until(descriptor: int, event: int) -> None:
    """Wait until a descriptor can be read or written."""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, event)
        selector.select()


_writer: Final = LineWriter(2)
atexit.register(_writer.flush)


def write_line(line: str) -> None:
    """Write a line to standard error soon, without waiting."""
    _writer.write(line)


def flush() -> None:
    """Wait for the lines so far, `FLUSH_TIMEOUT` at most."""
    _writer.flush()
