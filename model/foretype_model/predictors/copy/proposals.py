"""Whole words that followed the end of a text before, in recent text and in the workspace.

The words come from the indexed text, so masked and forgotten text is never proposed.
Words after longer contexts come first: each context shares out what longer ones left, as in
prediction by partial matching with escape method C (Moffat 1990, "Implementing the PPM data
compression scheme").
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import numpy as np
import regex

from foretype_model.predictor import END_OF_TEXT, ERASED
from foretype_model.predictors.copy.history import MatchHistory
from foretype_model.predictors.copy.index.fm_index import FMIndex, SearchState
from foretype_model.predictors.copy.ppm import usable_ranges
from foretype_model.text.grammar import MAX_WORD_BYTES, UNSPACED_SCRIPTS

MAX_ROWS: Final = 96
"""Rows of a range of an index that are read, evenly spaced: 0.1 ms."""

MIN_REMAINING: Final = 0.02
"""Once less than this remains, shorter contexts are not asked."""

MAX_NEAR_PLACES: Final = 24
MAX_NEAR_STEPS: Final = 400
"""The newest places of recent text at which a word begins like the typed one: those that are read,
and those that are looked at, inside of words too (0.1 ms).
"""

BOUNDARIES: Final = tuple(bytes((byte,)) for byte in b" \n\t.([{\"'@=,:*-")
"""Bytes after which names begin in code. An index is asked for each of them (0.05 ms)."""

WORD_BYTES: Final = frozenset(
    [*b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz", *range(0x80, END_OF_TEXT)]
)
"""Bytes before which no name begins: of ASCII words, and of all other scripts."""

DOT: Final = b"."

DEFINING: Final = (b"def ", b"fn ", b"func ", b"function ")
"""Keywords before a name that may be called after a dot, though it has not been yet."""

DEFINING_HERE: Final = (b"  def ", b"\tdef ", b"  async def ", b"\tasync def ", *DEFINING[1:])
"""The keywords of DEFINING as they count in recent text: `def` only where it is indented, since a
Python module calls its own functions without a dot.
"""

_WORD: Final = regex.compile(r"[\w\p{M}]+")
_TYPED: Final = regex.compile(r"[\w\p{M}]*\Z")

Followers = list[tuple[int, str]]
"""The order of each place (bytes of context in common), and the rest of the word that follows."""


def best(
    tail: bytes,
    histories: Iterable[MatchHistory],
    segments: Sequence[tuple[FMIndex, SearchState]],
    limit: int,
) -> list[tuple[bytes, float]]:
    """Return the rests of words that followed `tail`, with their log-probabilities.

    Args:
        tail: the end of the text.
        histories: recent text.
        segments: the indexes of the workspace, each with the rows of the tail.
        limit: of the words, the most probable first.
    """
    typed = _TYPED.search(tail.decode(errors="replace"))
    prefix = typed[0].encode() if typed else b""
    if len(prefix) >= len(tail):  # the word began before the context
        return []
    texts = [*histories], segments
    if tail[: len(tail) - len(prefix)].endswith(DOT):
        # After a dot come the names that followed one, then those of functions; if there are none,
        # all names.
        followers = [*_followers(tail, prefix, DOT, texts), *_defined(prefix, texts)]
        followers = followers or (_followers(tail, prefix, b"", texts) if prefix else [])
    else:
        followers = _followers(tail, prefix, b"", texts)
    found = sorted(blended(followers).items(), key=lambda item: (-item[1], item[0]))
    return [(word.encode(), math.log(p)) for word, p in found[:limit]]


def blended(followers: Followers) -> dict[str, float]:
    """Return the probabilities of the words that follow, summing to less than 1."""
    ranked = sorted(followers, key=lambda follower: -follower[0])
    counts, probabilities, remaining = Counter[str](), dict[str, float](), 1.0
    for i, (order, word) in enumerate(ranked):
        # A place with n bytes in common counts for all contexts up to n.
        counts[word] += 1
        if i + 1 < len(ranked) and ranked[i + 1][0] == order:
            continue
        total = i + 1 + len(counts)
        for other, count in counts.items():
            probabilities[other] = probabilities.get(other, 0.0) + remaining * count / total
        remaining *= len(counts) / total
        if remaining < MIN_REMAINING:
            break
    return probabilities


def _followers(
    tail: bytes,
    prefix: bytes,
    boundary: bytes,
    texts: tuple[Sequence[MatchHistory], Sequence[tuple[FMIndex, SearchState]]],
) -> Followers:
    """Return the rests of words after `tail`, and of the words anywhere that begin with `prefix`.

    These stand after `boundary`, or if that is empty, after any byte that is of no word.
    """
    histories, segments = texts
    followers: Followers = []
    for history in histories:
        if history:
            followers += _in_history(history, tail, prefix, boundary)
    boundaries = ([boundary] if boundary else BOUNDARIES) if prefix or boundary else []
    for segment, matches in segments:
        contexts = [byte + prefix for byte in boundaries]
        followers += _in_index(segment, matches, len(prefix), contexts)
    return followers


def _defined(
    prefix: bytes, texts: tuple[Sequence[MatchHistory], Sequence[tuple[FMIndex, SearchState]]]
) -> Followers:
    """Return the rests of the names of functions that begin with `prefix`, with an order below that
    of all contexts.
    """
    histories, segments = texts
    words: list[str] = []
    for history in filter(None, histories):
        for keyword in DEFINING_HERE:
            places = islice(_newest(history, keyword, prefix), MAX_NEAR_PLACES)
            words += [_word_at(history, at) for at in places]
    contexts = [keyword + prefix for keyword in DEFINING]
    for segment, _ in segments:
        words += [word for _, word in _in_index(segment, segment.start(), len(prefix), contexts)]
    return [(0, word) for word in words if word]


def _in_history(
    history: MatchHistory, tail: bytes, prefix: bytes, boundary: bytes
) -> Iterator[tuple[int, str]]:
    """Yield the order and rest of the word at each place in recent text."""
    # Only a longer context reaches back to where the word began.
    places = {at: order for at, order in history.places(tail).items() if order > len(prefix)}
    if boundary or prefix:
        for at in islice(_newest(history, boundary, prefix), MAX_NEAR_PLACES):
            places.setdefault(at, len(boundary + prefix))
    for at, order in places.items():
        if word := _word_at(history, at):
            yield order, word


def _newest(history: MatchHistory, boundary: bytes, prefix: bytes) -> Iterator[int]:
    """Yield the newest places after `prefix` where a word begins with it, after `boundary`, or if
    that is empty, after any byte that is of no word.
    """
    for before, at in history.newest_after(boundary + prefix, MAX_NEAR_STEPS):
        if boundary or before not in WORD_BYTES:
            yield at


def _word_at(history: MatchHistory, at: int) -> str:
    """Return the word, or the rest of one, at a place in recent text."""
    piece = history.piece(at)
    first = at - piece.first
    return _word_in(piece.text[first : first + MAX_WORD_BYTES])


def _in_index(
    segment: FMIndex, matches: SearchState, typed: int, contexts: Iterable[bytes]
) -> Iterator[tuple[int, str]]:
    """Yield the same for the rows of an index, and for those of some shorter `contexts`."""
    ranges = [found for found in usable_ranges(segment, matches) if found[0] > typed]
    for context in contexts:
        order, found = segment.find(context)
        if order == len(context):
            ranges.append((order, *found[-1][1:]))
    for i, (order, low, high) in enumerate(ranges):
        for row in np.linspace(low, high - 1, min(high - low, MAX_ROWS)).astype(int).tolist():
            is_new = not any(first <= row < end for _, first, end in ranges[:i])
            if is_new and segment.bwt_masked[row] < ERASED:
                position = int(segment.suffix_array[row])
                word = _word_in(segment.text[position : position + MAX_WORD_BYTES].tobytes())
                if word:
                    yield order, word


def _word_in(following: bytes) -> str:
    """Return the word that a text begins with, if it is whole and of a script with spaces."""
    text = following.decode(errors="replace")
    word = _WORD.match(text)
    # A replacement character is a masked byte, or the end of a document.
    if word is None or word.end() == len(text) or text[word.end()] == "\ufffd":
        return ""
    return "" if UNSPACED_SCRIPTS.search(word[0]) else word[0]
