"""Standard streams as launchers hand them over: without blocking, unread, or closed."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .client import (
    SERVE,
    TIMEOUT,
    Client,
    change,
    command,
    environment,
    insertion,
    scripted_settings,
    server,
)

URI = "file:///a.txt"
PIPE_BYTES = 65_536
"""Bytes that a pipe holds."""

STATUS = {"method": "workspace/executeCommand", "params": {"command": "foretype.status"}}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="descriptors of POSIX")


@contextmanager
def without_blocking(home: Path) -> Iterator[Client]:
    """Run a server whose standard input and output do not block, as wrappers in Node make them."""
    stdin, to_server = os.pipe()
    from_server, stdout = os.pipe()
    for descriptor in (stdin, stdout):
        os.set_blocking(descriptor, False)
    with subprocess.Popen(SERVE, stdin=stdin, stdout=stdout, env=environment(home, {})) as process:
        os.close(stdin)
        os.close(stdout)
        client = Client(os.fdopen(to_server, "wb"), os.fdopen(from_server, "rb"))
        yield client
        client.shut_down()
        assert process.wait(TIMEOUT) == 0


def test_streams_without_blocking_are_served(tmp_path: Path) -> None:
    """With O_NONBLOCK on both streams, a session is served to its end."""
    with without_blocking(tmp_path) as client:
        client.initialize(scripted_settings("hello world"))
        client.open(URI, "hello ")
        time.sleep(0.5)  # a read finds nothing
        assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"


def test_full_pipe_loses_no_answer(tmp_path: Path) -> None:
    """If the client is slow to read, with O_NONBLOCK, no answer is lost or cut."""
    text = "x" * PIPE_BYTES
    with without_blocking(tmp_path) as client:
        client.initialize(scripted_settings("hello world"))
        with client.paused():
            item = {"label": "x", "data": text}
            idents = [client.send_request("completionItem/resolve", item) for _ in range(40)]
            time.sleep(1)
        assert [client.result(ident)["data"] for ident in idents] == [text] * 40


@pytest.mark.parametrize("options", [[], ["--log-text"]])
def test_unread_stderr_stops_nothing(tmp_path: Path, options: list[str]) -> None:
    """If nobody reads standard error, the server goes on, however much it would log."""
    with server(tmp_path, [*SERVE, *options]) as (client, _):
        client.initialize(scripted_settings("hello world"))
        for version in range(800):
            client.send(change("file:///unopened", version, insertion(0, 0, "x" * 200)))
        client.open(URI, "hello ")
        assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"


def test_log_of_many_changes_is_short(tmp_path: Path) -> None:
    """Records that repeat are counted, and the count is logged at the end."""
    with server(tmp_path) as (client, process):
        client.initialize(scripted_settings())
        for version in range(800):
            client.send(change("file:///unopened", version, insertion(0, 0, "x")))
        client.shut_down()
        assert process.stderr
        lines = process.stderr.read().decode().splitlines()
    assert len(lines) == 11
    assert "790 more" in lines[-1]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-", "2>&- <&-"])
@pytest.mark.parametrize(
    "arguments", [("serve",), ("serve", "--stdio"), ("complete", "-:1:1"), ("complete", "-")]
)
def test_closed_streams_are_one_line(tmp_path: Path, arguments: list[str], closed: str) -> None:
    """With a closed standard input or output, a command that needs it fails with one line."""
    closing = command(tmp_path, *arguments)
    closing["args"] = ["sh", "-c", f'exec "$@" {closed}', "sh", *closing["args"]]
    ran = subprocess.run(**closing, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
    assert ran.returncode in {1, 2}
    lines = ran.stderr.splitlines()
    if "2>&-" in closed:
        assert lines == []
    else:
        assert [line.startswith("foretype: ") for line in lines] == [True]


@pytest.mark.parametrize("arguments", [("models", "list", "--json"), ("--version",)])
def test_closed_stdin_is_no_matter(tmp_path: Path, arguments: list[str]) -> None:
    """A command that reads nothing works with a closed standard input."""
    closing = command(tmp_path, *arguments)
    closing["args"] = ["sh", "-c", 'exec "$@" <&-', "sh", *closing["args"]]
    ran = subprocess.run(**closing, capture_output=True, timeout=TIMEOUT, check=False)
    assert ran.returncode == 0
    assert ran.stdout
    assert not ran.stderr


def test_write_only_stdin_ends_the_server(tmp_path: Path) -> None:
    """A standard input that cannot be read ends the server with one line."""
    closing = command(tmp_path, "serve")
    closing["args"] = ["sh", "-c", 'exec "$@" 0>/dev/null', "sh", *closing["args"]]
    ran = subprocess.run(**closing, capture_output=True, timeout=TIMEOUT, check=False)
    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    assert "standard input cannot be read" in line
