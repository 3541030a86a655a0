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
from foretype_model.predictors.copy.index.fm_index import Matches, Range, Shard

RECENT, INDEXED = 0, 1
"""Kinds of text: what was typed and seen in this session, and what is in the workspace."""

ORDERS: Final = (0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, *[9] * 8, *[10] * 8, 11)
"""The class of each length of context, 0 to 32."""

FREQUENCIES, ALIKENESSES = 8, 4
"""Classes of how often a context occurred (powers of two), and of how alike its followers were."""

SHORTEST: Final = 3
WIDEST: Final = 1024
"""Bytes of context, and rows, with which an index is asked. What follows shorter or more frequent
contexts a network knows as well: with them, the mixture took 0.001 bits less, and a prediction
three times as long.
"""

NARROW: Final = 24
"""Rows of an index that are counted one by one: beyond, remembered counts are faster."""

ENOUGH: Final = 0.02
"""Where less than this is left, shorter contexts are not asked: they are what costs time."""

MOST_TRUST: Final = 0.999
"""Nothing is certain."""


class Level(NamedTuple):
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
    rows: int
    top: int
    shares: dict[int, float] | NDArray[np.float32]


SHAPE: Final = (2, max(ORDERS) + 1, FREQUENCIES, ALIKENESSES)
"""Of the table of trust: by kind, class of order, of frequency and of alikeness."""


@cache
def trust_table() -> list[float]:
    """The table, flattened; made by `default_model.fit_escapes`."""
    table = json.loads(files("foretype_model").joinpath("data/escapes.json").read_text("utf-8"))
    flat: list[float] = np.reshape(table, SHAPE).ravel().tolist()
    return flat


def cell(kind: int, order: int, rows: int, top: int) -> int:
    """Where in the flattened table: a context of `order` bytes that occurred `rows` times, one byte
    following `top`.
    """
    frequency = min(rows.bit_length(), FREQUENCIES) - 1
    # Alike: one byte always followed, in most cases, in half of them, or less often.
    alikeness = 0 if top == rows else 1 if top >= 0.8 * rows else 2 if top >= 0.5 * rows else 3
    return ((kind * SHAPE[1] + ORDERS[order]) * FREQUENCIES + frequency) * ALIKENESSES + alikeness


def recent_levels(found: list[tuple[int, int]]) -> Iterator[Level]:
    """The longest context first, of what `Recent.find` has found: (bytes in common, byte that
    followed).
    """
    ranked = sorted(found, key=lambda pair: -pair[0])
    counts: dict[int, int] = {}
    for i, (length, byte) in enumerate(ranked):
        counts[byte] = counts.get(byte, 0) + 1
        if i + 1 == len(ranked) or ranked[i + 1][0] < length:
            rows = i + 1
            shares = {follower: count / rows for follower, count in counts.items()}
            yield Level(length, RECENT, rows, max(counts.values()), shares)


def ranges_that_count(shard: Shard, matches: Matches) -> Iterator[Range]:
    """Those that are evidence, the longest context first. Here the order is that of the longest
    context that has it.
    """
    order, ranges = matches
    for shortest, low, high in reversed(ranges):
        if order < SHORTEST or _is_too_wide(shard, low, high):
            break
        yield order, low, high
        order = shortest - 1


def indexed_levels(shard: Shard, matches: Matches) -> Iterator[Level]:
    """The longest context first."""
    known = 0
    for order, low, high in ranges_that_count(shard, matches):
        if high - low <= NARROW:
            level = _narrow_level(order, shard.visible[low:high].translate(None, SKIPPED))
        else:
            rows, top, shares = shard.shares(low, high)
            level = Level(order, INDEXED, rows, top, shares) if top else None
        # Less those that count for nothing, its followers may be those of a longer context.
        if level and level.rows > known:
            known = level.rows
            yield level


def _is_too_wide(shard: Shard, low: int, high: int) -> bool:
    """Whether more than `WIDEST` rows count, as they would, had what is masked never been
    indexed.
    """
    if high - low <= WIDEST:
        return False
    return high - low - shard.hidden > WIDEST or high - low - shard.hidden_in(low, high) > WIDEST


SKIPPED: Final = b"\xfe\xff"
"""Followers that count for nothing: those that are masked, and the ends of documents."""


def _narrow_level(order: int, followers: bytes) -> Level | None:
    rows = len(followers)
    if not rows:
        return None
    first = followers[0]
    if followers.count(first) == rows:
        return Level(order, INDEXED, rows, rows, {first: 1.0})
    counts: dict[int, int] = {}
    for byte in followers:
        counts[byte] = counts.get(byte, 0) + 1
    shares = {byte: count / rows for byte, count in counts.items()}
    return Level(order, INDEXED, rows, max(counts.values()), shares)


def merged(sources: Sequence[Iterator[Level]]) -> Iterator[Level]:
    """Levels of several sources, the longest context first, and the newest text where they are
    equally long.
    """
    if len(sources) == 1:  # half of what merging it with nothing would take
        return sources[0]
    return heapq.merge(*sources, key=lambda level: (-level[0], level[1]))


def distribution(levels: Iterator[Level]) -> NDArray[np.float32]:
    """Probabilities of the next byte, shape (256,); they sum to what is trusted at all, at most
    `MOST_TRUST`.
    """
    row, few, left = np.zeros(VOCABULARY, np.float32), dict[int, float](), 1.0
    trust = trust_table()
    for order, kind, rows, top, shares in levels:
        share = trust[cell(kind, order, rows, top)]
        given, left = left * share, left * (1 - share)
        if isinstance(shares, dict):
            for byte, part in shares.items():
                few[byte] = few.get(byte, 0.0) + given * part
        else:
            row += np.float32(given) * shares
        if left < ENOUGH:
            break
    for byte, part in few.items():
        row[byte] += part
    return row if left > 1 - MOST_TRUST else row * np.float32(MOST_TRUST / (1 - left))
