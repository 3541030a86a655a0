"""What was offered and what was taken, by day, language and editor. Numbers and no text; they stay
on this machine.
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
"""Seconds for which counts are gathered before they are written."""

LOCK_TIMEOUT: Final = 5.0
"""Seconds to wait for another server that is writing."""

MAX_COUNT: Final = 2**53
"""What is counted at most, in a row of what is kept: beyond it, neither SQLite nor JSON has every
number.
"""

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
    """What is counted apart; `day` is an ISO date, `kind` as in `Candidate`, or ``menu`` for what
    was shown.
    """

    day: str
    language: str
    editor: str
    kind: str


@dataclass(frozen=True)
class Count:
    """How often something was shown and taken, and the characters that came so."""

    shown: int = 0
    accepted: int = 0
    characters: int = 0

    @property
    def saved(self) -> int:
        """Keys: each that was taken cost one."""
        return self.characters - self.accepted

    def __add__(self, other: Count) -> Count:
        return Count(
            self.shown + other.shown,
            self.accepted + other.accepted,
            self.characters + other.characters,
        )


Counts = Mapping[CountKey, Count]


class UsageRecorder:
    """Counts in one editor, and hands them on to be written every minute. Lives on the event
    loop.
    """

    def __init__(self, editor: str, write_counts: Callable[[Counts], object]) -> None:
        self._editor, self._write_counts = editor, write_counts
        self._counts: dict[CountKey, Count] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, language: str, kind: str, count: Count) -> None:
        """Something was shown or taken today."""
        key = CountKey(datetime.date.today().isoformat(), language, self._editor, kind)
        self._counts[key] = self._counts.get(key, Count()) + count
        self._timer = self._timer or asyncio.get_running_loop().call_later(
            WRITE_INTERVAL, self.write
        )

    def write(self) -> None:
        """Hand on what there is now."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
            counts, self._counts = self._counts, {}
            self._write_counts(counts)


def try_write(folder: Path, counts: Counts) -> None:
    """As `write`, by a program that goes on where it cannot be done."""
    try:
        write(folder, counts)
    except ForetypeError as error:
        log.warning("no statistics are kept: %s", error)


def write(folder: Path, counts: Counts) -> None:
    """Add to what is kept in `folder`. ForetypeError where that cannot be done; nothing of `counts`
    is written then.
    """
    private_folder(folder)
    with _connect(folder / FILE_NAME) as database:
        database.execute(_TABLE)
        database.executemany(_ADD, itertools.starmap(_row, counts.items()))


def _row(key: CountKey, count: Count) -> tuple[str | int, ...]:
    """As it can be kept, whatever a client has told: half a character or too high a number would
    cost the others.
    """
    names = (name.encode(errors="replace").decode() for name in key)
    return (
        *names,
        *(min(number, MAX_COUNT) for number in (count.shown, count.accepted, count.characters)),
    )


def read(folder: Path, since: str = "") -> Counts:
    """What is kept in `folder`, of the days from `since` on, an ISO date. ForetypeError where it
    cannot be read.
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
    """The database, made where it is not there; what is done to it is done whole or not at all."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT)) as database, database:
            yield database
    except (OSError, sqlite3.Error) as error:
        raise ForetypeError(
            f"{path}: {error}; if it is broken, remove it: it holds statistics alone"
        ) from error


def sum_by(field: str, counts: Counts) -> dict[str, Count]:
    """The counts added up by one field of the key."""
    sums: dict[str, Count] = {}
    for key, count in counts.items():
        name = getattr(key, field)
        sums[name] = sums.get(name, Count()) + count
    return sums
