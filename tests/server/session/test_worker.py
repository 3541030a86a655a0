"""The worker's queue: requests come before background reading."""

from __future__ import annotations

import asyncio
import time

from foretype_server.document import Snapshot
from foretype_server.session.worker import MAX_UNREAD_DOCUMENTS, Worker
from foretype_server.settings import Settings


class SlicedEngine:
    """An engine that reads each document in `slices` slices."""

    def __init__(self, slices: int) -> None:
        self.slices, self.left, self.log = slices, {}, []

    def catch_up(self, uri: str) -> bool:
        time.sleep(0.005)
        self.log.append(f"read {uri}")
        self.left[uri] = self.left.get(uri, self.slices) - 1
        return self.left[uri] == 0

    def steps(self, _uri: str) -> int:
        return 0

    def release(self) -> None:
        self.log.append("release")


class InstantSlices(SlicedEngine):
    """An engine with slices of no length; each queues a callback on the loop, and logs how many
    callbacks have run.
    """

    turns = 0

    def catch_up(self, uri: str) -> bool:
        self.log.append(self.turns)
        self.loop.call_soon_threadsafe(self.count_turn)
        return len(self.log) >= self.slices

    def count_turn(self) -> None:
        self.turns += 1


def submit(worker: Worker, uri: str) -> asyncio.Future[None]:
    def job(engine, snapshot, settings, is_cancelled):
        engine.log.append(f"answer {snapshot.uri}")

    return worker.submit(job, Snapshot(uri, b"", b""), Settings(), lambda: False)


def test_request_waits_for_one_slice() -> None:
    """A request waits for one slice at most, however many documents are unread."""

    async def session() -> list[str]:
        worker, engine = Worker(print), SlicedEngine(slices=40)
        worker.engine = engine  # type: ignore[assignment]
        await asyncio.gather(*(submit(worker, uri) for uri in "abcdef"))
        await asyncio.sleep(0.02)
        before = len(engine.log)
        await submit(worker, "g")
        waited = engine.log[before:]
        while any(engine.left.get(uri) != 0 for uri in "defg"):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.02)
        worker.end()
        assert len("defg") == MAX_UNREAD_DOCUMENTS
        assert waited[-1] == "answer g"
        assert len(waited) <= 3
        return engine.log

    log = asyncio.run(session())
    after = log[log.index("answer g") + 1 :]
    assert after[:40] == ["read g"] * 40, "the document asked about last is read first"
    assert set(after) - {"release"} == {f"read {uri}" for uri in "defg"}, (
        "and the oldest are not read"
    )


def test_loop_runs_between_slices() -> None:
    """The event loop has its turn between two slices."""

    async def session() -> list[int]:
        worker, engine = Worker(print), InstantSlices(slices=200)
        engine.loop = asyncio.get_running_loop()
        worker.engine = engine  # type: ignore[assignment]
        await worker.submit(lambda *_: None, Snapshot("a", b"", b""), Settings(), lambda: False)
        while engine.turns < engine.slices:
            await asyncio.sleep(0.001)
        log = list(engine.log)
        worker.end()
        return log

    assert asyncio.run(session()) == list(range(200))
