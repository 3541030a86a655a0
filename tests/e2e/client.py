"""A small client that speaks JSON-RPC with a real server process, or over any pair of streams."""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

FORETYPE = (sys.executable, "-m", "foretype_server")
SERVE = (str(Path(sysconfig.get_path("scripts")) / "foretype"), "serve")
TOKEN = "a token of the tests alone"
"""The token of the tests' servers on a port."""

TIMEOUT = 20.0
"""Seconds after which a test without an answer fails."""

Message = dict[str, Any]


class Client:
    """A JSON-RPC client. It stores answers by id, and notifications and requests in their order."""

    def __init__(
        self, to_server: IO[bytes], from_server: IO[bytes], token: str | None = None
    ) -> None:
        self._to, self._from, self._token = to_server, from_server, token
        self._arrived: queue.Queue[Message | None] = queue.Queue()
        self._next_id = 0
        self.configuration: Any = None
        self.configuration_answer: Message = {}
        self.has_shut_down = False
        self.answers: dict[Any, Message] = {}
        self.notifications: list[Message] = []
        self.requests: list[Message] = []
        self._may_read = threading.Event()
        self._may_read.set()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Read no further message than the next."""
        self._may_read.clear()
        try:
            yield
        finally:
            self._may_read.set()

    def send_raw(self, data: bytes) -> None:
        self._to.write(data)
        self._to.flush()

    def send(self, *messages: Message) -> None:
        """Send all messages in one write, so that the server may read them together."""
        bodies = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in messages]
        self.send_raw(
            b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)
        )

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def request(self, method: str, params: Any) -> Any:
        """Send a request; return its result, or raise RuntimeError with the error."""
        return self.result(self.send_request(method, params))

    def send_request(self, method: str, params: Any) -> int:
        """Send a request without waiting; return its id."""
        message = self.new_request(method, params)
        self.send(message)
        return message["id"]

    def new_request(self, method: str, params: Any) -> Message:
        self._next_id += 1
        return {"id": self._next_id, "method": method, "params": params}

    def result(self, ident: Any) -> Any:
        answer = self.answer(ident)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def answer(self, ident: Any) -> Message:
        while ident not in self.answers:
            self._receive()
        return self.answers.pop(ident)

    def notification(self, method: str) -> Any:
        """Return the params of the next notification of that method."""
        while True:
            for i, message in enumerate(self.notifications):
                if message["method"] == method:
                    return self.notifications.pop(i)["params"]
            self._receive()

    def next_request(self) -> Message:
        """Return the next request of the server, which waits for an answer."""
        while not self.requests:
            self._receive()
        return self.requests.pop(0)

    def warnings(self) -> list[str]:
        """Return the messages shown to the user so far."""
        self.request("workspace/executeCommand", {"command": "foretype.status"})
        return [
            m["params"]["message"]
            for m in self.notifications
            if m["method"] == "window/showMessage"
        ]

    def wait_until_closed(self) -> None:
        """Wait until the server has closed its side."""
        while self._arrived.get(timeout=TIMEOUT) is not None:
            pass

    def join(self) -> None:
        """Wait until all that the server sent is read, to the end of its side."""
        self._reader.join(TIMEOUT)

    def _receive(self) -> None:
        message = self._arrived.get(timeout=TIMEOUT)
        if message is None:
            raise EOFError("the server has closed its side")
        if "method" not in message:
            self.answers[message["id"]] = message
        elif "id" in message:
            self.requests.append(message)
        else:
            self.notifications.append(message)

    def _read(self) -> None:
        while (message := _read_message(self._from)) is not None:
            if message.get("method") == "workspace/configuration":
                self.send(
                    {
                        "id": message["id"],
                        **(self.configuration_answer or {"result": [self.configuration]}),
                    }
                )
            self._arrived.put(message)
            self._may_read.wait()
        self._arrived.put(None)

    # The usual messages of a session

    def initialize(
        self, settings: Any = None, capabilities: Message | None = None, **params: Any
    ) -> Message:
        """Initialize the session; return the server's capabilities. Unless the settings differ,
        answers are complete even on a busy machine.
        """
        if isinstance(settings, dict):
            settings = {"maxSearchTime": 10_000, **settings}
        if self._token:
            settings = {**(settings or {}), "token": self._token}
        defaults = {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities or {}}
        result = self.request(
            "initialize", {**defaults, "initializationOptions": settings, **params}
        )
        self.notify("initialized", {})
        return result["capabilities"]

    def open(self, uri: str, text: str, language: str = "plaintext") -> None:
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def ghost(self, uri: str, line: int, character: int) -> list[Message]:
        return self.request(
            "textDocument/inlineCompletion", inline_completion_params(uri, line, character)
        )["items"]

    def completions(self, uri: str, line: int, character: int) -> Message:
        return self.request("textDocument/completion", position_params(uri, line, character))

    def shut_down(self) -> None:
        assert self.request("shutdown", None) is None
        self.notify("exit", None)
        self.has_shut_down = True


@contextmanager
def connected(port: int, token: str | None = TOKEN) -> Iterator[tuple[socket.socket, Client]]:
    """Connect a client to a port of this machine; end its connection even if the test fails.

    `close` would leave it open: the client's reader holds a file made of it. The server has one
    client at a time, so it would refuse those of all later tests.
    """
    with socket.create_connection(("127.0.0.1", port)) as connection:
        client = Client(connection.makefile("wb"), connection.makefile("rb"), token)
        try:
            yield connection, client
        finally:
            with suppress(OSError):  # the server has ended it
                connection.shutdown(socket.SHUT_WR)
            client.join()


def eventually(condition: Callable[[], bool]) -> bool:
    """Return whether the condition becomes true within `TIMEOUT` seconds."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def position_params(uri: str, line: int, character: int) -> Message:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}


