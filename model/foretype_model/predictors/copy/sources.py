"""Where a text that is offered has stood before: in the index of a workspace, and in what was
typed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from foretype_model.predictor import ERASED, Source
from foretype_model.predictors.copy.history import Recent
from foretype_model.predictors.copy.index.fm_index import Matches, Shard
from foretype_model.predictors.copy.ppm import ranges_that_count
from foretype_model.privacy.forgotten_words import blanked
from foretype_model.text.rope import common_prefix

BEFORE, AFTER = 40, 80
"""Characters of a line that are shown around a place."""

_BLANK: Final = re.compile(b"%c+" % ERASED)


class Place(NamedTuple):
    """Where a text may have stood.

    Attributes:
        order: how many bytes before it are as before the cursor.
        common: how many bytes of it are as offered.
        at: the row of an index, or the place in what was typed.
    """

    order: int
    common: int
    holder: Shard | Recent
    at: int


def typed(recent: Recent, tail: bytes, text: bytes) -> Iterator[Place]:
    """Where `text`, or its beginning, was typed after `tail`, or its end."""
    for at, order in recent.places(tail).items():
        piece = recent.piece(at)
        offset = at - piece.first
        common = common_prefix(piece.text[offset:], text)
        if common:
            # Before a document there is nothing, though it is compared as so many ends of text.
            yield Place(min(order, len(piece.before) + offset + 1), common, recent, at)


def written(shard: Shard, matches: Matches, text: bytes) -> Iterator[Place]:
    """Where `text`, or its beginning, follows those of the contexts matched that count as
    evidence.
    """
    seen: set[int] = set()
    for order, low, high in ranges_that_count(shard, matches):
        rows = low + np.flatnonzero(
            np.frombuffer(shard.visible, np.uint8, high - low, low) == text[0]
        )
        for row in set(rows.tolist()) - seen:
            position = int(shard.positions[row])
            common = common_prefix(shard.text[position : position + len(text)].tobytes(), text)
            yield Place(order, common, shard, row)
        seen.update(rows.tolist())


def as_sources(places: Iterable[Place], most: int, forgotten: Collection[bytes]) -> list[Source]:
    """The places that agree longest, told without the words that are forgotten."""
    lines: dict[tuple[str, int | None, str], Source] = {}
    for place in sorted(places, key=lambda place: (-place.order - place.common, -place.order)):
        source = _source(place, forgotten)
        lines.setdefault((source.document, source.line, source.excerpt), source)
        if len(lines) == most:
            break
    return list(lines.values())


def _source(place: Place, forgotten: Collection[bytes]) -> Source:
    if isinstance(place.holder, Recent):
        piece = place.holder.piece(place.at)
        text, at = piece.before + piece.text, place.at - piece.first + len(piece.before)
        return Source(piece.document, None, None, _excerpt(text, at, forgotten), place.order)
    found = next(
        place.holder.places((0, place.at, place.at + 1), place.holder.visible[place.at], 1)
    )
    text = place.holder.document(found.name)
    start = found.offset - found.column + 1
    column = len(text[start : found.offset].decode(errors="replace")) + 1
    return Source(
        found.name, found.line, column, _excerpt(text, found.offset, forgotten), place.order
    )


def _excerpt(text: bytes, at: int, forgotten: Collection[bytes]) -> str:
    """The line around `at`, without what must not be shown."""
    start, end = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at + 1)
    line = blanked(text[start : end if end >= 0 else len(text)], forgotten)
    before, after = (
        _BLANK.sub("…".encode(), part).decode(errors="replace")
        for part in (line[: at - start], line[at - start :])
    )
    return (before[-BEFORE:] + after[:AFTER]).strip()
