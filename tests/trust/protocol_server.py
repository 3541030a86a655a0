"""A real server process over stdio, and clients that send invalid messages."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from tempfile import TemporaryDirectory
from typing import Final

from lsprotocol import types
from tests.e2e.client import TIMEOUT, Client, position_params, scripted_settings, server
from tests.trust.outcome import Outcome
from tests.trust.protocol_messages import (
    FILLER,
    MAKERS,
    all_variants,
    message,
    odd_bytes,
    random_bytes,
)

from foretype_server.lsp.shutdown import JOIN_TIMEOUT

GARBAGE_BYTES: Final = 10_000_000
"""Bytes of garbage, not counting fillers."""

STRETCHES: Final = 16
"""Stretches of garbage between two requests that must be answered."""

LIVES: Final = 40
FLOOD: Final = 1000
MAX_GROWTH_KILOBYTES: Final = 200_000
"""Maximum growth of a server's memory in a flood, in kilobytes."""

HANG_SECONDS: Final = 5.0
"""Seconds after which an answer counts as missing. The row also reports the slowest answer."""

EXIT_TIMEOUT: Final = JOIN_TIMEOUT + HANG_SECONDS
"""Seconds until the server must exit: it may finish the work that it has begun."""

STATUS: Final = {"command": "foretype.status"}


def outcomes(scale: float) -> Iterator[Outcome]:
    """Yield a row for each kind of invalid messages."""
    yield replaced_fields(scale)
    yield garbage(round(GARBAGE_BYTES * scale), random.Random(1))
    yield lives(max(2, round(LIVES * scale)), random.Random(2))
    yield flood(max(100, round(FLOOD * scale)))


class Heartbeats:
    """Requests that have to be answered in between."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.slowest, self.late, self.count = 0.0, 0, 0

    def beat(self) -> None:
        """Send a request. Raise EOFError or queue.Empty if no answer comes at all."""
        began = time.monotonic()
        assert "version" in self._client.request("workspace/executeCommand", STATUS)
        took = time.monotonic() - began
        self.count += 1
        self.late += took > HANG_SECONDS
        self.slowest = max(self.slowest, took)

    def summary(self) -> str:
        """Return a summary for a row's note."""
        return f"{self.count} requests in between answered, the slowest after {self.slowest:.2f} s"


@contextmanager
def serving() -> Iterator[tuple[Client, Popen[bytes]]]:
    """Run an initialized server that completes with a scripted text."""
    with (
        TemporaryDirectory() as folder,
        server(Path(folder) / "home", status=None) as (client, process),
    ):
        assert process.stderr
        # The log is long, and the server blocks if the pipe is full.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        client.initialize(scripted_settings("hello world"))
        yield client, process


def replaced_fields(scale: float) -> Outcome:
    """Send every message with each of its fields replaced by a wrong value."""
    variants = list(all_variants())
    chosen = variants[:: max(1, round(1 / scale))]
    unanswered = list[str]()
    with serving() as (client, process):
        heartbeats = Heartbeats(client)
        for start in range(0, len(chosen), STRETCHES):
            some = chosen[start : start + STRETCHES]
            requests = {
                f"r{start + n}": method for n, (method, _) in enumerate(some) if is_request(method)
            }
            for number, (method, params) in enumerate(some):
                ident = {"id": f"r{start + number}"} if is_request(method) else {}
                client.send_raw(message(method=method, params=params, **ident))
            heartbeats.beat()
            for request_id, method in requests.items():
                with suppress(Exception):
                    client.answer(request_id)
                    continue
                unanswered.append(method)
        assert process.poll() is None
    note = (
        f"not answered: {Counter(unanswered).most_common(5)}"
        if unanswered
        else heartbeats.summary()
    )
    return Outcome(
        "messages with a field replaced",
        len(chosen),
        len(chosen) - len(unanswered) - heartbeats.late,
        note,
    )


def is_request(method: str) -> bool:
    """Return whether the message is a request."""
    return types.METHOD_TO_TYPES[method][1] is not None


