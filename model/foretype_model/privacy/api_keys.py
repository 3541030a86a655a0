"""Finds keys that their own form shows, whatever text surrounds them: a known prefix, or text too
random for words. The rules are in `key_rules`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from foretype_model.privacy.key_rules import (
    ENTROPY_RULES,
    PREFIX_RULES,
    RUN_RULES,
    EntropyRule,
    KeyRule,
)
from foretype_model.privacy.keywords import CACHED_LINES, SHORT_BYTES

MIN_KEY_LENGTH: Final = 16
MIN_RANDOM_LENGTH: Final = min(rule.min_length for rule in ENTROPY_RULES)

MIN_MEAN_PART: Final = 8
"""Mean bytes between two of the signs "+", "/", "_" and "-", at least: a path has fewer."""

MAX_SHORT_PART: Final = 3

BASE64_BYTES: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
"""The bytes of a run: letters, digits, and the signs of base64 and of its variant for URLs."""

_IS_BASE64: Final = bytes(byte in BASE64_BYTES for byte in range(256))
_DIGIT_OR_CAPITAL: Final = re.compile(rb"[A-Z0-9]")
_DIGIT: Final = re.compile(rb"[0-9]")

_DOTTED_PARTS: Final = re.compile(rb"(?:\.[\w-]*){1,4}")
"""The further parts of a JSON Web Token, and of other tokens in its form."""

_ONE_CASE: Final = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
"""Letters of one case, of which the first may be a capital, or digits."""

_WORD: Final = re.compile(rb"[A-Za-z]?[a-z]*|[A-Z]+|[0-9]+")
_WORDS: Final = re.compile(
    rb"[+/_-]*+(?:(?:[A-Z]+|[A-Za-z][a-z]*|[0-9]+)(?![A-Za-z0-9])[+/_-]*+)*+"
)
_PART: Final = re.compile(rb"[A-Za-z0-9]+")


def _any_of(rules: Iterable[KeyRule]) -> re.Pattern[bytes]:
    # Without groups, so that `re` skips to the first bytes of the alternatives: twice as fast.
    return re.compile(b"|".join(rule.regex for rule in rules))


_PREFIXED: Final = _any_of(PREFIX_RULES)
_RUN: Final = _any_of(RUN_RULES)
_DOTTED: Final = _any_of(rule for rule in (*PREFIX_RULES, *RUN_RULES) if rule.is_dotted)


def find_api_keys(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each key; keys may overlap. A key is in one line."""
    if len(text) > SHORT_BYTES:
        yield from _in_long_text(text)
        return
    place = 0
    for line in text.split(b"\n"):
        if len(line) >= MIN_KEY_LENGTH and (found := _in_line(line)):
            yield from ((place + start, place + end) for start, end in found)
        place += len(line) + 1


@lru_cache(CACHED_LINES)
def _in_line(line: bytes) -> tuple[tuple[int, int], ...]:
    return tuple(_in_long_text(line))


def _in_long_text(text: bytes) -> Iterator[tuple[int, int]]:
    # A run is a maximal sequence of base64 bytes. Its edges are where membership changes.
    inside = np.frombuffer(b"\0" + text.translate(_IS_BASE64) + b"\0", np.bool_)
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    long = ends - starts >= MIN_KEY_LENGTH
    for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
        # Most long runs are names with neither a digit nor a capital.
        if _DIGIT_OR_CAPITAL.search(text, start, end):
            yield from _with_known_form(text, start, end)
            if end - start >= MIN_RANDOM_LENGTH and not _WORDS.fullmatch(text, start, end):
                yield from _with_high_entropy(text, start, end)


def _with_known_form(text: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the keys in a run that the tables of keys know."""
    if found := _RUN.match(text, start):
        yield start, _end_of_key(text, found, end)
    for found in _PREFIXED.finditer(text, start, end):
        is_inside_word = text[max(0, found.start() - 1) : found.start()].isalnum()
        if not is_inside_word and _DIGIT_OR_CAPITAL.search(found[0]):
            yield found.start(), _end_of_key(text, found, end)


def _end_of_key(text: bytes, found: re.Match[bytes], end_of_run: int) -> int:
    if not _DOTTED.match(text, found.start()):
        return found.end()
    further = _DOTTED_PARTS.match(text, end_of_run)
    return further.end() if further else end_of_run


def _with_high_entropy(text: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the random text in a run: all of it but the words at its ends, as in base64, or single
    parts of it, as in a path.
    """
    parts = [part.span() for part in _PART.finditer(text, start, end)]
    others = [i for i, part in enumerate(parts) if not _WORD.fullmatch(text, *part)]
    low, high = others[0], others[-1]
    # Short parts at the ends may look like words by chance.
    while low > 0 and parts[low - 1][1] - parts[low - 1][0] <= MAX_SHORT_PART:
        low -= 1
    while high + 1 < len(parts) and parts[high + 1][1] - parts[high + 1][0] <= MAX_SHORT_PART:
        high += 1
    first, last = parts[low][0], parts[high][1]
    if last - first >= MIN_MEAN_PART * (high - low + 1) and _is_random(text[first:last]):
        yield first, last
    else:
        yield from (part for part in parts if _is_random(text[slice(*part)]))


def _is_random(text: bytes) -> bool:
    if len(text) < MIN_RANDOM_LENGTH:
        return False
    rule = next(rule for rule in ENTROPY_RULES if rule.regex.fullmatch(text))
    return (
        len(text) >= rule.min_length
        and not rule.allow.fullmatch(text)
        and not _has_long_runs(text, rule)
        and _entropy(text) >= rule.entropy
    )


def _has_long_runs(text: bytes, rule: EntropyRule) -> bool:
    longest = rule.max_mean_run if _DIGIT.search(text) else rule.max_mean_letter_run
    runs = _ONE_CASE.findall(text)
    return longest is not None and sum(map(len, runs)) >= longest * len(runs)


def _entropy(text: bytes) -> float:
    """Return the Shannon entropy of the bytes' frequencies, in bits a byte."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
