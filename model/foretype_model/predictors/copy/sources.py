"""The sources of an offered text: its occurrences in the index and in the recent history."""

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
"""Characters of the line that are shown before and after a place."""

_REDACTED: Final = re.compile(b"%c+" % ERASED)


class Occurrence(NamedTuple):
    """An earlier occurrence of an offered text, or of its beginning.

    Attributes:
        order: bytes of context in common with the cursor.
        common: bytes in common with the offered text.
        container: the index or history that holds the occurrence.
        at: a row of the index, or a place in the history.
    """

    order: int
    common: int
    container: FMIndex | MatchHistory
    at: int


def find_in_history(history: MatchHistory, tail: bytes, text: bytes) -> Iterator[Occurrence]:
    """Yield the places where the beginning of `text` follows the end of `tail`."""
    for at, order in history.places(tail).items():
        piece = history.piece(at)
        offset = at - piece.first
        common = common_prefix(piece.text[offset:], text)
        if common:
            # The padding before a document is compared, but does not count.
            yield Occurrence(min(order, len(piece.before) + offset + 1), common, history, at)


def find_in_index(segment: FMIndex, matches: SearchState, text: bytes) -> Iterator[Occurrence]:
    """Yield the rows where the beginning of `text` follows a context that PPM uses."""
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
    """Return the `limit` longest matches as sources, without the forgotten words."""
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
        return Source(piece.uri, None, None, _excerpt(text, at, forgotten_words), place.order)
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
    """Return the line around `at`, with erased bytes and forgotten words as an ellipsis."""
    start, end = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at + 1)
    line = redact_words(text[start : end if end >= 0 else len(text)], forgotten_words)
    before, after = (
        _REDACTED.sub("…".encode(), part).decode(errors="replace")
        for part in (line[: at - start], line[at - start :])
    )
    return (before[-EXCERPT_BEFORE:] + after[:EXCERPT_AFTER]).strip()
