"""Prediction by partial matching (PPM) with learnt escapes.

The longest context that occurred predicts first. Its followers get a share of the probability; the
next shorter context gets a share of the rest, and so on. The remainder stays unassigned, for other
predictors. These remainders are the escapes of PPM (Cleary and Witten 1984, "Data Compression Using
Adaptive Coding and Partial String Matching"), learnt instead of fixed. A share depends on the
order, on how often the context occurred, on its determinism, and on whether it stands in recently
typed text or in the workspace.
"""

from __future__ import annotations

import heapq
import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import VOCABULARY
from foretype_model.predictors.copy.index.fm_index import FMIndex, RowRange, SearchState

RECENT, INDEXED = 0, 1
"""Kinds of text: the text of this session, and the files of the workspace."""

ORDER_CLASSES: Final = (0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, *[9] * 8, *[10] * 8, 11)
"""The class of each order (length of context), 0 to 32."""

FREQUENCIES: Final = 8
"""Classes of how often a context occurred: once, 2 to 3, 4 to 7, ..., 128 times or more."""

DETERMINISM_THRESHOLDS: Final = (0.5, 0.8, 1.0)
"""The shares of the most frequent follower that divide the classes of determinism."""

DETERMINISMS: Final = len(DETERMINISM_THRESHOLDS) + 1

MIN_ORDER: Final = 3
MAX_RANGE_ROWS: Final = 1024
"""Shortest context, and most rows, with which an index is asked. A network predicts shorter or more
frequent contexts as well: with them, the mixture took 0.001 bits less, and a prediction three times
as long.
"""

MAX_COUNTED_ROWS: Final = 24
"""Rows of an index that are counted one by one; for more rows, cached counts are faster."""

MIN_REMAINING: Final = 0.02
"""Once less than this remains, shorter contexts are not asked: they cost most of the time."""

MAX_TOTAL: Final = 0.999
"""The most probability that is assigned: nothing is certain."""

IGNORED_BYTES: Final = b"\xfe\xff"
"""Followers that do not count: masked bytes, and the ends of documents."""


class OrderStats(NamedTuple):
    """The followers of one context.

    Attributes:
        order: length of the context in bytes.
        kind: RECENT or INDEXED.
        total: how often the context occurred.
        max_count: how often its most frequent follower occurred.
        shares: each follower's share, summing to 1: by byte, or shape (256,).
    """

    order: int
    kind: int
    total: int
    max_count: int
    shares: dict[int, float] | NDArray[np.float32]


TABLE_SHAPE: Final = (2, max(ORDER_CLASSES) + 1, FREQUENCIES, DETERMINISMS)
"""Shape of the escape table: kind, class of order, of frequency, of determinism."""


@cache
def escape_table() -> list[float]:
    """Return the shares of the escape table, flattened; `default_model.fit_escapes` fits them."""
    table = json.loads(files("foretype_model").joinpath("data/escapes.json").read_text("utf-8"))
    flat: list[float] = np.reshape(table, TABLE_SHAPE).ravel().tolist()
    return flat


def bucket(kind: int, order: int, total: int, max_count: int) -> int:
    """Return the index in the flattened escape table for the statistics of a context."""
    order_class = ORDER_CLASSES[order]
    frequency = min(total.bit_length(), FREQUENCIES) - 1
    # The flat index of (kind, order_class, frequency, determinism); np.ravel_multi_index is slower.
    cell = (kind * TABLE_SHAPE[1] + order_class) * FREQUENCIES + frequency
    return cell * DETERMINISMS + determinism(total, max_count)


def determinism(total: int, max_count: int) -> int:
    """Return the class of determinism, from 0 (one byte always followed) to 3."""
    return len(DETERMINISM_THRESHOLDS) - bisect_right(DETERMINISM_THRESHOLDS, max_count / total)


def history_stats(found: list[tuple[int, int]]) -> Iterator[OrderStats]:
    """Yield the statistics of the recent text, the longest context first.

    Args:
        found: pairs (bytes of context in common, byte that followed), from `MatchHistory.find`.
    """
    ranked = sorted(found, key=lambda pair: -pair[0])
    by_byte: dict[int, int] = {}
    # A match of n bytes counts for all contexts up to n, so the counts accumulate downwards.
    for i, (length, byte) in enumerate(ranked):
        by_byte[byte] = by_byte.get(byte, 0) + 1
        if i + 1 == len(ranked) or ranked[i + 1][0] < length:
            total = i + 1
            shares = {follower: count / total for follower, count in by_byte.items()}
            yield OrderStats(length, RECENT, total, max(by_byte.values()), shares)


def usable_ranges(segment: FMIndex, matches: SearchState) -> Iterator[RowRange]:
    """Yield the ranges that are long and rare enough, the longest context first.

    Here, the order of a range is that of the longest context with these rows.
    """
    order, ranges = matches
    for shortest, low, high in reversed(ranges):
        if order < MIN_ORDER or _is_too_wide(segment, low, high):
            break
        yield order, low, high
        order = shortest - 1


def index_stats(segment: FMIndex, matches: SearchState) -> Iterator[OrderStats]:
    """Yield the statistics of an index, the longest context first."""
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
        # Apart from ignored rows, a shorter context may have no more followers than a longer one.
        if order_stats and order_stats.total > known:
            known = order_stats.total
            yield order_stats


def _is_too_wide(segment: FMIndex, low: int, high: int) -> bool:
    """Return whether more than `MAX_RANGE_ROWS` rows count.

    Ignored rows do not, so that a masked document leaves an index as if it had never been there.
    """
    if high - low <= MAX_RANGE_ROWS:
        return False
    # The first bound is cached, the second one counts the rows.
    return (
        high - low - segment.ignored_rows > MAX_RANGE_ROWS
        or high - low - segment.count_ignored_rows(low, high) > MAX_RANGE_ROWS
    )


def _count_followers(order: int, followers: bytes) -> OrderStats | None:
    """Return the statistics of a few rows, or None if there are none."""
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
    """Merge several sources, the longest context first, recent text first at equal orders."""
    if len(sources) == 1:  # takes half the time of a merge
        return sources[0]
    return heapq.merge(*sources, key=lambda order_stats: (-order_stats[0], order_stats[1]))


def distribution(stats: Iterator[OrderStats]) -> NDArray[np.float32]:
    """Return the probabilities of the next byte, shape (256,), summing to at most `MAX_TOTAL`.

    Args:
        stats: of each context that occurred, the longest first.
    """
    row, sparse, remaining = np.zeros(VOCABULARY, np.float32), dict[int, float](), 1.0
    table = escape_table()
    for order, kind, total, max_count, shares in stats:
        # This context takes its share of the remainder, and escapes with the rest.
        share = table[bucket(kind, order, total, max_count)]
        assigned, remaining = remaining * share, remaining * (1 - share)
        if isinstance(shares, dict):
            for byte, part in shares.items():
                sparse[byte] = sparse.get(byte, 0.0) + assigned * part
        else:
            row += np.float32(assigned) * shares
        if remaining < MIN_REMAINING:
            break
    for byte, part in sparse.items():
        row[byte] += part
    return row if remaining > 1 - MAX_TOTAL else row * np.float32(MAX_TOTAL / (1 - remaining))
