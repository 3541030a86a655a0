"""Words that the user wants never to be offered again: where they stand, and what was learnt without them.

A word is forgotten where it stands whole: with no word character right before or after it. It may have spaces in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictors.copy.history import Recent
from foretype_model.predictors.copy.index.fm_index import ERASED, MOST, Shard
from foretype_model.privacy import secret_scanner
from foretype_model.text.grammar import WORD_CHARACTER
from foretype_model.text.rope import Rope

LONGEST_CHARACTER: Final = 4
"""Bytes of UTF-8."""

_KEPT: Final = re.compile(b"[^%c]+" % ERASED)


def occurrences(text: bytes, word: bytes) -> Iterator[int]:
    """Where `word` begins, each time that it stands whole; what lies beyond the ends of `text` is no word character."""
    start = text.find(word)
    while start >= 0:
        if _is_whole(text, start, start + len(word)):
            yield start
        start = text.find(word, start + 1)


def blanked(text: bytes, words: Collection[bytes]) -> bytes:
    """As long as `text`, with ERASED for each byte of the words."""
    blank = bytearray(text)
    for word in words:
        for start in occurrences(text, word):
            blank[start : start + len(word)] = bytes([ERASED]) * len(word)
    return bytes(blank)


def kept(text: bytes, start: int, end: int, words: Collection[bytes]) -> Iterator[tuple[int, int]]:
    """The parts of `text` from `start` to `end` that belong to none of the words."""
    reach = around(words)
    first = max(0, start - reach)
    near = blanked(text[first : end + reach], words)
    for part in _KEPT.finditer(near, start - first, end - first):
        yield first + part.start(), first + part.end()


def around(words: Collection[bytes]) -> int:
    """Bytes before and after a place that say whether it belongs to one of the words."""
    return max(map(len, words), default=0) + LONGEST_CHARACTER


def unsettled(before: bytes, words: Collection[bytes]) -> int:
    """Bytes at the end of `before` that may become one of the words as the user types on."""
    return max((_begun(before, word) for word in words), default=0)


def settled(text: Rope, end: int, words: Collection[bytes]) -> int:
    """Where what may become a secret, or one of the words, begins at the end of the text before byte `end`."""
    end -= secret_scanner.unsettled(text[max(0, end - secret_scanner.REACH) : end])
    return end - unsettled(text[max(0, end - around(words)) : end], words)


def _begun(before: bytes, word: bytes) -> int:
    lengths = range(min(len(word), len(before)), 0, -1)
    begun = (n for n in lengths if before.endswith(word[:n]) and not _ends_in_word(before[: len(before) - n]))
    return next(begun, 0)


def _is_whole(text: bytes, start: int, end: int) -> bool:
    ahead, behind = text[max(0, start - LONGEST_CHARACTER) : start], text[end : end + LONGEST_CHARACTER]
    # What is no UTF-8, the end of a document or a word that is blanked, becomes a sign that no word has.
    return not _ends_in_word(ahead) and not WORD_CHARACTER.match(behind.decode(errors="replace"))


def _ends_in_word(text: bytes) -> bool:
    return bool(WORD_CHARACTER.match(text[-LONGEST_CHARACTER:].decode(errors="replace")[-1:]))


# In an index


def without_word(shard: Shard, word: bytes) -> tuple[Shard, int]:
    """The same index, in which no byte of `word` follows anything any more; and how many times it did stand there."""
    if word in shard.words:
        return shard, 0
    starts = _starts(shard, word)
    words = shard.words | {word}
    if not len(starts):
        return replace(shard, words=words), 0
    erased = np.zeros(len(shard), bool)
    for offset in range(len(word)):
        erased[starts + offset] = True
    rows = shard.rows_of(erased)
    # What is masked already, with its file or with another word, counts for nothing.
    gone = rows[np.frombuffer(shard.visible, np.uint8)[rows] != ERASED]
    count = len(np.unique(np.searchsorted(starts, shard.positions[gone], "right")))
    return replace(shard.erased(gone), words=words), count


def holds(shard: Shard, word: bytes) -> bool:
    """Whether `word` stands anywhere in the text of an index, be it masked or not."""
    return len(_starts(shard, word)) > 0


def _starts(shard: Shard, word: bytes) -> NDArray[np.int64]:
    """Where `word` begins in the text of an index, each time that it stands whole, in rising order."""
    longest, ranges = shard.find(word)
    if longest < min(len(word), MOST):
        return np.zeros(0, np.int64)
    _, low, high = ranges[-1]
    starts = np.sort(shard.positions[low:high].astype(np.int64)) - len(word)
    return np.array([start for start in starts.tolist() if _stands(shard.text, start, word)], np.int64)


def _stands(text: NDArray[np.uint8], start: int, word: bytes) -> bool:
    first, end = max(0, start - LONGEST_CHARACTER), start + len(word)
    near = text[first : end + LONGEST_CHARACTER].tobytes()
    return start >= 0 and near.startswith(word, start - first) and _is_whole(near, start - first, end - first)


# In what was typed


def forget_word(recents: Sequence[Recent], word: bytes) -> tuple[list[Recent], int]:
    """What was typed, in several logs, the newest first, without `word`; and how many times it did stand there.

    Where what follows is not known, because the user went on elsewhere, the word counts as whole. What was typed last
    goes too, if it may become the word.
    """
    gone: list[set[int]] = [set() for _ in recents]
    count = 0
    for recent, places in zip(recents, gone, strict=True):
        for piece in recent.pieces():
            text, before = piece.before + piece.text, len(piece.before)
            for start in (at for at in occurrences(text, word) if at + len(word) > before):
                count += 1
                end = start + len(word)
                places.update(range(piece.first + max(0, start - before), piece.first + end - before))
                # Its beginning was typed earlier, and something in between: "secc", a backspace, "ret".
                for i in range(start, before):
                    for other, marked in zip(recents, gone, strict=True):
                        marked.update(other.alike(text[:i], text[i]))
    if newest := recents[0].last():
        begun = min(unsettled(newest.before + newest.text, (word,)), len(newest.text))
        end = newest.first + len(newest.text)
        gone[0].update(range(end - begun, end))
    return [recent.without(places) for recent, places in zip(recents, gone, strict=True)], count


def forget_documents(recents: Sequence[Recent], are_forgotten: Callable[[str], bool]) -> list[Recent]:
    """What was typed, in several logs, without these documents."""
    return [
        recent.without(
            [
                place
                for piece in recent.pieces()
                if are_forgotten(piece.document)
                for place in range(piece.first, piece.first + len(piece.text))
            ]
        )
        for recent in recents
    ]
