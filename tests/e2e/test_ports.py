"""Serving on a port: one client at a time, this machine only, and no web pages."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from .client import (
    SERVE,
    TIMEOUT,
    TOKEN,
    Client,
    connected,
    environment,
    eventually,
    scripted_settings,
)

URI = "file:///a.txt"


def test_second_client_is_refused(port: int, client: Client) -> None:
    """A second client is refused, and the first one goes on."""
    client.initialize(scripted_settings("hello world"))
    client.open(URI, "hello ")
    with connected(port) as (_, other):
        with pytest.raises(RuntimeError, match="one at a time"):
            other.initialize()
        other.wait_until_closed()
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"


def test_next_client_follows_a_lost_one(port: int) -> None:
    """A client that disconnects makes room for the next one."""
    with connected(port) as (connection, client):
        client.initialize(scripted_settings("hello world"))
        connection.shutdown(socket.SHUT_WR)
        client.wait_until_closed()
    with connected(port) as (_, client):
        client.initialize(scripted_settings("hello moon"))
        client.open(URI, "hello ")
        assert client.ghost(URI, 0, 6)[0]["insertText"] == "moon"
        client.shut_down()
        client.wait_until_closed()


@pytest.mark.parametrize(
    "shown",
    [
        None,
        {},
        [],
        "x",
        {"token": None},
        {"token": 1},
        {"token": "\ud800 wrong"},
        {"token": TOKEN[:-1]},
    ],
)
def test_client_without_token_is_refused(port: int, shown: object) -> None:
    """A client without the token gets an error and is disconnected."""
    with connected(port, None) as (_, client):
        ident = client.new_request(
            "initialize", {"capabilities": {}, "initializationOptions": shown}
        )
        document = {"uri": URI, "languageId": "plaintext", "version": 1, "text": "x" * 200_000}
        client.send(ident, {"method": "textDocument/didOpen", "params": {"textDocument": document}})
        assert "FORETYPE_TOKEN" in client.answer(ident["id"])["error"]["message"]
        client.wait_until_closed()


@pytest.mark.parametrize(
    "message",
    [b"{}", b"[" * 900_000, b"\xff", b'{"params": {"initializationOptions": {"token": "%s"}}}'],
)
def test_only_initialize_precedes_the_token(port: int, message: bytes) -> None:
    """Before a client has presented the token, only `initialize` is read."""
    message = message.replace(b"%s", TOKEN.encode())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(message), message))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'"code": -32803' in answer


def has_ended(connection: socket.socket) -> bool:
    """Return whether the server has ended a connection: by a reset, if it left bytes unread."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_silent_clients_are_dropped(port: int) -> None:
    """Clients that send nothing are dropped, and keep no other client out."""
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    silent[0].sendall(b"Content-Length: 10\r\n")
    silent[1].sendall(b"Content-Length: 99999999999999\r\n\r\n")
    with connected(port) as (_, client):
        client.initialize(scripted_settings("hello world"))
        client.open(URI, "hello ")
        assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
        for one in silent:
            one.settimeout(TIMEOUT)
            assert has_ended(one)
            one.close()
        client.shut_down()
        client.wait_until_closed()


def test_strangers_cannot_fill_what_the_server_says(port: int) -> None:
    """As they would by a line each, where nobody reads on: a pipe takes 65,536 bytes."""
    for _ in range(1000):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"Content-Length: 2\r\n\r\n{}")
            assert connection.recv(1)
    with connected(port) as (_, client):
        client.initialize(scripted_settings())
        client.shut_down()
        client.wait_until_closed()


