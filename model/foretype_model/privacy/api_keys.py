"""Tokens that are known by their prefixes, and what is too random to be a word: secrets whatever
stands around them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np

MIN_KEY_LENGTH: Final = 16
MIN_RANDOM_LENGTH: Final = 20
MIN_HEX_LENGTH: Final = 32
"""A checksum looks like a key and is taken for one; the short form of a commit's is not."""

MAX_MEAN_RUN: Final = 3.5
MAX_MEAN_LETTER_RUN: Final = 2.3
"""Letters of one case, or digits, that follow one another: in random text fewer than that on
average, in names more. Where there is no digit at all, the latter counts.
"""

MIN_ENTROPY: Final = 3.5
MIN_HEX_ENTROPY: Final = 3.0
"""Entropy of a byte: what repeats itself, as a date or a ruler does, is not random."""

MIN_MEAN_PART: Final = 8
"""There are more bytes than that, on average, between two of the signs of base64; in a path there
are fewer.
"""

MAX_SHORT_PART: Final = 3

BASE64_BYTES: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
"""What stands in a run: letters, digits and the signs of base64."""

_IS_BASE64: Final = bytes(byte in BASE64_BYTES for byte in range(256))
_DIGIT_OR_CAPITAL: Final = re.compile(rb"[A-Z0-9]")

_API_KEY: Final = re.compile(
    rb"A(?:KI|SI|BI|CC)A[A-Z0-9]{16}|LTAI\w{12,}|AIza[\w-]{30,}|GOCSPX-[\w-]{20,}|AGE-SECRET-KEY-1\w{20,}"
    rb"|gh[pousr]_\w{20,}|github_pat_\w{20,}|gl[a-z]{2,6}-[\w-]{16,}|npm_\w{30,}|pypi-[\w-]{16,}|dckr_pat_[\w-]{16,}"
    rb"|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|services/T\w{6,}/B\w{6,}/\w{16,}|[spr]k_(?:live|test)_\w{10,}"
    rb"|whsec_[A-Za-z0-9+/]{16,}|sk-[\w-]{18,}|hf_\w{20,}|do[opr]_v1_\w{20,}|shp[a-z]{2}_\w{20,}|sq0[a-z]{3}-[\w-]{20,}"
    rb"|lin_api_\w{20,}|key-[0-9a-f]{32}|eyJ[\w-]{10,}"
)
_PARTS: Final = re.compile(rb"(?:\.[\w-]*){1,4}")
"""The rest of a JSON Web Token, and of others that are made like it."""

_DISCORD: Final = re.compile(rb"[MNO][DTjz][\w-]{21,26}\.[\w-]{6}\.[\w-]*")
_TELEGRAM: Final = re.compile(rb"AA[\w-]{28,}")
_DOTTED: Final = (b"SG.", b"ya29.", b"hvs.")
"""Prefixes that end in a dot."""

_DIGIT: Final = re.compile(rb"[0-9]")
_PIECE: Final = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_WORD: Final = re.compile(rb"[A-Za-z]?[a-z]*|[A-Z]+|[0-9]+")
_WORDS: Final = re.compile(
    rb"[+/_-]*+(?:(?:[A-Z]+|[A-Za-z][a-z]*|[0-9]+)(?![A-Za-z0-9])[+/_-]*+)*+"
)
_HEX: Final = re.compile(rb"[0-9a-f]+|[0-9A-F]+")
_PART: Final = re.compile(rb"[A-Za-z0-9]+")


def find_api_keys(text: bytes) -> Iterator[tuple[int, int]]:
    """Where each begins and ends; they may overlap."""
    inside = np.frombuffer(b"\0" + text.translate(_IS_BASE64) + b"\0", np.bool_)
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    long = ends - starts >= MIN_KEY_LENGTH
    for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
        # Most long runs are names with neither a digit nor a capital.
        if _DIGIT_OR_CAPITAL.search(text, start, end):
            yield from _with_known_prefix(text, start, end)
            if end - start >= MIN_RANDOM_LENGTH and not _WORDS.fullmatch(text, start, end):
                yield from _with_high_entropy(text, start, end)


def _with_known_prefix(text: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The tokens in a run whose prefix is known."""
    if text.endswith(_DOTTED, 0, start):
        yield start, _end_of_parts(text, end)
    elif text[max(0, start - 2) : start - 1].isdigit() and text.endswith(b":", 0, start):
        if _TELEGRAM.match(text, start):
            yield start, end
    elif found := _DISCORD.match(text, start):
        yield found.span()
    for found in _API_KEY.finditer(text, start, end):
        key, inside_a_word = (
            found.group(),
            text[max(0, found.start() - 1) : found.start()].isalnum(),
        )
        if not inside_a_word and (key != key.lower() or _DIGIT.search(key)):
            yield (
                found.start(),
                _end_of_parts(text, end) if key.startswith(b"eyJ") else found.end(),
            )


def _end_of_parts(text: bytes, end: int) -> int:
    more = _PARTS.match(text, end)
    return more.end() if more else end


def _with_high_entropy(text: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What is random in a run: all of it, as base64 is, but for words around it, as in a path; or
    some of its parts.
    """
    parts = [part.span() for part in _PART.finditer(text, start, end)]
    others = [i for i, part in enumerate(parts) if not _WORD.fullmatch(text, *part)]
    low, high = others[0], others[-1]
    # What is short at the ends may look like a word by chance.
    while low > 0 and parts[low - 1][1] - parts[low - 1][0] <= MAX_SHORT_PART:
        low -= 1
    while high + 1 < len(parts) and parts[high + 1][1] - parts[high + 1][0] <= MAX_SHORT_PART:
        high += 1
    first, last = parts[low][0], parts[high][1]
    if last - first >= MIN_MEAN_PART * (high - low + 1) and _is_random(text[first:last]):
        yield first, last
    else:
        yield from (part for part in parts if _is_random(text[slice(*part)]))


def _is_random(run: bytes) -> bool:
    if len(run) < MIN_RANDOM_LENGTH:
        return False
    if _HEX.fullmatch(run):
        return len(run) >= MIN_HEX_LENGTH and not run.isdigit() and _entropy(run) >= MIN_HEX_ENTROPY
    pieces = _PIECE.findall(run)
    longest = MAX_MEAN_RUN if _DIGIT.search(run) else MAX_MEAN_LETTER_RUN
    return sum(map(len, pieces)) < longest * len(pieces) and _entropy(run) >= MIN_ENTROPY


def _entropy(run: bytes) -> float:
    """The entropy of its bytes."""
    return -sum(count / len(run) * math.log2(count / len(run)) for count in Counter(run).values())