def inline_completion_params(uri: str, line: int, character: int) -> Message:
    return {**position_params(uri, line, character), "context": {"triggerKind": 2}}


def change(uri: str, version: int, *changes: Message) -> Message:
    params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)}
    return {"method": "textDocument/didChange", "params": params}


def insertion(line: int, character: int, text: str) -> Message:
    place = {"line": line, "character": character}
    return {"range": {"start": place, "end": place}, "text": text}


def scripted_settings(*texts: str, **settings: Any) -> Message:
    """Return settings for a server that completes with `texts` and needs no model."""
    return {"predictors": {"scripted": {"texts": list(texts)}}, **settings}


def environment(home: Path, more: dict[str, str]) -> dict[str, str]:
    """Return the environment of a server: a ``PYTHONPATH`` in `more` precedes the present one."""
    environ = {**os.environ, "FORETYPE_HOME": str(home), **more}
    if "PYTHONPATH" in more and "PYTHONPATH" in os.environ:
        environ["PYTHONPATH"] = os.pathsep.join([more["PYTHONPATH"], os.environ["PYTHONPATH"]])
    return environ


def command(home: Path, *arguments: str) -> dict[str, Any]:
    """Return arguments for `subprocess` that run ``foretype`` beside the data folder `home`."""
    environ = environment(home, {"OMP_NUM_THREADS": "1", "COLUMNS": "200"})
    return {"args": [*FORETYPE, *arguments], "cwd": home.parent, "env": environ, "text": True}


def run(
    home: Path, *arguments: str, status: int = 0, stdin: str = "", timeout: float = 100
) -> subprocess.CompletedProcess[str]:
    """Run ``foretype`` to its end, which must have the exit status `status`."""
    ran = subprocess.run(
        **command(home, *arguments), input=stdin, capture_output=True, timeout=timeout, check=False
    )
    assert ran.returncode == status, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran


@contextmanager
def server(
    home: Path,
    command: Sequence[str] = SERVE,
    status: int | None = 0,
    env: dict[str, str] | None = None,
) -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    """Run a server and its client. The server must exit with `status`; None allows any."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment(home, env or {})
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            client = Client(process.stdin, process.stdout)
            yield client, process
            if status == 0 and not client.has_shut_down:
                client.shut_down()
            if status is not None:
                assert process.wait(TIMEOUT) == status
        finally:
            process.kill()
            with suppress(BrokenPipeError):  # a killed server has left input unread
                process.stdin.close()


def _read_message(stream: IO[bytes]) -> Message | None:
    length = None
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if length is None:
        return None
    message: Message = json.loads(stream.read(length))
    return message