@contextmanager
def many_files() -> Iterator[int]:
    """Allow this process as many files as the system lets it; yield the number."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(hard, 12_000) if hard != resource.RLIM_INFINITY else 12_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    yield most
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def seconds_to_initialize(port: int, option: str) -> float:
    """Return the time from a client's connection to the answer to its `initialize`."""
    began = time.monotonic()
    if option == "--ws":
        with connect(f"ws://127.0.0.1:{port}/?{urlencode({'token': TOKEN})}") as websocket:
            send_request(websocket, 1, "initialize", {"capabilities": {}})
            return time.monotonic() - began
    with connected(port) as (_, client):
        client.initialize(scripted_settings())
        taken = time.monotonic() - began
        client.shut_down()
        client.wait_until_closed()
    return taken


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize(
    ("option", "sent"),
    [("--tcp", b""), ("--tcp", b"Content-Length: 90000\r\n"), ("--ws", b"GET / HTTP/1.1\r\n")],
)
def test_thousands_of_strangers_keep_nobody_out(tmp_path: Path, option: str, sent: bytes) -> None:
    """Beside 10,000 connections of a stranger, silent or not, and with an unread standard error, a
    client with the token is served within a second, or little more on a busy machine.
    """
    command = f'ulimit -n 1024; exec "{SERVE[0]}" serve {option} 127.0.0.1:0'
    environ = environment(tmp_path / "home", {"FORETYPE_TOKEN": TOKEN})
    with (
        many_files() as most,
        subprocess.Popen(["sh", "-c", command], stderr=subprocess.PIPE, env=environ) as process,
        ExitStack() as held,
    ):
        held.callback(process.kill)
        port = int(listening(process).rpartition(":")[2])
        seconds_to_initialize(port, option)  # loads modules
        alone = seconds_to_initialize(port, option)
        for _ in range(min(10_000, most - 500)):
            stranger = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            with suppress(OSError):  # it is disconnected already
                stranger.send(sent)
        assert seconds_to_initialize(port, option) < 1 + 10 * alone


def test_browser_is_refused(port: int) -> None:
    """A browser's request is refused."""
    message = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
    )
    headers = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(message)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall((headers + message).encode())
        assert connection.recv(1) == b""


def listening(process: subprocess.Popen[bytes]) -> str:
    """Return the address in the first line that the server prints."""
    assert process.stderr
    match = re.search(r"listening on (\S+:\d+)$", process.stderr.readline().decode().rstrip())
    assert match
    return match[1]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [*SERVE, "--ws", "localhost:0"]
    environ = environment(tmp_path_factory.mktemp("home"), {"FORETYPE_TOKEN": TOKEN})
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environ) as process:
        yield listening(process)
        process.kill()


@pytest.fixture
def url(address: str) -> str:
    return f"{address}/?{urlencode({'token': TOKEN})}"


@pytest.mark.skipif(
    os.name != "posix", reason="the browser is a shell script, and modes are for POSIX"
)
@pytest.mark.parametrize("end", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_page_address_stays_private(tmp_path: Path, end: str) -> None:
    """The secret address of the page is in no program's arguments, and in a file that only the user
    can read.
    """
    started, browser = tmp_path / "arguments", tmp_path / "browser"
    browser.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" > "{started}.new"; mv "{started}.new" "{started}"\n'
    )
    browser.chmod(0o700)
    environ = environment(tmp_path / "home", {"BROWSER": str(browser)})
    with subprocess.Popen(
        [*SERVE[:1], "playground"], stdout=subprocess.PIPE, env=environ, umask=0
    ) as process:
        assert process.stdout
        address = process.stdout.readline().decode().strip()
        assert eventually(started.exists)
        url = started.read_text().strip()
        file = Path(url.removeprefix("file://"))
        assert urlsplit(address).path.strip("/") not in url
        assert f'content="0; url={address}"' in file.read_text()
        modes = [path.stat().st_mode & 0o777 for path in (file, file.parent, tmp_path / "home")]
        assert modes == [0o600, 0o700, 0o700]
        process.send_signal(signal.Signals[end])
        assert process.wait(TIMEOUT) == 0
    assert list(file.parent.iterdir()) == []


def send_request(
    connection: ClientConnection, ident: int, method: str, params: object
) -> dict[str, object]:
    connection.send(json.dumps({"jsonrpc": "2.0", "id": ident, "method": method, "params": params}))
    while (answer := json.loads(connection.recv())).get("id") != ident:
        pass
    return answer["result"]


