"""Where a text that is offered has stood before: in the index of a workspace, and in what was
typed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from foretype_model.predictor import ERASED, Source
from foretype_model.predictors.copy.history import MatchHistory
from foretype_model.predictors.copy.index.fm_index import FMIndex, SearchState
from foretype_model.predictors.copy.ppm import usable_ranges
from foretype_model.privacy.forgotten_words import redact_words
from foretype_model.text.rope import common_prefix

EXCERPT_BEFORE, EXCERPT_AFTER = 40, 80
"""Characters of a line that are shown around a place."""

_REDACTED: Final = re.compile(b"%c+" % ERASED)


class Occurrence(NamedTuple):
    """Where a text may have stood.

    Attributes:
        order: how many bytes before it are as before the cursor.
        common: how many bytes of it are as offered.
        at: the row of an index, or the place in what was typed.
    """

    order: int
    common: int
    container: FMIndex | MatchHistory
    at: int


def find_in_history(history: MatchHistory, tail: bytes, text: bytes) -> Iterator[Occurrence]:
    """Where `text`, or its beginning, was typed after `tail`, or its end."""
    for at, order in history.places(tail).items():
        piece = history.piece(at)
        offset = at - piece.first
        common = common_prefix(piece.text[offset:], text)
        if common:
            # Before a document there is nothing, though it is compared as so many ends of text.
            yield Occurrence(min(order, len(piece.before) + offset + 1), common, history, at)


def find_in_index(segment: FMIndex, matches: SearchState, text: bytes) -> Iterator[Occurrence]:
    """Where `text`, or its beginning, follows those of the contexts matched that count as
    evidence.
    """
    seen: set[int] = set()
    for order, low, high in usable_ranges(segment, matches):
        rows = low + np.flatnonzero(
            np.frombuffer(segment.bwt_masked, np.uint8, high - low, low) == text[0]
        )
        for row in set(rows.tolist()) - seen:
            position = int(segment.suffix_array[row])
            common = common_prefix(segment.text[position : position + len(text)].tobytes(), text)
            yield Occurrence(order, common, segment, row)
        seen.update(rows.tolist())


def to_sources(
    places: Iterable[Occurrence], limit: int, forgotten_words: Collection[bytes]
) -> list[Source]:
    """The places that agree longest, told without the words that are forgotten."""
    lines: dict[tuple[str, int | None, str], Source] = {}
    for place in sorted(places, key=lambda place: (-place.order - place.common, -place.order)):
        source = _source(place, forgotten_words)
        lines.setdefault((source.document, source.line, source.excerpt), source)
        if len(lines) == limit:
            break
    return list(lines.values())


def _source(place: Occurrence, forgotten_words: Collection[bytes]) -> Source:
    if isinstance(place.container, MatchHistory):
        piece = place.container.piece(place.at)
        text, at = piece.before + piece.text, place.at - piece.first + len(piece.before)
        return Source(piece.document, None, None, _excerpt(text, at, forgotten_words), place.order)
    found = next(
        place.container.locate((0, place.at, place.at + 1), place.container.bwt_masked[place.at], 1)
    )
    text = place.container.document(found.name)
    start = found.offset - found.column + 1
    column = len(text[start : found.offset].decode(errors="replace")) + 1
    return Source(
        found.name, found.line, column, _excerpt(text, found.offset, forgotten_words), place.order
    )


def _excerpt(text: bytes, at: int, forgotten_words: Collection[bytes]) -> str:
    """The line around `at`, without what must not be shown."""
    start, end = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at + 1)
    line = redact_words(text[start : end if end >= 0 else len(text)], forgotten_words)
    before, after = (
        _REDACTED.sub("…".encode(), part).decode(errors="replace")
        for part in (line[: at - start], line[at - start :])
    )
    return (before[-EXCERPT_BEFORE:] + after[:EXCERPT_AFTER]).strip()
