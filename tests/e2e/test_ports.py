"""Serving on a port: one client at a time, this machine only, and no web pages."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from .client import SERVE, Client, environment, scripted

URI = "file:///a.txt"


def connected(port: int) -> tuple[socket.socket, Client]:
    connection = socket.create_connection(("127.0.0.1", port))
    return connection, Client(connection.makefile("wb"), connection.makefile("rb"))


def test_a_second_client_is_turned_away_and_the_first_goes_on(port: int, client: Client) -> None:
    client.initialize(scripted("hello world"))
    client.open(URI, "hello ")
    second, other = connected(port)
    with second:
        other.wait_for_the_end()
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"


def test_a_client_that_just_leaves_makes_room_for_the_next(port: int) -> None:
    connection, client = connected(port)
    with connection:
        client.initialize(scripted("hello world"))
        connection.shutdown(socket.SHUT_WR)
        client.wait_for_the_end()
    connection, client = connected(port)
    with connection:
        client.initialize(scripted("hello moon"))
        client.open(URI, "hello ")
        assert client.ghost(URI, 0, 6)[0]["insertText"] == "moon"
        client.shut_down()
        client.wait_for_the_end()


def test_a_browser_is_cut_off(port: int) -> None:
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
    headers = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(message)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall((headers + message).encode())
        assert connection.recv(1) == b""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [*SERVE, "--ws", "localhost:0"]
    home = tmp_path_factory.mktemp("home")
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment(home, {})) as process:
        assert process.stderr
        listening = re.search(r"ws://localhost:\d+", process.stderr.readline().decode())
        assert listening
        yield listening[0]
        process.kill()


def asked(connection: ClientConnection, ident: int, method: str, params: object) -> dict[str, object]:
    connection.send(json.dumps({"jsonrpc": "2.0", "id": ident, "method": method, "params": params}))
    while (answer := json.loads(connection.recv())).get("id") != ident:
        pass
    return answer["result"]


def test_a_websocket_takes_documents_of_any_size(url: str) -> None:
    with connect(url, origin="http://localhost:3000", max_size=None) as connection:
        asked(connection, 1, "initialize", {"capabilities": {}, "initializationOptions": scripted("hello world")})
        document = {"uri": URI, "languageId": "plaintext", "version": 1, "text": "x\n" * 1_000_000 + "hello "}
        opened = {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}}
        connection.send(json.dumps(opened))
        at = {"textDocument": {"uri": URI}, "position": {"line": 1_000_000, "character": 6}}
        answer = asked(connection, 2, "textDocument/inlineCompletion", {**at, "context": {"triggerKind": 1}})
        assert answer["items"][0]["insertText"] == "world"


def test_web_pages_from_elsewhere_are_kept_out(url: str) -> None:
    for origin in ("https://example.com", "http://localhost.example.com"):
        with pytest.raises(InvalidStatus, match="403"):
            connect(url, origin=origin)


@pytest.mark.parametrize("option", ["--tcp", "--ws"])
@pytest.mark.parametrize("address", ["0.0.0.0:9257", "example.com:9257", "[::]:9257"])
def test_no_address_beyond_this_machine(tmp_path: Path, option: str, address: str) -> None:
    done = subprocess.run([*SERVE, option, address], capture_output=True, env=environment(tmp_path, {}), check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert b"this machine" in done.stderr


def test_a_port_that_is_taken_is_one_line(tmp_path: Path, port: int) -> None:
    command = [*SERVE, "--tcp", f"127.0.0.1:{port}"]
    done = subprocess.run(command, capture_output=True, env=environment(tmp_path, {}), check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
