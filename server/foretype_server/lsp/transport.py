"""The transports of messages: stdin and stdout, and a TCP port on the loopback address, for clients
that present the token. `websocket` has a third.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import json
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from foretype_server import streams

if TYPE_CHECKING:
    from foretype_server.lsp.auth import TokenAuth

Messages: TypeAlias = AsyncIterator[bytes | str]

READ_SIZE: Final = 65536
MAX_MESSAGE_BYTES: Final = 1_000_000_000
"""Bytes of a message at most. A larger Content-Length is taken for an error: the server would wait
for its bytes in vain, and read the next messages as a part of it.
"""

AUTH_TIMEOUT: Final = 5.0
"""Seconds that a client may take to present the token."""

MAX_UNAUTHENTICATED_BYTES: Final = 1_000_000
"""Bytes of the message with the token at most."""

BUSY_ERROR: Final = (
    "another client is connected, and a server has one at a time: end that one, or start another "
    "server"
)
BUSY_NOTICE: Final = "rejected a client, as later ones: the server has one at a time"
UNAUTHENTICATED_NOTICE: Final = "rejected a client, as later ones: it has not presented the token"
TOKEN_ERROR: Final = (
    "the right token is missing: set initializationOptions.token; on the server's machine it is in"
)


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
        while (length := await _read_headers(reader)) is not None:
            yield await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return


async def _read_first_message(reader: asyncio.StreamReader) -> bytes:
    """Return the first message of an unauthenticated client; empty if it is late, too long or
    missing.
    """
    with suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        async with asyncio.timeout(AUTH_TIMEOUT):
            length = await _read_headers(reader)
            if length and length <= MAX_UNAUTHENTICATED_BYTES:
                return await reader.readexactly(length)
    return b""


async def _read_headers(reader: asyncio.StreamReader) -> int | None:
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


async def tcp(handle_connection: ConnectionHandler, auth: TokenAuth, host: str, port: int) -> int:
    """Hold one conversation after the other on a TCP port, forever. Reject a second client at the
    same time.
    """
    session_lock = asyncio.Lock()

    async def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # An unauthenticated client does not take the session.
        first = await _read_first_message(reader)
        initialize = auth.authenticate(first)
        try:
            if initialize is None or session_lock.locked():
                await _reject(
                    reader,
                    writer,
                    first,
                    BUSY_ERROR if initialize else f"{TOKEN_ERROR} {auth.token_location}",
                )
                return
            async with session_lock:
                await handle_connection(
                    _prepend(initialize, reader), MessageWriter(writer.write), True
                )
        finally:
            writer.close()

    server = await asyncio.start_server(on_connect, loopback_address(host), port)
    print_line(f"listening on {host}:{server.sockets[0].getsockname()[1]}")
    print_line(
        f"clients present the token as initializationOptions.token; it is in {auth.token_location}"
    )
    await server.serve_forever()
    return 0


async def _prepend(initialize: bytes, reader: asyncio.StreamReader) -> Messages:
    yield initialize
    async for message in read_messages(reader):
        yield message


async def _reject(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes, reason: str
) -> None:
    """Answer a client with `reason`, if it has sent a message."""
    print_once(BUSY_NOTICE if reason is BUSY_ERROR else UNAUTHENTICATED_NOTICE)
    if not first:
        return
    ident = None
    with suppress(ValueError, AttributeError, RecursionError):
        ident = json.loads(first).get("id")
    # RequestFailed: the request was valid, but is not executed.
    error = {"code": -32803, "message": f"foretype: {reason}"}
    body = json.dumps({"jsonrpc": "2.0", "id": ident, "error": error}).encode()
    with suppress(OSError, TimeoutError):  # the client may be gone by now
        async with asyncio.timeout(1):
            writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            writer.write_eof()
            # The system discards the answer if the client's bytes stay unread.
            while await reader.read(READ_SIZE):
                pass


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
    print_line(f"the server listens on this machine only: give 127.0.0.1 or localhost, not {host}.")
    raise SystemExit(2)


def print_line(line: str) -> None:
    """Print a line for the user who started the server."""
    streams.write_line(f"foretype: {line}")


@functools.cache
def print_once(line: str) -> None:
    """Print a line once at most: rejected clients are many."""
    print_line(line)
