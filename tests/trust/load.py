"""A busy machine and a long day: the latency during indexing, and the server's memory."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from tests.benchmarks.speed.clock import quantile
from tests.benchmarks.speed.editing import ServerProcess, TimedDocument, prose
from tests.e2e.client import Client, server
from tests.trust.outcome import Outcome

from foretype_server.settings import Settings

WORKSPACE_BYTES = 50_000_000
FILE_BYTES = 100_000
"""Size of the workspace (`WORKSPACE_BYTES`) and of each of its files, in bytes."""

SECONDS_PER_KEY = 1 / 20
ANSWER_DEADLINE = 0.05
"""Seconds between two keys (`SECONDS_PER_KEY`), and until an answer must come."""

DOCUMENTS = 10
BURST = 40
"""Keys typed in one document before the next document."""

DAY_KEYS = 30_000
"""Keys of eight hours, at one a second including all pauses."""

MAX_GROWTH = 1.05
"""Maximum memory of the server in the last third of a day, relative to the second third."""

HARD_DEADLINE = 600.0
"""Seconds until the workspace must be indexed."""


def outcomes(scale: float) -> Iterator[Outcome]:
    """Type while a workspace is indexed; then type for a day."""
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder, "texts")
        _write(texts, max(1, round(scale * WORKSPACE_BYTES / FILE_BYTES)))
        yield _while_indexing(Path(folder), texts)
    with tempfile.TemporaryDirectory() as folder:
        yield _day(Path(folder), max(300, round(scale * DAY_KEYS)))


def _write(folder: Path, files: int) -> None:
    """Write files of made-up words with Zipf's frequencies, as in a natural language."""
    draw = random.Random(0)
    letters = "etaoinshrdlucmfwypvbgk"
    words = [
        "".join(draw.choices(letters, weights=range(22, 0, -1), k=draw.randint(2, 11)))
        for _ in range(20_000)
    ]
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
    folder.mkdir()
    for i in range(files):
        text = " ".join(draw.choices(words, cum_weights=weights, k=FILE_BYTES // 6))
        lines = [text[at : at + 90] for at in range(0, FILE_BYTES, 90)]
        (folder / f"{i}.txt").write_text("\n".join(lines))


def _while_indexing(home: Path, texts: Path) -> Outcome:
    took: list[float] = []
    with server(home, status=None) as (client, _):
        client.initialize(
            {"maxSearchTime": Settings().max_search_time},
            {"window": {"workDoneProgress": True}},
            workspaceFolders=[{"uri": texts.as_uri(), "name": "texts"}],
        )
        documents = [TimedDocument(client, f"load{i}", prose(20_000, i)) for i in range(DOCUMENTS)]
        for document in documents:
            document.time_ghost_text(0, 0)  # the first answer waits for the models to load
        draw, began = random.Random(1), time.perf_counter()
        while not _is_read(client) and time.perf_counter() - began < HARD_DEADLINE:
            took += draw.choice(documents).burst(draw, _keys(draw), SECONDS_PER_KEY)
        seconds = time.perf_counter() - began
    size = sum(file.stat().st_size for file in texts.iterdir()) / 1e6
    if not took:
        return Outcome(
            "keys while the workspace is indexed", 1, 0, "it was indexed before a key was typed"
        )
    late = quantile(took, 0.99)
    claim = (
        f"keys at {1 / SECONDS_PER_KEY:.0f} a second in {DOCUMENTS} documents, "
        f"while {size:.0f} MB are indexed: p99 under 50 ms"
    )
    note = f"p50 {1000 * quantile(took, 0.5):.0f} ms, p99 {1000 * late:.0f} ms, in {seconds:.0f} s"
    in_time = sum(t < ANSWER_DEADLINE for t in took)
    return Outcome(claim, len(took), len(took) if late < ANSWER_DEADLINE else in_time, note)


def _keys(draw: random.Random) -> str:
    return prose(BURST, draw.randrange(10_000))[:BURST].replace("\n", " ")


def _is_read(client: Client) -> bool:
    """Answer the server's requests; return whether it has reported the workspace as indexed."""
    while client.requests:
        client.send({"id": client.requests.pop()["id"], "result": None})
    values = [
        notification["params"]["value"]
        for notification in client.notifications
        if notification.get("method") == "$/progress"
    ]
    return any(value.get("kind") == "end" for value in values)


def _day(home: Path, keys: int) -> Outcome:
    memory: list[float] = []
    with server(home, status=None) as (client, running):
        client.initialize({"maxSearchTime": Settings().max_search_time})
        process, draw = ServerProcess(running.pid), random.Random(2)
        documents = [
            TimedDocument(client, f"day{i}", prose(5_000 * (i + 1), i)) for i in range(DOCUMENTS)
        ]
        for _ in range(keys // BURST):
            draw.choice(documents).burst(draw, _keys(draw))
            memory.append(process.memory)
    third = len(memory) // 3
    second, last = max(memory[third : 2 * third]), max(memory[2 * third :])
    claim = (
        f"{keys:,} keys, as many as in eight hours: no more memory in the last third than in "
        f"the second"
    )
    note = f"{memory[0]:.0f} MB at first, {second:.0f} in the second third, {last:.0f} in the last"
    return Outcome(claim, 1, int(last <= MAX_GROWTH * second), note)