def test_websocket_takes_large_documents(url: str) -> None:
    """A WebSocket takes documents of any size."""
    with connect(url, origin="http://localhost:3000", max_size=None) as connection:
        send_request(
            connection,
            1,
            "initialize",
            {"capabilities": {}, "initializationOptions": scripted_settings("hello world")},
        )
        document = {
            "uri": URI,
            "languageId": "plaintext",
            "version": 1,
            "text": "x\n" * 1_000_000 + "hello ",
        }
        opened = {
            "jsonrpc": "2.0",
            "method": "textDocument/didOpen",
            "params": {"textDocument": document},
        }
        connection.send(json.dumps(opened))
        at = {"textDocument": {"uri": URI}, "position": {"line": 1_000_000, "character": 6}}
        answer = send_request(
            connection, 2, "textDocument/inlineCompletion", {**at, "context": {"triggerKind": 1}}
        )
        assert answer["items"][0]["insertText"] == "world"


def test_foreign_pages_are_refused(url: str) -> None:
    """Web pages from other origins are refused."""
    for origin in ("https://example.com", "http://localhost.example.com"):
        with pytest.raises(InvalidStatus, match="403"):
            connect(url, origin=origin)


@pytest.mark.parametrize(
    "query", ["", "/", "/?token=", "/?token=wrong", f"/?token={TOKEN[:-1].replace(' ', '+')}", "/?"]
)
def test_websocket_needs_the_token(address: str, query: str) -> None:
    """A WebSocket needs the token."""
    with pytest.raises(InvalidStatus, match="401") as refused:
        connect(address + query)
    assert b"FORETYPE_TOKEN" in (refused.value.response.body or b"")


def test_token_is_made_once(tmp_path: Path) -> None:
    """A token is made once, is readable by its user alone, and is not printed."""
    tokens = []
    for option in ("--tcp", "--ws"):
        command = [*SERVE, option, "localhost:0"]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, env=environment(tmp_path / "home", {})
        ) as process:
            where = listening(process)
            assert process.stderr
            line = process.stderr.readline().decode()
            tokens.append((tmp_path / "home" / "token").read_text().strip())
            if option == "--ws":
                with connect(f"{where}/?token={tokens[-1]}"):
                    pass
            else:
                with connected(int(where.rpartition(":")[2]), tokens[-1]) as (_, client):
                    client.initialize(scripted_settings())
                    client.shut_down()
                    client.wait_until_closed()
            process.kill()
        assert str(tmp_path / "home" / "token") in line
        assert tokens[-1] not in line
    assert len(tokens[0]) >= 32
    assert tokens[0] == tokens[1]
    assert (tmp_path / "home" / "token").stat().st_mode & 0o777 == 0o600


def test_readable_token_is_replaced(tmp_path: Path) -> None:
    """A token file that other users could read is replaced."""
    token = tmp_path / "token"
    token.write_text("x" * 40)
    token.chmod(0o644)
    with subprocess.Popen(
        [*SERVE, "--tcp", "localhost:0"], stderr=subprocess.PIPE, env=environment(tmp_path, {})
    ) as process:
        listening(process)
        process.kill()
    assert "xxx" not in token.read_text()
    assert token.stat().st_mode & 0o777 == 0o600


def test_weak_token_is_refused(tmp_path: Path) -> None:
    """A token that could be guessed is refused in one line."""
    environ = environment(tmp_path, {"FORETYPE_TOKEN": "guess"})
    done = subprocess.run(
        [*SERVE, "--ws", "localhost:0"], capture_output=True, env=environ, check=False
    )
    assert done.returncode == 1
    assert done.stderr.decode().startswith("foretype: FORETYPE_TOKEN is too short")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("option", ["--tcp", "--ws"])
@pytest.mark.parametrize("address", ["0.0.0.0:9257", "example.com:9257", "[::]:9257"])
def test_only_loopback_is_served(tmp_path: Path, option: str, address: str) -> None:
    """An address beyond this machine is refused."""
    done = subprocess.run(
        [*SERVE, option, address], capture_output=True, env=environment(tmp_path, {}), check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert b"this machine" in done.stderr


def test_busy_port_is_one_line(tmp_path: Path, port: int) -> None:
    """A port that is in use is one line of error."""
    command = [*SERVE, "--tcp", f"127.0.0.1:{port}"]
    done = subprocess.run(command, capture_output=True, env=environment(tmp_path, {}), check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
