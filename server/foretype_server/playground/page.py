"""The page of ``foretype playground``: its files and its WebSocket connections, on one port.

A client of the page can make the server read any file of the user, so the address contains a
secret token. Pages of other sites are refused by their ``Origin``, and by the ``Host`` that they
ask for (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from foretype_model.errors import ForetypeError
from foretype_server.lsp import transport, websocket
from foretype_server.lsp.admission import BACKLOG, listen

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

HOST: Final = "127.0.0.1"
WEBSOCKET_PATH: Final = "lsp"
INITIAL_STATE_FILE: Final = "beginning.json"
"""The name, below the page's address, of the options that the page starts with."""

CONTENT_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
PLAIN_TEXT: Final = "text/plain"

NOT_FOUND_MESSAGE: Final = (
    "This page does not exist. Open the address that foretype playground has printed.\n"
)
FORBIDDEN_MESSAGE: Final = "Open this page at the address that foretype playground has printed.\n"


class PageError(ForetypeError):
    """The page cannot be served."""


@dataclass(frozen=True)
class InitialState:
    """The options that the page starts with.

    Attributes:
        text: the text in the editor; None for the page's own welcome.
        name: the name shown for the text.
        uri: the document's URI, which decides its model.
        settings: sent to the server, in addition to those that the page's controls set.
    """

    text: str | None = None
    name: str = ""
    uri: str = "untitled:playground"
    settings: Mapping[str, Any] = field(default_factory=dict)


class Page:
    """The files that are served, and the check of each request."""

    def __init__(self, folder: Path, initial_state: InitialState) -> None:
        """Read the files.

        Raises:
            PageError: `folder` does not contain the page.
        """
        try:
            self._files = {
                path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()
            }
            self._files[""] = self._files["index.html"]
        except (OSError, KeyError) as error:
            raise PageError(
                "this installation lacks the page of the playground; install foretype again"
            ) from error
        self.token, self._nonce = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        # The editor's script inserts a style sheet, which the policy allows by this nonce.
        self._files[INITIAL_STATE_FILE] = json.dumps(
            {**asdict(initial_state), "nonce": self._nonce}
        ).encode()

    def url(self, port: int) -> str:
        """Return the address of the page."""
        return f"http://{HOST}:{port}/{self.token}/"

    def respond(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a request for a file; return None to accept a WebSocket."""
        port = connection.local_address[1]
        if request.headers.get_all("Host") not in ([f"{HOST}:{port}"], [f"localhost:{port}"]):
            return self._response(port, HTTPStatus.FORBIDDEN, FORBIDDEN_MESSAGE.encode())
        token, _, name = request.path.partition("?")[0].removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return self._response(port, HTTPStatus.NOT_FOUND, NOT_FOUND_MESSAGE.encode())
        if name == WEBSOCKET_PATH and "Upgrade" in request.headers:
            return None
        if name not in self._files:
            return self._response(port, HTTPStatus.NOT_FOUND, NOT_FOUND_MESSAGE.encode())
        content_type = CONTENT_TYPES.get(Path(name or "index.html").suffix, PLAIN_TEXT)
        return self._response(port, HTTPStatus.OK, self._files[name], content_type)

    def _response(
        self, port: int, status: HTTPStatus, body: bytes, content_type: str = PLAIN_TEXT
    ) -> Response:
        from websockets.datastructures import Headers  # noqa: PLC0415 (as in websocket)
        from websockets.http11 import Response  # noqa: PLC0415

        policy = {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": f"'self' 'nonce-{self._nonce}'",
            "img-src": "'self'",
            # In older browsers, "self" does not include WebSockets.
            "connect-src": f"'self' ws://{HOST}:{port} ws://localhost:{port}",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        headers = {
            "Content-Type": f"{content_type}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": "; ".join(map(" ".join, policy.items())),
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Connection": "close",
        }
        return Response(status.value, status.phrase, Headers(headers), body)


async def serve(
    handle_connection: transport.ConnectionHandler,
    page: Page,
    port: int,
    on_ready: Callable[[str], None],
) -> None:
    """Serve the page, and a language server for each open copy, until a signal ends the program.

    Args:
        handle_connection: serves one WebSocket connection.
        page: the files.
        port: 0 for a free one.
        on_ready: called with the address.

    Raises:
        PageError: the port cannot be opened.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = [signal.SIGINT, signal.SIGTERM]
    # nohup ignores SIGHUP, and so must the server.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    for number in signals:
        with suppress(NotImplementedError):  # on Windows, Ctrl-C raises KeyboardInterrupt instead
            loop.add_signal_handler(number, ended.set)
    async with await _listen(handle_connection, page, port) as server:
        on_ready(page.url(next(iter(server.sockets)).getsockname()[1]))
        await ended.wait()


async def _listen(handle_connection: transport.ConnectionHandler, page: Page, port: int) -> Server:
    from websockets.asyncio.server import serve as serve_websockets  # noqa: PLC0415 (60 ms)

    async def on_connect(connection: ServerConnection) -> None:
        await websocket.handle_websocket(handle_connection, connection)

    def respond(connection: ServerConnection, request: Request) -> Response | None:
        response = page.respond(connection, request)
        if response is None:
            listening.admit(connection.remote_address)
        return response

    try:
        listening = listen(HOST, port, page.token)
    except OSError as error:
        raise PageError(
            f"port {port} cannot be opened ({error.strerror}): leave out --port to use a free one"
        ) from error
    return await serve_websockets(
        on_connect, sock=listening, backlog=BACKLOG, max_size=None,
        origins=[websocket.LOOPBACK_ORIGIN], process_request=respond,
        logger=websocket.silent_logger(),
    )  # fmt: skip
