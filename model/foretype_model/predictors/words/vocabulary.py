"""Words as a word-level model knows them: text cut into words, and which of the known ones begin
alike.

A word is an optional run of white space, then a run of word characters or of punctuation, as in
`grammar`, but over bytes: whatever the text holds, its words put together are the text. END_OF_TEXT
is a word of its own.
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
"""The number that stands for all words outside the vocabulary."""

MAX_WORDS: Final = 20_000
"""Words of a vocabulary: those of a small corpus that occur twice are fewer, and a softmax over
more is slow.
"""

MIN_COUNT: Final = 2
"""Times that a word has to occur to be known. Those that occur once teach how often unknown words
come.
"""

NOTHING, SPACE, WORD, PUNCTUATION, END = range(5)
"""What has been read of a word: by the last byte that is not inside a code point."""

WHITE_SPACE: Final = b"\t\n\v\f\r "
IS_CONTINUATION: Final = np.arange(VOCABULARY) & 0xC0 == 0x80


def _kinds() -> NDArray[np.uint8]:
    kinds = np.full(VOCABULARY, PUNCTUATION, np.uint8)
    kinds[WORD_BYTES] = WORD
    kinds[list(WHITE_SPACE)] = SPACE
    kinds[END_OF_TEXT] = END
    return kinds


BYTE_KINDS: Final = _kinds()
"""What each byte begins, shape (256,)."""

WORD_ENDS: Final = np.stack(
    [
        np.zeros(VOCABULARY, bool),
        BYTE_KINDS == END,
        (BYTE_KINDS != WORD) & ~IS_CONTINUATION,
        BYTE_KINDS != PUNCTUATION,
        np.ones(VOCABULARY, bool),
    ]
)
"""Whether a word of each kind ends before each byte, shape (5, 256)."""


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
    """The words of a text, which put together are the text again."""
    return _WORDS.findall(text)


class Prefix(NamedTuple):
    """What has been typed of a word: all of the vocabulary that it matters for.

    Attributes:
        first, last: the words that begin with it are those from `first` up to, not including,
            `last`, in order.
        length: bytes of it.
        kind: one of NOTHING to END.
    """

    first: int
    last: int
    length: int
    kind: int

    def ends_before(self, byte: int) -> bool:
        """Whether the word is over where this byte follows."""
        return bool(WORD_ENDS[self.kind, byte])


class Branches(NamedTuple):
    """How the words that begin with a prefix go on.

    Attributes:
        bytes: that may follow, in order, shape (n,).
        starts: for each, its first word, counted from the first that is longer than the prefix,
            shape (n,).
    """

    bytes: NDArray[np.int16]
    starts: NDArray[np.int64]


class Vocabulary:
    """The known words. Each has a number, from 1, as they are given; and a place in the order of
    their bytes.
    """

    def __init__(self, words: Sequence[bytes]) -> None:
        self.words = tuple(words)
        self.word_ids = {word: number for number, word in enumerate(self.words, UNKNOWN + 1)}
        in_order = sorted(self.words)
        self.order = np.array([self.word_ids[word] for word in in_order])
        """The numbers of the words, in the order of their bytes, shape (words,)."""
        self._lengths = [len(word) for word in in_order]
        # A row for each position, so that what stands there in a range of words lies side by side;
        # -1 after the end.
        self._columns = np.full((max(self._lengths) + 1, len(words)), -1, np.int16)
        for place, word in enumerate(in_order):
            self._columns[: len(word), place] = np.frombuffer(word, np.uint8)
        self.empty = Prefix(0, len(self.words), 0, NOTHING)

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> Vocabulary:
        """The most frequent words of the texts, and the end of a text."""
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
        """The number of each word, UNKNOWN for those that are not known."""
        return [self.word_ids.get(word, UNKNOWN) for word in words]

    def extend(self, prefix: Prefix, byte: int) -> Prefix:
        """The prefix with one byte more, which does not end the word."""
        kind = int(BYTE_KINDS[byte]) if prefix.kind in {NOTHING, SPACE} else prefix.kind
        first = last = 0
        if prefix.first < prefix.last:
            column, typed = self._columns[prefix.length, prefix.first : prefix.last], np.int16(byte)
            first = prefix.first + int(column.searchsorted(typed))
            last = prefix.first + int(column.searchsorted(typed, "right"))
        return Prefix(first, last, prefix.length + 1, kind)

    def is_word(self, prefix: Prefix) -> bool:
        """Whether the prefix is a known word, which is then the first of its range."""
        return prefix.first < prefix.last and self._lengths[prefix.first] == prefix.length

    def word_id(self, prefix: Prefix) -> int:
        """The number of the word, where it ends here."""
        return int(self.order[prefix.first]) if self.is_word(prefix) else UNKNOWN

    def branches(self, prefix: Prefix) -> Branches:
        """How the words go on that begin with the prefix and are longer."""
        column = self._columns[prefix.length, prefix.first + self.is_word(prefix) : prefix.last]
        starts = np.flatnonzero(column[1:] != column[:-1]) + 1
        starts = np.concatenate([[0], starts]) if len(column) else starts
        return Branches(column[starts], starts)
