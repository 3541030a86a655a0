"""The batching of changed files."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from foretype_server.session import index_scheduler
from foretype_server.session.index_scheduler import IndexScheduler

SAVED, LOG = Path("saved.txt"), Path("server.log")


class RecordingEngine:
    """An engine that records its updates."""

    def __init__(self) -> None:
        self.updates: list[set[Path]] = []

    def refresh(self, _progress: Any) -> None:
        pass

    def update(self, paths: Collection[Path]) -> None:
        self.updates.append(set(paths))


@pytest.mark.parametrize("pause", [0.01, 0.08])
def test_constant_writes_delay_nothing(monkeypatch: pytest.MonkeyPatch, pause: float) -> None:
    """A file that is written to without a pause delays the reading of others by `MAX_DELAY`."""
    monkeypatch.setattr(index_scheduler, "DEBOUNCE_SECONDS", 0.05)
    monkeypatch.setattr(index_scheduler, "MAX_DELAY", 0.1)

    async def session() -> list[set[Path]]:
        engine = RecordingEngine()
        scheduler = IndexScheduler(print, lambda *_: None)
        scheduler.refresh(engine)  # type: ignore[arg-type]
        scheduler.files_changed([SAVED])
        async with asyncio.timeout(10):
            while len(engine.updates) < 2:
                await asyncio.sleep(pause)
                scheduler.files_changed([LOG])
        scheduler.end()
        return engine.updates

    updates = asyncio.run(session())
    assert SAVED in updates[0]
    assert updates[1] == {LOG}
