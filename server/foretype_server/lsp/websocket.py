"""The transport over WebSockets, on the loopback address, for clients that present the token."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from foretype_server.lsp.admission import BACKLOG, listen
from foretype_server.lsp.transport import (
    AUTH_TIMEOUT,
    BUSY_NOTICE,
    UNAUTHENTICATED_NOTICE,
    ConnectionHandler,
    Messages,
    MessageWriter,
    loopback_address,
    print_line,
    print_once,
)

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

    from foretype_server.lsp.auth import TokenAuth

LOOPBACK_ORIGIN: Final = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
"""The origins of web pages that this machine serves."""

TRY_AGAIN_LATER: Final = 1013
"""The WebSocket status of a busy server (IANA registry of close codes)."""


async def websocket(
    handle_connection: ConnectionHandler, auth: TokenAuth, host: str, port: int
) -> int:
    """Hold one conversation after the other over WebSockets, forever. Reject web pages of other
    origins, which a browser on this machine may run.
    """
    from websockets.asyncio.server import serve  # noqa: PLC0415 (only here, and 60 ms)

    session_lock = asyncio.Lock()

    async def on_connect(connection: ServerConnection) -> None:
        if session_lock.locked():
            print_once(BUSY_NOTICE)
            await connection.close(TRY_AGAIN_LATER, "one client at a time")
            return
        async with session_lock:
            await handle_websocket(handle_connection, connection)

    def authenticate(connection: ServerConnection, request: Request) -> Response | None:
        rejection = _authenticate(auth, host, connection, request)
        if rejection is None:
            listening.admit(connection.remote_address)
        return rejection

    listening = listen(loopback_address(host), port, auth.token)
    server = await serve(
        on_connect, sock=listening, backlog=BACKLOG, max_size=None,
        origins=[None, LOOPBACK_ORIGIN], process_request=authenticate,
        open_timeout=AUTH_TIMEOUT, logger=silent_logger(),
    )  # fmt: skip
    address = f"ws://{host}:{next(iter(server.sockets)).getsockname()[1]}"
    print_line(f"listening on {address}")
    # The output of other programs may be logged.
    token = auth.token if sys.stderr.isatty() else "..."
    print_line(
        f"clients connect to {address}/?token={token}; the token is in {auth.token_location}"
    )
    await server.serve_forever()
    return 0


def _authenticate(
    auth: TokenAuth, host: str, connection: ServerConnection, request: Request
) -> Response | None:
    """Return the rejection of a request without the token; None if it has that."""
    token = parse_qs(urlsplit(request.path).query).get("token", [""])[0]
    if auth.matches(token):
        return None
    print_once(UNAUTHENTICATED_NOTICE)
    advice = (
        f"connect to ws://{host}:{connection.local_address[1]}/?token=..., with the token in "
        f"{auth.token_location}"
    )
    return connection.respond(
        HTTPStatus.UNAUTHORIZED, f"foretype: the right token is missing: {advice}\n"
    )


def silent_logger() -> logging.Logger:
    """Return a logger that drops the messages of websockets, which would log each rejected client
    and the address that it requested.
    """
    silent = logging.getLogger(f"{__name__}.websockets")
    silent.disabled = True
    return silent


async def handle_websocket(
    handle_connection: ConnectionHandler, connection: ServerConnection
) -> None:
    """Hold one conversation over a WebSocket."""
    sending: set[asyncio.Task[None]] = set()
    await handle_connection(
        _receive(connection), MessageWriter(lambda data: _send(connection, data, sending)), False
    )


async def _receive(connection: ServerConnection) -> Messages:
    from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

    try:
        async for message in connection:
            yield message
    except ConnectionClosed:
        return


def _send(connection: ServerConnection, data: bytes, sending: set[asyncio.Task[None]]) -> None:
    task = asyncio.ensure_future(_send_text(connection, data.decode()))
    sending.add(task)
    task.add_done_callback(sending.discard)


async def _send_text(connection: ServerConnection, message: str) -> None:
    from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

    with suppress(ConnectionClosed):  # the end of its messages ends the conversation
        await connection.send(message)
