"""The framing of messages, and their transport over stdin and stdout. `tcp` and `websocket` have
those over a port.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

from foretype_server import streams

Messages: TypeAlias = AsyncIterator[bytes | str]

READ_SIZE: Final = 65536
MAX_MESSAGE_BYTES: Final = 1_000_000_000
"""Bytes of a message at most. A larger Content-Length is taken for an error: the server would wait
for its bytes in vain, and read the next messages as a part of it.
"""

AUTH_TIMEOUT: Final = 5.0
"""Seconds that a client may take to present the token."""

BUSY_NOTICE: Final = "rejected a client, as later ones: the server has one at a time"
UNAUTHENTICATED_NOTICE: Final = "rejected a client, as later ones: it has not presented the token"


class MessageWriter:
    """The writer of the server's messages, with pygls's interface. It drops them once the client is
    gone.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def write(self, data: bytes) -> None:
        """Send one message."""
        try:
            self._write(data)
        except OSError:
            # The client is gone. The end of its own messages ends the conversation.
            return

    def close(self) -> None:
        """Do nothing: the opener of the stream closes it."""


ConnectionHandler = Callable[[Messages, MessageWriter, bool], Awaitable[int]]
"""Holds one conversation, and returns the exit status. The flag says whether messages have headers.
"""


async def read_messages(reader: asyncio.StreamReader) -> Messages:
    """Yield the bodies of the messages in a stream, to its end. Skip other lines; end at a
    browser's request.
    """
    try:
        while (length := await read_headers(reader)) is not None:
            yield await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return


async def read_headers(reader: asyncio.StreamReader) -> int | None:
    """Return the Content-Length of the next message; None at the end of the stream."""
    length = None
    while line := await _read_line(reader):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = _parse_content_length(value.strip())
        elif b" HTTP/" in line:
            # A web page can have a browser post anything to any port: it must not control this
            # server.
            return None
        elif not line.strip() and length is not None:
            return length
    return None


def _parse_content_length(value: bytes) -> int | None:
    """Return the value of a header; None if it is not the length of a message."""
    if not value.isdigit() or len(value) > len(
        str(MAX_MESSAGE_BYTES)
    ):  # int() rejects thousands of digits
        return None
    return length if (length := int(value)) <= MAX_MESSAGE_BYTES else None


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError:  # longer than any header: dropped
        return b"\n"


async def stdio(handle_connection: ConnectionHandler) -> int:
    """Hold one conversation on stdin and stdout."""
    reader = asyncio.StreamReader()
    write = _redirect_stdout()
    # A daemon thread: a waiting read cannot be cancelled, and Python would wait for one in an
    # executor.
    threading.Thread(
        target=_feed_stdin, args=(reader, asyncio.get_running_loop()), daemon=True
    ).start()
    return await handle_connection(read_messages(reader), MessageWriter(write), True)


def _redirect_stdout() -> Callable[[bytes], None]:
    """Return a function that writes to stdout. All other output of Python, or of a library in C,
    goes to stderr from now on.
    """
    stdout = os.dup(1)
    os.dup2(2, 1)
    return functools.partial(streams.write_all, stdout)


def _feed_stdin(reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # the loop is closed
        try:
            while data := streams.read_some(0, READ_SIZE):
                loop.call_soon_threadsafe(reader.feed_data, data)
        except OSError as error:
            print_line(f"standard input cannot be read: {error.strerror}")
        loop.call_soon_threadsafe(reader.feed_eof)


def loopback_address(host: str) -> str:
    """Return the loopback address that `host` names; end the program with one line and status 2 for
    any other.
    """
    address = "127.0.0.1" if host == "localhost" else host
    try:
        if ipaddress.ip_address(address).is_loopback:
            return address
    except ValueError:
        pass
    message = f"the server listens on this machine only: give 127.0.0.1 or localhost, not {host}."
    print(f"foretype: {message}", file=sys.stderr)
    raise SystemExit(2)


def print_line(line: str) -> None:
    """Print a line for the user who started the server."""
    streams.write_line(f"foretype: {line}")


@functools.cache
def print_once(line: str) -> None:
    """Print a line once at most: rejected clients are many."""
    print_line(line)
