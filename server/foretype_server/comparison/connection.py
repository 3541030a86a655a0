"""The client's end of a language server's standard streams: JSON-RPC messages in both directions.

pygls has a client, but it is no measure of another server: it turns 1,000 completion items into
objects in 80 ms (json takes 2), refuses an answer that lacks a required member, and lets a server
hang that writes 1 MB to standard error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from queue import SimpleQueue
from threading import Lock, Thread
from typing import IO, Any, Final

Message = dict[str, Any]

MAX_LINE_BYTES: Final = 65536
"""Bytes of a header line at most: other output of a server may have no line end."""

MAX_MESSAGE_BYTES: Final = 1_000_000_000
"""Bytes of a message at most; a larger length is an error in the header."""

METHOD_NOT_FOUND: Final = -32601


class ConnectionClosedError(Exception):
    """The server has closed its side, or its output is not the protocol."""


class ErrorAnswer(Exception):
    """The server has answered a request with an error."""


class UnknownMethodError(Exception):
    """The client does not know a method that the server requests."""


class Connection:
    """A connection. A thread writes, and another one reads: neither a server that does not read nor
    one that does not answer holds up the caller for longer than its timeout.
    """

    def __init__(
        self,
        to_server: IO[bytes],
        from_server: IO[bytes],
        answer: Callable[[str, Any], Any],
        notice: Callable[[str, Any], None],
    ) -> None:
        """Start the threads.

        `answer` returns the result of a server's request, from its method and parameters, or raises
        UnknownMethodError; `notice` gets its notifications. Both run on the reading thread.
        """
        self._to_server, self._from_server = to_server, from_server
        self._answer, self._notice = answer, notice
        self._ids = count(1)
        self._outgoing: SimpleQueue[bytes | None] = SimpleQueue()
        self._pending: dict[int, Future[Message]] = {}
        self._lock, self._closed = Lock(), False
        for work in (self._write, self._read):
            Thread(target=work, daemon=True).start()

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any, timeout: float) -> Any:
        """Return the result of a request.

        Raises:
            TimeoutError: there was no answer within `timeout` seconds; the request is cancelled.
            ErrorAnswer: the answer is an error.
            ConnectionClosedError: the server has closed its side.
        """
        ident, waiting = next(self._ids), Future[Message]()
        with self._lock:
            if self._closed:
                raise ConnectionClosedError
            self._pending[ident] = waiting
        self._send({"id": ident, "method": method, "params": params})
        try:
            answer = waiting.result(timeout)
        except TimeoutError:
            self._pending.pop(ident, None)
            self.notify("$/cancelRequest", {"id": ident})
            raise
        if "error" in answer:
            raise ErrorAnswer(str(answer["error"]))
        return answer.get("result")

    def close(self) -> None:
        """End the writing thread; the reading one ends with the server."""
        self._outgoing.put(None)

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._outgoing.put(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def _write(self) -> None:
        with suppress(OSError, ValueError):  # the server, or our end, is closed
            while (data := self._outgoing.get()) is not None:
                self._to_server.write(data)
                self._to_server.flush()

    def _read(self) -> None:
        try:
            while (message := read_message(self._from_server)) is not None:
                self._receive(message)
        except (OSError, RecursionError, ValueError):
            pass  # to the caller, a server that no longer speaks the protocol is gone
        finally:
            with self._lock:
                self._closed = True
            for waiting in list(self._pending.values()):
                waiting.set_exception(ConnectionClosedError())

    def _receive(self, message: Message) -> None:
        method, ident = message.get("method"), message.get("id")
        if isinstance(method, str):
            if "id" in message:
                self._send({"id": ident, **self._result(method, message.get("params"))})
            else:
                self._notice(method, message.get("params"))
        elif isinstance(ident, int) and (waiting := self._pending.pop(ident, None)):
            waiting.set_result(message)

    def _result(self, method: str, params: Any) -> Message:
        try:
            return {"result": self._answer(method, params)}
        except UnknownMethodError:
            error = {"code": METHOD_NOT_FOUND, "message": f"{method} is not supported"}
            return {"error": error}


def read_message(stream: IO[bytes]) -> Message | None:
    """Return the next message, or None at the end of the stream.

    Lines before a header are skipped, as some servers print there.

    Raises:
        ValueError: the message is not JSON, not an object, or too long.
    """
    length = None
    while (line := stream.readline(MAX_LINE_BYTES)) and (length is None or line.strip()):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    if length is None or not line:
        return None
    if not 0 <= length <= MAX_MESSAGE_BYTES:
        raise ValueError(f"a message of {length} bytes")
    message = json.loads(stream.read(length))
    if not isinstance(message, dict):
        raise ValueError("the message is no object")  # noqa: TRY004 (not the caller's mistake)
    return message
