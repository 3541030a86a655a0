"""A clock that jumps by years, and old files: nothing expires, is lost or becomes negative."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from tests.trust.faults_state import state_faults
from tests.trust.outcome import Outcome

from foretype_model.files.atomic import atomic_write
from foretype_model.predictors.copy.index.update import IndexUpdate, Request
from foretype_model.predictors.copy.index.workspace import Workspace
from foretype_server.usage import store
from foretype_server.usage.store import Count, CountKey

YEAR = 365 * 24 * 3600
JUMPS = (-50 * YEAR, -YEAR, -3600, -1, 1, 3600, YEAR, 100 * YEAR)
"""Jumps of the clock, in seconds."""


def outcomes(_scale: float) -> Iterator[Outcome]:
    """Work after each jump of the clock, in one data folder."""
    faults = []
    with TemporaryDirectory() as folder:
        for jump in JUMPS:
            now = time.time() + jump
            with (
                mock.patch("time.time", lambda now=now: now),
                mock.patch("datetime.date", _a_date(now)),
            ):
                faults += [f"{jump}: {fault}" for fault in work(Path(folder), now)]
    passed = len(JUMPS) - len({fault.split(":")[0] for fault in faults})
    yield Outcome("a clock that jumps", len(JUMPS), passed, "; ".join(faults[:3]))


def _a_date(now: float) -> type[datetime.date]:
    class Date(datetime.date):
        @classmethod
        def today(cls) -> datetime.date:
            return datetime.datetime.fromtimestamp(now, datetime.UTC).date()

    return Date


def work(home: Path, now: float) -> Iterator[str]:
    """Save files, index them, and count; yield the faults."""
    texts, index = home / "texts", home / "predictors" / "copy" / "1"
    for folder in (texts, index):
        folder.mkdir(parents=True, exist_ok=True)
    saved = texts / "saved.txt"
    saved.write_text(f"This text was saved at {now}.\n" * 20)
    other = texts / f"{now}.txt"
    other.write_text(f"And this is the one of {now}.\n" * 20)
    for path in (saved, other):
        os.utime(path, (now, now))
    IndexUpdate(Request([str(texts)], str(index), (), None), lambda _done, _total: None).run()
    workspace = Workspace((texts,), index)
    segments = workspace.open()
    indexed = {
        name: segment.document(name)
        for segment in segments
        for name in set(segment.names) - segment.masked_names
    }
    if indexed != {str(path): path.read_bytes() for path in texts.iterdir()}:
        yield "the index differs from the files"
    with atomic_write(home / "models" / "written.json") as partial:
        partial.write_text("{}")
    before = sum(count.shown for count in store.read(home).values())
    today = datetime.date.today().isoformat()
    store.write(home, {CountKey(today, "python", "vim", "word"): Count(1, 1, 5)})
    if sum(count.shown for count in store.read(home).values()) != before + 1:
        yield "counts are lost"
    if not store.read(home, today):
        yield "there are no counts for today"
    yield from state_faults(home, least=0)
