"""Standard streams that are full, do not block, or are closed."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator

import pytest

from foretype_server import logs, streams
from foretype_server.streams import LineWriter

pytestmark = pytest.mark.skipif(os.name != "posix", reason="descriptors of POSIX")

LINE = "x" * 1000


@pytest.fixture(params=[True, False], ids=["blocking", "without blocking"])
def pipe(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """Return the ends of a pipe; the one to write to blocks, or not."""
    reading, writing = os.pipe()
    os.set_blocking(writing, request.param)
    yield reading, writing
    os.close(reading)


def read_all(reading: int) -> bytes:
    return b"".join(iter(lambda: os.read(reading, 65536), b""))


def test_full_stderr_waits_for_nobody(pipe: tuple[int, int]) -> None:
    """Lines that nobody reads are dropped within a bound, in no time, and counted once read."""
    reading, writing = pipe
    writer = LineWriter(writing)
    began = time.monotonic()
    for _ in range(5000):
        writer.write(LINE)
    assert time.monotonic() - began < 2
    assert writer._waiting_bytes <= streams.MAX_WAITING_BYTES
    threading.Timer(2, os.close, [writing]).start()
    lines = read_all(reading).decode().splitlines()
    (dropped,) = (line for line in lines if line != LINE)
    assert dropped == f"foretype: {5001 - len(lines)} lines were dropped: nobody read them"


def test_flush_is_bounded(pipe: tuple[int, int]) -> None:
    """The end of the program does not wait for an unread standard error."""
    reading, writing = pipe
    writer = LineWriter(writing)
    writer.write("first")
    writer.flush()
    assert os.read(reading, 100) == b"first\n"
    for _ in range(200):
        writer.write(LINE)
    began = time.monotonic()
    writer.flush()
    assert time.monotonic() - began < 2 * streams.FLUSH_TIMEOUT + 0.5
    threading.Timer(1, os.close, [writing]).start()
    read_all(reading)


def test_closed_stderr_is_survived() -> None:
    """Lines for a reader that is gone are dropped."""
    reading, writing = os.pipe()
    os.close(reading)
    writer = LineWriter(writing)
    for _ in range(3):
        writer.write(LINE)
        writer.flush()
    assert writer._waiting_bytes == 0
    os.close(writing)


def test_all_is_written_and_read(pipe: tuple[int, int]) -> None:
    """All bytes pass a pipe that is smaller, whether it blocks or not."""
    reading, writing = pipe
    os.set_blocking(reading, False)
    data = os.urandom(500_000)

    def write() -> None:
        streams.write_all(writing, data)
        os.close(writing)

    threading.Thread(target=write).start()
    found = b"".join(iter(lambda: streams.read_some(reading, 65536), b""))
    assert found == data


def test_repeated_records_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of one kind are written ten times a minute at most, then counted."""
    lines: list[str] = []
    monkeypatch.setattr(streams, "write_line", lines.append)
    handler = logs.BoundedHandler()
    handler.setFormatter(logs.RedactingFormatter())

    def emit(name: str, message: object, *arguments: object) -> None:
        record = logging.LogRecord(name, logging.ERROR, "", 1, message, arguments, None)
        handler.handle(record)

    for number in range(1000):
        emit("asyncio", f"accept failed: {number}")
        emit("foretype_server.x", "number %d", number)
    emit("foretype_server.x", "another %d", 1)
    emit("foretype_server.x", "wrong %d", "argument")
    assert len(lines) == 22
    handler.flush()
    assert sorted(lines[-2:]) == [
        "foretype: asyncio: 990 more of these messages",
        "foretype: foretype_server.x: 990 more of these messages",
    ]
    emit("foretype_server.x", "long %s", "x" * 100_000)
    assert len(lines[-1]) == logs.MAX_LINE_CHARACTERS
