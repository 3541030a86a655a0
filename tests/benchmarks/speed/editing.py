"""The latency and memory of a real server with the default model, in documents of any size."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.client import Client, change, server

from foretype_server.settings import Settings

from .clock import quantile, table

READ_TIMEOUT = 600.0
"""Seconds until a text must have been read in the background."""

IDLE_HALF_SECONDS = 3
"""Half seconds without work after which the server counts as idle."""

KEYS = 60
TYPED_TEXT = (
    "and so the people of this town went on with what they had been doing before the news came"
)


class TimedDocument:
    """A document in an editor, with the time of each answer."""

    def __init__(self, client: Client, name: str, text: str) -> None:
        self.client, self.uri, self.lines, self.version = (
            client,
            f"file:///{name}",
            text.split("\n"),
            1,
        )
        client.open(self.uri, text)

    def time_ghost_text(self, line: int, character: int) -> float:
        """Return the seconds until the answer to a request for ghost text."""
        began = time.perf_counter()
        self.client.ghost(self.uri, line, character)
        return time.perf_counter() - began

    def replace(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        """Replace the text between two positions."""
        self.version += 1
        where = {"start": _position(start), "end": _position(end)}
        self.client.send(change(self.uri, self.version, {"range": where, "text": text}))

    def type(self, line: int, character: int, text: str = TYPED_TEXT[:KEYS]) -> list[float]:
        """Type a text; return the seconds until the answer after each key."""
        took = []
        for i, key in enumerate(text):
            self.replace((line, character + i), (line, character + i), key)
            took.append(self.time_ghost_text(line, character + i + 1))
        return took

    def burst(self, draw: random.Random, text: str, pace: float = 0.0) -> list[float]:
        """Type at a random place, `pace` seconds a key, and undo it nine times of ten; return the
        seconds after each key.
        """
        line = draw.randrange(len(self.lines))
        old = self.lines[line]
        column = draw.randrange(len(old) + 1)
        took, due = list[float](), time.perf_counter()
        for i, key in enumerate(text):
            time.sleep(max(0.0, due - time.perf_counter()))
            due = time.perf_counter() + pace
            took += self.type(line, column + i, key)
        if draw.random() < 0.9:
            self.replace((line, column), (line, column + len(text)), "")
        else:
            self.lines[line] = old[:column] + text + old[column:]
        return took

    def close(self) -> None:
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})


class ServerProcess:
    """The server process, as the system reports it."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    @property
    def memory(self) -> float:
        """Return the resident memory in MB."""
        lines = (self._folder / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    @property
    def seconds(self) -> float:
        """Return the processor time so far in seconds."""
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def wait_until_idle(self) -> float:
        """Wait until the server is idle; return the seconds until then."""
        began, quiet = time.perf_counter(), 0
        while quiet < IDLE_HALF_SECONDS and time.perf_counter() - began < READ_TIMEOUT:
            before = self.seconds
            time.sleep(0.5)
            quiet = quiet + 1 if self.seconds - before < 0.03 else 0
        return time.perf_counter() - began - 0.5 * quiet


def _position(where: tuple[int, int]) -> dict[str, int]:
    return {"line": where[0], "character": where[1]}


@contextmanager
def run_server() -> Iterator[tuple[Client, ServerProcess]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder) / "home", status=None) as (client, process),
    ):
        client.initialize({"maxSearchTime": Settings().max_search_time})
        warming = TimedDocument(client, "warm", "It was the best of ")
        warming.time_ghost_text(0, 19)
        yield client, ServerProcess(process.pid)


def prose(size: int, seed: int = 0) -> str:
    """Return about `size` characters of random English words, which no model has read."""
    draw = random.Random(seed)
    words = sorted(
        set(TYPED_TEXT.split())
        | {"house", "river", "morning", "question", "between", "carried", "nothing", "along"}
    )
    lines: list[str] = []
    while sum(map(len, lines[-1:])) >= 0 and size > 0:
        line = " ".join(draw.choices(words, k=12))
        lines.append(line)
        size -= len(line) + 1
    return "\n".join(lines)


def _row(situation: str, took: list[float], process: ServerProcess) -> tuple[str, ...]:
    milliseconds = [1000 * seconds for seconds in took]
    return (
        situation,
        f"{quantile(milliseconds, 0.5):.0f}",
        f"{quantile(milliseconds, 0.99):.0f}",
        f"{process.memory:.0f}",
    )


HEADER = ("situation", "p50", "p99", "MB resident")


