"""Conversations with clients, over stdin and stdout, TCP or WebSockets, to their end."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from foretype_server import logs
from foretype_server.lsp import shutdown, transport
from foretype_server.lsp.handlers import create_server
from foretype_server.lsp.protocol import ForetypeProtocol


async def handle_connection(
    messages: transport.Messages, writer: transport.MessageWriter, headers: bool
) -> int:
    """Hold one conversation to its end; return its exit status, which is 0 after a regular
    shutdown.
    """
    server = create_server()
    server.protocol.prepare()
    server.protocol.set_writer(writer, headers)
    with server.exit_stack:
        reading = asyncio.ensure_future(_read(server.protocol, messages))
        server.exit_stack.callback(reading.cancel)
        return await server.protocol.exit_status


async def _read(protocol: ForetypeProtocol, messages: transport.Messages) -> None:
    async for message in messages:
        protocol.receive(message)
        # Async handlers begin at this await, and take their snapshots before the next message.
        await asyncio.sleep(0)
    protocol.end()


def serve_stdio(*, log_text: bool = False) -> NoReturn:
    """Serve the editor that started this process, on stdin and stdout. Exit with the status that
    the protocol prescribes.
    """
    logs.configure(with_text=log_text)
    shutdown.run(transport.stdio(handle_connection))


def serve_tcp(host: str, port: int, *, log_text: bool = False) -> NoReturn:
    """Serve on a TCP port of this machine, one client after another, until interrupted."""
    from foretype_server.lsp import tcp  # noqa: PLC0415 (stdio, which editors use, needs none)
    from foretype_server.lsp.auth import load_token_auth  # noqa: PLC0415

    logs.configure(with_text=log_text)
    shutdown.run(tcp.tcp(handle_connection, load_token_auth(), host, port))


def serve_ws(host: str, port: int, *, log_text: bool = False) -> NoReturn:
    """Serve WebSockets on a port of this machine, one client after another, until interrupted."""
    from foretype_server.lsp import websocket  # noqa: PLC0415
    from foretype_server.lsp.auth import load_token_auth  # noqa: PLC0415

    logs.configure(with_text=log_text)
    shutdown.run(websocket.websocket(handle_connection, load_token_auth(), host, port))
