"""The words of a word-level model: splitting text into words, and looking up words by prefix.

A word is an optional run of white space, then a run of word characters or of punctuation, as in
`grammar`, but over bytes: the words of any text, joined, are the text. END_OF_TEXT is a word of its
own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import END_OF_TEXT, VOCABULARY
from foretype_model.text.grammar import MAX_WORD_BYTES, WORD_BYTES

UNKNOWN: Final = 0
"""Number of all words outside the vocabulary."""

MAX_WORDS: Final = 20_000
"""Most words of a vocabulary. In a small corpus, fewer occur twice; a softmax over more is slow."""

MIN_COUNT: Final = 2
"""Least occurrences of a known word. Words that occur once teach the frequency of unknown words."""

NOTHING, SPACE, WORD, PUNCTUATION, END = range(5)
"""Kinds of prefix, by the last byte that begins a character."""

WHITE_SPACE: Final = b"\t\n\v\f\r "
IS_CONTINUATION: Final = np.arange(VOCABULARY) & 0xC0 == 0x80


def _kinds() -> NDArray[np.uint8]:
    kinds = np.full(VOCABULARY, PUNCTUATION, np.uint8)
    kinds[WORD_BYTES] = WORD
    kinds[list(WHITE_SPACE)] = SPACE
    kinds[END_OF_TEXT] = END
    return kinds


BYTE_KINDS: Final = _kinds()
"""The kind of word that each byte begins, shape (256,)."""

WORD_ENDS: Final = np.stack(
    [
        np.zeros(VOCABULARY, bool),
        BYTE_KINDS == END,
        (BYTE_KINDS != WORD) & ~IS_CONTINUATION,
        BYTE_KINDS != PUNCTUATION,
        np.ones(VOCABULARY, bool),
    ]
)
"""Whether a prefix of each kind ends as a word before each byte, shape (5, 256)."""


def _character_class(kind: int) -> bytes:
    return b"".join(
        re.escape(bytes([byte])) for byte in np.flatnonzero(kind == BYTE_KINDS).tolist()
    )


_WORDS: Final = re.compile(
    rb"[%(s)s]*+(?:[%(w)s][%(w)s\x80-\xbf]*+|[%(p)s]++)|[%(s)s]++|\xff"
    % {
        b"s": _character_class(SPACE),
        b"w": _character_class(WORD),
        b"p": _character_class(PUNCTUATION),
    }
)


def split_words(text: bytes) -> list[bytes]:
    """Return the words of a text; joined, they are the text."""
    return _WORDS.findall(text)


class Prefix(NamedTuple):
    """The typed beginning of a word, and the range of known words that begin with it.

    Attributes:
        first, last: the range `first` to `last` (excluded) in the order of the words' bytes.
        length: in bytes.
        kind: one of NOTHING to END.
    """

    first: int
    last: int
    length: int
    kind: int

    def ends_before(self, byte: int) -> bool:
        """Return whether the word ends before `byte`."""
        return bool(WORD_ENDS[self.kind, byte])


class Branches(NamedTuple):
    """The bytes that continue a prefix.

    Attributes:
        bytes: the different next bytes, ascending, shape (n,).
        starts: the first word with each of them, counted from the first word that is longer than
            the prefix, shape (n,).
    """

    bytes: NDArray[np.int16]
    starts: NDArray[np.int64]


class Vocabulary:
    """The known words, numbered from 1 as given, and also ordered by their bytes."""

    def __init__(self, words: Sequence[bytes]) -> None:
        self.words = tuple(words)
        self.word_ids = {word: number for number, word in enumerate(self.words, UNKNOWN + 1)}
        in_order = sorted(self.words)
        self.order = np.array([self.word_ids[word] for word in in_order])
        """The numbers of the words, in the order of their bytes, shape (words,)."""
        self._lengths = [len(word) for word in in_order]
        # Shape (longest word + 1, words): row i holds byte i of each word, -1 after its end, so
        # that a prefix lookup searches a contiguous range.
        self._columns = np.full((max(self._lengths) + 1, len(words)), -1, np.int16)
        for place, word in enumerate(in_order):
            self._columns[: len(word), place] = np.frombuffer(word, np.uint8)
        self.empty = Prefix(0, len(self.words), 0, NOTHING)

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> Vocabulary:
        """Return the most frequent words of the texts, and END_OF_TEXT."""
        counts: Counter[bytes] = Counter()
        for text in texts:
            counts.update(split_words(text))
        known = [
            word
            for word, count in counts.items()
            if count >= MIN_COUNT and len(word) <= MAX_WORD_BYTES
        ]
        known.sort(key=lambda word: (-counts[word], word))
        return cls([bytes([END_OF_TEXT]), *known[: MAX_WORDS - 1]])

    def encode_words(self, words: Iterable[bytes]) -> list[int]:
        """Return the number of each word, UNKNOWN for words outside the vocabulary."""
        return [self.word_ids.get(word, UNKNOWN) for word in words]

    def extend(self, prefix: Prefix, byte: int) -> Prefix:
        """Return the prefix with one more byte, which does not end the word."""
        kind = int(BYTE_KINDS[byte]) if prefix.kind in {NOTHING, SPACE} else prefix.kind
        first = last = 0
        if prefix.first < prefix.last:
            column, typed = self._columns[prefix.length, prefix.first : prefix.last], np.int16(byte)
            first = prefix.first + int(column.searchsorted(typed))
            last = prefix.first + int(column.searchsorted(typed, "right"))
        return Prefix(first, last, prefix.length + 1, kind)

    def is_word(self, prefix: Prefix) -> bool:
        """Return whether the prefix is a known word, which is then the first of its range."""
        return prefix.first < prefix.last and self._lengths[prefix.first] == prefix.length

    def word_id(self, prefix: Prefix) -> int:
        """Return the number of the prefix as a word."""
        return int(self.order[prefix.first]) if self.is_word(prefix) else UNKNOWN

    def branches(self, prefix: Prefix) -> Branches:
        """Return the next bytes of the words that are longer than the prefix."""
        column = self._columns[prefix.length, prefix.first + self.is_word(prefix) : prefix.last]
        starts = np.flatnonzero(column[1:] != column[:-1]) + 1
        starts = np.concatenate([[0], starts]) if len(column) else starts
        return Branches(column[starts], starts)