def garbage(size: int, rng: random.Random) -> Outcome:
    """Send random stretches of a stream, whole messages and others, with pauses anywhere."""
    sent = number = 0
    with serving() as (client, process):
        heartbeats, last = Heartbeats(client), b""
        began = resident(process)
        try:
            while sent < size:
                stretches = [
                    rng.choice(MAKERS)(rng, 1_000_000 + number + n) for n in range(STRETCHES)
                ]
                last = b"".join(stretches)
                middle = rng.randrange(len(last))
                client.send_raw(last[:middle])
                time.sleep(rng.choice((0, 0, 0, 0.01)))
                client.send_raw(last[middle:])
                heartbeats.beat()
                client.answers.clear()
                client.notifications.clear()
                sent += len(last.replace(FILLER, b""))
                number += STRETCHES
        except Exception as error:  # noqa: BLE001 (the row reports any error)
            Path("garbage.bin").write_bytes(last)
            return Outcome(
                "bytes of garbage", sent, 0, f"{type(error).__name__}; sent last: garbage.bin"
            )
        grown = resident(process) - began
    note = f"{number} stretches; {heartbeats.summary()}; {grown // 1000} MB more memory"
    return Outcome("bytes of garbage", sent, 0 if heartbeats.late else sent, note)


def lives(count: int, rng: random.Random) -> Outcome:
    """Run sessions with garbage before `initialize`, requests after `shutdown`, an end anywhere."""
    faults = list[str]()
    for life in range(count):
        with (
            TemporaryDirectory() as folder,
            server(Path(folder) / "home", status=None) as (client, process),
        ):
            with suppress(BrokenPipeError):
                faults += [f"{life}: {fault}" for fault in lived(client, rng)]
                client.send_raw(odd_bytes(rng, 1)[: rng.randrange(60)])
            with suppress(BrokenPipeError):
                assert process.stdin
                process.stdin.close()
            try:
                if process.wait(EXIT_TIMEOUT) not in {0, 1}:
                    faults.append(f"{life}: status {process.returncode}")
            except TimeoutExpired:
                faults.append(f"{life}: the server does not exit")
    survived = count - len({fault.partition(":")[0] for fault in faults})
    return Outcome("sessions ended at any point", count, survived, "; ".join(faults[:3]))


def lived(client: Client, rng: random.Random) -> Iterator[str]:
    """Run one session up to some point; yield the faults."""
    for _ in range(rng.randrange(4)):
        client.send_raw(random_bytes(rng, 0))
        if (
            client.answer(
                client.send_request("textDocument/completion", position_params("file:///a", 0, 0))
            )["error"]["code"]
            != -32002
        ):
            yield "answered before it was initialized"
    if rng.random() < 0.2:
        return
    client.initialize(scripted_settings("hello world"))
    client.open("file:///a", "hello ")
    for _ in range(rng.randrange(9)):
        client.send_raw(rng.choice(MAKERS)(rng, 1_000_000))
    if not client.ghost("file:///a", 0, 6):
        yield "nothing is offered"
    if rng.random() < 0.5:
        client.request("shutdown", None)
        for method in (
            "textDocument/completion",
            "initialize",
            "shutdown",
            "workspace/executeCommand",
        ):
            if (
                client.answer(client.send_request(method, position_params("file:///a", 0, 0)))[
                    "error"
                ]["code"]
                != -32600
            ):
                yield f"{method} was not refused after shutdown"


def flood(count: int) -> Outcome:
    """Send `count` requests at once, and cancel a third of them: each must get one answer."""
    uri = "file:///flood"
    with serving() as (client, process):
        client.open(uri, "hello " * 100)
        client.ghost(uri, 0, 600)
        before = resident(process)
        kinds = [
            ("workspace/executeCommand", STATUS),
            ("textDocument/completion", position_params(uri, 0, 600)),
            (
                "textDocument/inlineCompletion",
                {**position_params(uri, 0, 600), "context": {"triggerKind": 1}},
            ),
        ]
        requests = [client.new_request(*kinds[number % 3]) for number in range(count)]
        cancels = [
            {"method": "$/cancelRequest", "params": {"id": one["id"]}} for one in requests[::3]
        ]
        began = time.monotonic()
        client.send(*requests, *cancels)
        for one in requests:
            client.answer(one["id"])
        took = time.monotonic() - began
        grown = resident(process) - before
        left = len(client.answers)
    note = f"all after {took:.1f} s; {grown // 1000} MB more memory"
    held = left == 0 and grown < MAX_GROWTH_KILOBYTES and took < TIMEOUT
    return Outcome("requests at once", count, count if held else 0, note)


def resident(process: Popen[bytes]) -> int:
    """Return the resident memory in kilobytes; 0 if the system does not report it."""
    with suppress(OSError, StopIteration, ValueError):
        lines = Path(f"/proc/{process.pid}/status").read_text("utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])
    return 0
