"""Counts of suggestions shown and accepted, by day, language and editor.

They are numbers without text, and stay on this machine.
"""

from __future__ import annotations

import asyncio
import datetime
import itertools
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from foretype_model.errors import ForetypeError
from foretype_model.files.atomic import private_folder

FILE_NAME: Final = "statistics.sqlite"

WRITE_INTERVAL: Final = 60.0
"""Seconds between writes of the counts."""

ACCEPTED_DELAY: Final = 0.5
"""Seconds to the write after an acceptance, which a killed server would lose."""

LOCK_TIMEOUT: Final = 5.0
"""Seconds to wait for another server's write."""

MAX_COUNT: Final = 2**53
"""Maximum of a count in a row: beyond it, neither SQLite nor JSON keeps every integer exact."""

_TABLE: Final = """
create table if not exists counts (
    day text, language text, editor text, kind text,
    shown integer, accepted integer, characters integer,
    primary key (day, language, editor, kind)
)"""
_ADD: Final = f"""
insert into counts values (?, ?, ?, ?, ?, ?, ?) on conflict do update set
    shown = min({MAX_COUNT}, shown + excluded.shown),
    accepted = min({MAX_COUNT}, accepted + excluded.accepted),
    characters = min({MAX_COUNT}, characters + excluded.characters)
"""

log = logging.getLogger(__name__)


class CountKey(NamedTuple):
    """The key of a row.

    Attributes:
        day: an ISO date.
        language: the document's language, as the client names it.
        editor: the client's name.
        kind: the kind of a `Candidate`, or ``menu`` for a menu shown.
    """

    day: str
    language: str
    editor: str
    kind: str


@dataclass(frozen=True)
class Count:
    """How often suggestions were shown and accepted, and the characters that they inserted."""

    shown: int = 0
    accepted: int = 0
    characters: int = 0

    @property
    def saved(self) -> int:
        """The keys saved: each acceptance costs one key."""
        return self.characters - self.accepted

    def __add__(self, other: Count) -> Count:
        return Count(
            self.shown + other.shown,
            self.accepted + other.accepted,
            self.characters + other.characters,
        )


Counts = Mapping[CountKey, Count]


class UsageRecorder:
    """The counts of one client, written every minute, and soon after an acceptance. It lives on
    the event loop.
    """

    def __init__(self, editor: str, write_counts: Callable[[Counts], object]) -> None:
        self._editor, self._write_counts = editor, write_counts
        self._counts: dict[CountKey, Count] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, language: str, kind: str, count: Count) -> None:
        """Add to today's counts."""
        key = CountKey(datetime.date.today().isoformat(), language, self._editor, kind)
        self._counts[key] = self._counts.get(key, Count()) + count
        loop = asyncio.get_running_loop()
        end = loop.time() + (ACCEPTED_DELAY if count.accepted else WRITE_INTERVAL)
        if self._timer is None or end < self._timer.when():
            self._stop_timer()
            self._timer = loop.call_at(end, self.write)

    def take(self) -> Counts:
        """Return the counts that are not written yet; the caller writes them."""
        self._stop_timer()
        counts, self._counts = self._counts, {}
        return counts

    def write(self) -> None:
        """Pass the counts on to be written."""
        if counts := self.take():
            self._write_counts(counts)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def try_write(folder: Path, counts: Counts) -> None:
    """Call `write`; log a warning if it fails."""
    try:
        write(folder, counts)
    except ForetypeError as error:
        log.warning("the usage statistics cannot be written: %s", error)


def write(folder: Path, counts: Counts) -> None:
    """Add `counts` to the file in `folder`, all or nothing.

    Raises:
        ForetypeError: the file cannot be written.
    """
    private_folder(folder)
    with _connect(folder / FILE_NAME) as database:
        database.executemany(_ADD, itertools.starmap(_row, counts.items()))


def _row(key: CountKey, count: Count) -> tuple[str | int, ...]:
    """Return the values of a row that SQLite accepts, for any names and numbers of a client.

    A lone surrogate or too large a number would make the write of all other rows fail.
    """
    names = (name.encode(errors="replace").decode() for name in key)
    return (
        *names,
        *(min(number, MAX_COUNT) for number in (count.shown, count.accepted, count.characters)),
    )


def read(folder: Path, since: str = "") -> Counts:
    """Return the counts in `folder` from the day `since`, an ISO date.

    Raises:
        ForetypeError: the file cannot be read.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return {}
    with _connect(path) as database:
        rows = database.execute(
            "select * from counts where day >= ? order by day", (since,)
        ).fetchall()
    return {CountKey(*row[:4]): Count(*row[4:]) for row in rows}


@contextmanager
def _connect(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database, or create it; commit at the end of the block, or roll back on an error.

    A reader may come when a writer has created the file and not yet its table.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT)) as database, database:
            database.execute(_TABLE)
            yield database
    except (OSError, sqlite3.Error) as error:
        raise ForetypeError(
            f"{path}: {error}; if it is broken, remove it: it contains only usage statistics"
        ) from error


def sum_by(field: str, counts: Counts) -> dict[str, Count]:
    """Return the sums of the counts by one field of their keys."""
    sums: dict[str, Count] = {}
    for key, count in counts.items():
        name = getattr(key, field)
        sums[name] = sums.get(name, Count()) + count
    return sums
