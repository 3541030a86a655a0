"""The transport over TCP, on the loopback address, for clients that present the token."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from foretype_server.lsp.admission import BACKLOG, listen
from foretype_server.lsp.transport import (
    AUTH_TIMEOUT,
    BUSY_NOTICE,
    READ_SIZE,
    UNAUTHENTICATED_NOTICE,
    ConnectionHandler,
    Messages,
    MessageWriter,
    loopback_address,
    print_line,
    print_once,
    read_headers,
    read_messages,
)

if TYPE_CHECKING:
    from foretype_server.lsp.auth import TokenAuth

MAX_UNAUTHENTICATED_BYTES: Final = 1_000_000
"""Bytes of the message with the token at most."""

BUSY_ERROR: Final = (
    "another client is connected, and a server has one at a time: end that one, or start another "
    "server"
)
TOKEN_ERROR: Final = (
    "the right token is missing: set initializationOptions.token; on the server's machine it is in"
)


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
            listening.admit(writer.get_extra_info("peername"))
            async with session_lock:
                await handle_connection(
                    _prepend(initialize, reader), MessageWriter(writer.write), True
                )
        finally:
            writer.close()

    listening = listen(loopback_address(host), port, auth.token)
    server = await asyncio.start_server(on_connect, sock=listening, backlog=BACKLOG)
    print_line(f"listening on {host}:{server.sockets[0].getsockname()[1]}")
    print_line(
        f"clients present the token as initializationOptions.token; it is in {auth.token_location}"
    )
    await server.serve_forever()
    return 0


async def _read_first_message(reader: asyncio.StreamReader) -> bytes:
    """Return the first message of an unauthenticated client; empty if it is late, too long or
    missing.
    """
    with suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        async with asyncio.timeout(AUTH_TIMEOUT):
            length = await read_headers(reader)
            if length and length <= MAX_UNAUTHENTICATED_BYTES:
                return await reader.readexactly(length)
    return b""


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
