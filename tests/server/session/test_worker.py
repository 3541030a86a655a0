"""The worker's queue: whoever asks comes before what is read for its own sake."""

from __future__ import annotations

import asyncio
import time

from foretype_server.document import Snapshot
from foretype_server.session.worker import UNREAD, Worker
from foretype_server.settings import Settings


class LongTexts:
    """An engine whose every document takes so many slices to be read."""

    def __init__(self, slices: int) -> None:
        self.slices, self.left, self.did = slices, {}, []

    def catch_up(self, uri: str) -> bool:
        time.sleep(0.005)
        self.did.append(f"read {uri}")
        self.left[uri] = self.left.get(uri, self.slices) - 1
        return self.left[uri] == 0

    def release(self) -> None:
        self.did.append("release")


class Pauseless(LongTexts):
    """Its slices are as short as can be; each has something for the loop to do, and tells how much
    of that was done.
    """

    done = 0

    def catch_up(self, uri: str) -> bool:
        self.did.append(self.done)
        self.loop.call_soon_threadsafe(self.do)
        return len(self.did) >= self.slices

    def do(self) -> None:
        self.done += 1


def ask(worker: Worker, uri: str) -> asyncio.Future[None]:
    job = lambda engine, snapshot, settings, stale: engine.did.append(f"answer {snapshot.uri}")  # noqa: E731
    return worker.ask(job, Snapshot(uri, b"", b""), Settings(), lambda: False)


def test_a_request_waits_for_one_slice_however_many_documents_are_unread() -> None:
    async def session() -> list[str]:
        worker, engine = Worker(print), LongTexts(slices=40)
        worker.engine = engine  # type: ignore[assignment]
        await asyncio.gather(*(ask(worker, uri) for uri in "abcdef"))
        await asyncio.sleep(0.02)
        before = len(engine.did)
        await ask(worker, "g")
        waited = engine.did[before:]
        while any(engine.left.get(uri) != 0 for uri in "defg"):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.02)
        worker.end()
        assert len("defg") == UNREAD
        assert waited[-1] == "answer g"
        assert len(waited) <= 3
        return engine.did

    did = asyncio.run(session())
    after = did[did.index("answer g") + 1 :]
    assert after[:40] == ["read g"] * 40, "what was asked about last is read first"
    assert set(after) - {"release"} == {f"read {uri}" for uri in "defg"}, (
        "and what was asked about long ago is not"
    )


def test_the_loop_has_its_turn_between_two_slices() -> None:
    async def session() -> list[int]:
        worker, engine = Worker(print), Pauseless(slices=200)
        engine.loop = asyncio.get_running_loop()
        worker.engine = engine  # type: ignore[assignment]
        await worker.ask(lambda *_: None, Snapshot("a", b"", b""), Settings(), lambda: False)
        while engine.done < engine.slices:
            await asyncio.sleep(0.001)
        did = list(engine.did)
        worker.end()
        return did

    assert asyncio.run(session()) == list(range(200))
