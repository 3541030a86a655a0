"""From what followed alike contexts to a next-byte distribution, each length of context trusted as
far as it deserves.

The longest context that occurred speaks first. A share of the probability, its *trust*, goes to the
bytes that followed it; the rest goes on to the next shorter one, and what is left in the end to
nobody: it is for other predictors (the escapes of prediction by partial matching, Cleary and Witten
1984, with shares learnt instead of fixed). Trust depends on the length, on how often the context
occurred, on how alike its followers were, and on whether it was in what the user has just typed or
in the workspace.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import VOCABULARY
from foretype_model.predictors.copy.index.fm_index import FMIndex, RowRange, SearchState

RECENT, INDEXED = 0, 1
"""Kinds of text: what was typed and seen in this session, and what is in the workspace."""

ORDER_CLASSES: Final = (0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, *[9] * 8, *[10] * 8, 11)
"""The class of each length of context, 0 to 32."""

FREQUENCIES, DETERMINISMS = 8, 4
"""Classes of how often a context occurred (powers of two), and of how alike its followers were."""

MIN_ORDER: Final = 3
MAX_RANGE_ROWS: Final = 1024
"""Bytes of context, and rows, with which an index is asked. What follows shorter or more frequent
contexts a network knows as well: with them, the mixture took 0.001 bits less, and a prediction
three times as long.
"""

MAX_COUNTED_ROWS: Final = 24
"""Rows of an index that are counted one by one: beyond, remembered counts are faster."""

MIN_REMAINING: Final = 0.02
"""Where less than this is left, shorter contexts are not asked: they are what costs time."""

MAX_TOTAL: Final = 0.999
"""Nothing is certain."""


class OrderStats(NamedTuple):
    """What followed one length of context.

    Attributes:
        order: the length, in bytes.
        kind: RECENT or INDEXED.
        rows: how often it occurred.
        top: how often the follower that was most frequent did follow.
        shares: each follower's share, summing to 1: by byte, or for all 256.
    """

    order: int
    kind: int
    total: int
    max_count: int
    shares: dict[int, float] | NDArray[np.float32]


TABLE_SHAPE: Final = (2, max(ORDER_CLASSES) + 1, FREQUENCIES, DETERMINISMS)
"""Of the table of trust: by kind, class of order, of frequency and of alikeness."""


@cache
def escape_table() -> list[float]:
    """The table, flattened; made by `default_model.fit_escapes`."""
    table = json.loads(files("foretype_model").joinpath("data/escapes.json").read_text("utf-8"))
    flat: list[float] = np.reshape(table, TABLE_SHAPE).ravel().tolist()
    return flat


def bucket(kind: int, order: int, total: int, max_count: int) -> int:
    """Where in the flattened table: a context of `order` bytes that occurred `total` times, one
    byte following `max_count`.
    """
    frequency = min(total.bit_length(), FREQUENCIES) - 1
    # Alike: one byte always followed, in most cases, in half of them, or less often.
    determinism = (
        0
        if max_count == total
        else 1
        if max_count >= 0.8 * total
        else 2
        if max_count >= 0.5 * total
        else 3
    )
    return (
        (kind * TABLE_SHAPE[1] + ORDER_CLASSES[order]) * FREQUENCIES + frequency
    ) * DETERMINISMS + determinism


def history_stats(found: list[tuple[int, int]]) -> Iterator[OrderStats]:
    """The longest context first, of what `MatchHistory.find` has found: (bytes in common, byte that
    followed).
    """
    ranked = sorted(found, key=lambda pair: -pair[0])
    by_byte: dict[int, int] = {}
    for i, (length, byte) in enumerate(ranked):
        by_byte[byte] = by_byte.get(byte, 0) + 1
        if i + 1 == len(ranked) or ranked[i + 1][0] < length:
            total = i + 1
            shares = {follower: count / total for follower, count in by_byte.items()}
            yield OrderStats(length, RECENT, total, max(by_byte.values()), shares)


def usable_ranges(segment: FMIndex, matches: SearchState) -> Iterator[RowRange]:
    """Those that are evidence, the longest context first. Here the order is that of the longest
    context that has it.
    """
    order, ranges = matches
    for shortest, low, high in reversed(ranges):
        if order < MIN_ORDER or _is_too_wide(segment, low, high):
            break
        yield order, low, high
        order = shortest - 1


def index_stats(segment: FMIndex, matches: SearchState) -> Iterator[OrderStats]:
    """The longest context first."""
    known = 0
    for order, low, high in usable_ranges(segment, matches):
        if high - low <= MAX_COUNTED_ROWS:
            order_stats = _count_followers(
                order, segment.bwt_masked[low:high].translate(None, IGNORED_BYTES)
            )
        else:
            total, max_count, shares = segment.shares(low, high)
            order_stats = (
                OrderStats(order, INDEXED, total, max_count, shares) if max_count else None
            )
        # Less those that count for nothing, its followers may be those of a longer context.
        if order_stats and order_stats.total > known:
            known = order_stats.total
            yield order_stats


def _is_too_wide(segment: FMIndex, low: int, high: int) -> bool:
    """Whether more than `MAX_RANGE_ROWS` rows count, as they would, had what is masked never been
    indexed.
    """
    if high - low <= MAX_RANGE_ROWS:
        return False
    return (
        high - low - segment.ignored_rows > MAX_RANGE_ROWS
        or high - low - segment.count_ignored_rows(low, high) > MAX_RANGE_ROWS
    )


IGNORED_BYTES: Final = b"\xfe\xff"
"""Followers that count for nothing: those that are masked, and the ends of documents."""


def _count_followers(order: int, followers: bytes) -> OrderStats | None:
    total = len(followers)
    if not total:
        return None
    first = followers[0]
    if followers.count(first) == total:
        return OrderStats(order, INDEXED, total, total, {first: 1.0})
    by_byte: dict[int, int] = {}
    for byte in followers:
        by_byte[byte] = by_byte.get(byte, 0) + 1
    shares = {byte: count / total for byte, count in by_byte.items()}
    return OrderStats(order, INDEXED, total, max(by_byte.values()), shares)


def merge_stats(sources: Sequence[Iterator[OrderStats]]) -> Iterator[OrderStats]:
    """Levels of several sources, the longest context first, and the newest text where they are
    equally long.
    """
    if len(sources) == 1:  # half of what merging it with nothing would take
        return sources[0]
    return heapq.merge(*sources, key=lambda order_stats: (-order_stats[0], order_stats[1]))


def distribution(stats: Iterator[OrderStats]) -> NDArray[np.float32]:
    """Probabilities of the next byte, shape (256,); they sum to what is trusted at all, at most
    `MAX_TOTAL`.
    """
    row, sparse, left = np.zeros(VOCABULARY, np.float32), dict[int, float](), 1.0
    confidences = escape_table()
    for order, kind, total, max_count, shares in stats:
        share = confidences[bucket(kind, order, total, max_count)]
        assigned, left = left * share, left * (1 - share)
        if isinstance(shares, dict):
            for byte, part in shares.items():
                sparse[byte] = sparse.get(byte, 0.0) + assigned * part
        else:
            row += np.float32(assigned) * shares
        if left < MIN_REMAINING:
            break
    for byte, part in sparse.items():
        row[byte] += part
    return row if left > 1 - MAX_TOTAL else row * np.float32(MAX_TOTAL / (1 - left))