def cold() -> None:
    """Time the first answer in a document of 100 kB that has just been opened."""
    rows: list[tuple[Any, ...]] = []
    with run_server() as (client, process):
        for i in range(5):
            document = TimedDocument(client, f"cold{i}", prose(100_000, i))
            first = document.time_ghost_text(len(document.lines) - 1, len(document.lines[-1]))
            rows.append(
                (
                    f"{1000 * first:.0f} ms",
                    f"{process.wait_until_idle():.1f} s",
                    f"{process.memory:.0f}",
                )
            )
            document.close()
    table(
        "100 kB opened: the first answer, time until all is read, MB resident",
        ("first", "exact after", "MB"),
        rows,
    )


def long_documents() -> None:
    """Type in ten megabytes with many lines, and in one megabyte without a line break."""
    for name, text in (
        ("9.8 MB", prose(9_800_000)),
        ("1 MB in one line", prose(1_000_000).replace("\n", " ")),
    ):
        with run_server() as (client, process):
            table(
                f"Typing in {name}: ghost text after a key, ms",
                HEADER,
                list(_edits(client, process, text)),
            )


def _edits(client: Client, process: ServerProcess, text: str) -> Iterator[tuple[str, ...]]:
    document = TimedDocument(client, "long", text)
    last, middle = len(document.lines) - 1, len(document.lines) // 2
    end, half = len(document.lines[-1]), len(document.lines[middle]) // 2
    yield _row("the first", [document.time_ghost_text(last, end)], process)
    yield _row("at the end", document.type(last, end), process)
    yield _row("in the middle", document.type(middle, half), process)
    yield _row("at the top", document.type(0, 0), process)
    pasted = prose(100_000, 7)
    document.replace((middle, half), (middle, half), pasted)
    below = (
        middle + pasted.count("\n"),
        len(pasted.rpartition("\n")[2]) + (0 if "\n" in pasted else half),
    )
    yield _row(
        "100 kB pasted, then typing",
        [document.time_ghost_text(*below), *document.type(*below)],
        process,
    )
    document.replace((middle, half), (below[0], below[1] + KEYS), "")
    yield _row(
        "that undone, then typing",
        [document.time_ghost_text(middle, half), *document.type(middle, half)],
        process,
    )
    draw = random.Random(1)
    places = [
        (line, draw.randrange(len(document.lines[line]) + 1))
        for line in draw.choices(range(last + 1), k=40)
    ]
    yield _row("jumping about", [document.time_ghost_text(*place) for place in places], process)
    yield _row("all replaced", [_replaced(document, text.replace("river", "brook"), last)], process)


def _replaced(document: TimedDocument, text: str, last: int) -> float:
    document.version += 1
    document.client.send(change(document.uri, document.version, {"text": text}))
    return document.time_ghost_text(last, len(text.rpartition("\n")[2]))


def many_documents() -> None:
    """Open two hundred documents of 20 kB and request ghost text once in each."""
    with run_server() as (client, process):
        before = process.memory
        documents = [TimedDocument(client, f"many{i}", prose(20_000, i)) for i in range(200)]
        first = [one.time_ghost_text(len(one.lines) - 1, len(one.lines[-1])) for one in documents]
        rows = [_row("the first answer in each", first, process)]
        read = process.wait_until_idle()
        again = [
            one.time_ghost_text(len(one.lines) - 1, len(one.lines[-1])) for one in documents[::7]
        ]
        rows.append(_row("coming back to one", again, process))
        process.wait_until_idle()
        idle = process.seconds
        time.sleep(10)
        idle = process.seconds - idle
        table(
            f"200 documents of 20 kB ({before:.0f} MB before, all read {read:.0f} s later)",
            HEADER,
            rows,
        )
        print(f"\nIdle with all of them open: {idle:.2f} s of processor in 10 s.")


def typed_through() -> None:
    """Type the shown ghost text key by key, then other text."""
    text = (
        "It was the best of times, it was the worst of times. It was the best of times, it was "
        "the worst of "
    )
    with run_server() as (client, process):
        document = TimedDocument(client, "through", text)
        document.time_ghost_text(0, len(text))
        rows = [
            _row(
                "typing the shown text",
                document.type(0, len(text), "times. It was the best of times, it was the worst"),
                process,
            ),
            _row(
                "typing other text",
                document.type(0, len(text) + 49, " zebra and quite another mood, so strange"),
                process,
            ),
        ]
        table("Ghost text after a key, ms", HEADER, rows)
