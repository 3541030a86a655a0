"""The rows of an n-gram model, with numpy: the mass of a range of tokens is a difference of sums.

The kernel computes the same numbers in 5 us a row, from the lists alone. This takes 4 ms for each
new context.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import VOCABULARY
from foretype_model.predictors.ngrams.model_file import (
    CODE_LEVELS,
    LEAST_LOG,
    TOKEN_BITS,
    TOKEN_MASK,
    NgramArrays,
    trigram_starts,
)
from foretype_model.predictors.ngrams.query import Query
from foretype_model.predictors.ngrams.tokens import UNKNOWN_SEPARATOR, UNKNOWN_WORD
from foretype_model.predictors.ngrams.vocabulary import Vocabulary

CACHED_CONTEXTS: Final = 16
"""Contexts whose sums are cached, of 2 MB each."""

ESCAPE: Final = 0.002
"""Part of a row that is always left to other predictors, so that no byte is impossible."""

UNKNOWN_ENDS: Final = 0.5
"""How likely it is that an unknown separator has ended."""

Floats = NDArray[np.float64]


class Branches(NamedTuple):
    """The tokens of a range that are longer than its prefix, by the byte that comes next.

    Attributes:
        bytes: the different bytes, ascending, shape (n,).
        borders: where the tokens with each begin, and where the last of them end, shape (n + 1,).
    """

    bytes: NDArray[np.uint8]
    borders: NDArray[np.int64]


def unigram_sums(arrays: NgramArrays) -> Floats:
    """Return the sums of the unigram probabilities below each token, shape (tokens + 1,)."""
    sums = np.zeros(len(arrays.words) + 1)
    probabilities = sums[1:]  # in place: a copy takes 2 MB
    probabilities[:] = arrays.words >> np.uint32(TOKEN_BITS)
    probabilities *= LEAST_LOG / (CODE_LEVELS - 1)
    np.exp(probabilities, out=probabilities)
    probabilities /= probabilities.sum()
    np.cumsum(probabilities, out=probabilities)
    return sums


def unpacked(entries: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the tokens and codes of entries of 3 bytes, shape (n, 3)."""
    low, middle, high = entries.astype(np.int64).T
    return low | middle << 8 | (high & 3) << 16, high >> 2


class NumpyRows:
    """Computes rows without the kernel."""

    def __init__(self, arrays: NgramArrays) -> None:
        self.arrays = arrays
        sizes = arrays.sizes
        self._starts = arrays.starts.astype(np.int64)
        self._unigrams = np.diff(unigram_sums(arrays))
        self._trigram_starts = trigram_starts(arrays)
        self.vocabulary = Vocabulary(arrays)
        self._words, self._separators = self.vocabulary.words, self.vocabulary.separators
        self._soft_breaks = sizes.soft_breaks / 1000
        self._sums = lru_cache(CACHED_CONTEXTS)(self._context_sums)
        self._branches = lru_cache(CACHED_CONTEXTS)(self._find_branches)

    def rows(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """Return the log-probabilities of the next byte, shape (queries, 256)."""
        with np.errstate(divide="ignore"):
            return np.log(np.stack([self._row(query) for query in queries])).astype(np.float32)

    def mass(self, before: int, last: int, tokens: tuple[int, int]) -> float:
        """Return the probability of the tokens from the first to the second after two tokens."""
        return self._mass(self._sums(before, last), *tokens)

    def best(
        self, before: int, last: int, tokens: tuple[int, int], limit: int
    ) -> list[tuple[int, float]]:
        """Return the most likely of the tokens from the first to the second after two tokens.

        With their probabilities, the best first, `limit` at most.
        """
        first, end = tokens
        masses = np.diff(self._sums(before, last)[first : end + 1])
        places = np.arange(len(masses))
        if limit < len(masses):
            # To sort all 256,000 words took as long as the rest of a menu.
            places = np.flatnonzero(masses >= np.partition(masses, -limit)[-limit])
        order = places[np.argsort(-masses[places], kind="stable")[:limit]]
        return [(first + i, float(masses[i])) for i in order.tolist()]

    def _row(self, query: Query) -> Floats:
        row = np.zeros(VOCABULARY)
        total = self._word_row(query, row) if query.word else self._separator_row(query, row)
        return np.maximum(row, 0) * ((1 - ESCAPE) / total) if total > 0 else np.zeros(VOCABULARY)

    def _word_row(self, query: Query, row: Floats) -> float:
        """Fill a row within a word: it goes on, or it ends and a separator begins.

        Return the mass of all that is possible, known or not.
        """
        sums = self._sums(query.before, query.last)
        prefix = query.word + query.pending
        self._add_longer(sums, self._words, prefix, 1.0, row)
        total = self._prefix_mass(sums, prefix)
        token = self.vocabulary.find(self._words, query.word)
        if token is None:
            return total
        following = self._sums(query.last, self.vocabulary.folded(token))
        ends = self._mass(sums, token, token + 1)
        part = self._add_separators(query, following, ends, row)
        return total + part if query.pending else total

    def _separator_row(self, query: Query, row: Floats) -> float:
        """Fill a row within a separator: it goes on, or it ends and a word begins."""
        sums = self._sums(query.before, query.last)
        prefix = query.separator + query.pending
        # 1. Longer separators.
        low, high = self.vocabulary.with_prefix(self._separators, prefix)
        self._add_longer(sums, self._separators, prefix, 1.0, row)
        equal = self.vocabulary.find(self._separators, prefix)
        total = self._mass(sums, low + (equal is not None), high)
        spaced = self.vocabulary.find(self._separators, prefix + b" ") if prefix else None
        if spaced is not None:
            self._break_lines(query, self._mass(sums, spaced, spaced + 1), row)
        # 2. Words after this separator: a space is none, and a soft break counts as a space.
        unknown = self._mass(sums, UNKNOWN_SEPARATOR, UNKNOWN_SEPARATOR + 1)
        unknown *= (high - low) / self.arrays.sizes.first_word if low < high else 1
        ended, scale = query.separator, 1.0
        if query.soft:
            ended, scale = query.soft, self._soft_breaks
        if ended in {b"", b" "}:
            return total + unknown + self._add_words(query, sums, scale, row)
        token = self.vocabulary.find(self._separators, ended)
        ends = unknown * UNKNOWN_ENDS
        if token is not None:
            ends = scale * self._mass(sums, token, token + 1)
        following = self._sums(
            query.last, self.vocabulary.breaks_class(query.separator) if token is None else token
        )
        part = self._add_words(query, following, ends / self._words_mass(following), row)
        return total + unknown - (ends if token is None else 0) + part

    def _add_separators(self, query: Query, sums: Floats, scale: float, row: Floats) -> float:
        """Add the separators that begin with the pending bytes; return their part of `scale`."""
        scale /= sums[-1]
        self._add_longer(sums, self._separators, query.pending, scale, row)
        if not query.pending:
            words = scale * self._words_mass(sums)
            row[ord(" ")] += words
            self._break_lines(query, words, row)
            return scale * float(sums[-1])
        token = self.vocabulary.find(self._separators, query.pending + b" ")
        if token is not None:
            self._break_lines(query, scale * self._mass(sums, token, token + 1), row)
        return scale * self._mass(
            sums, *self.vocabulary.with_prefix(self._separators, query.pending)
        )

    def _add_words(self, query: Query, sums: Floats, scale: float, row: Floats) -> float:
        """Add the words that begin with the pending bytes; return their part of `scale`."""
        self._add_longer(sums, self._words, query.pending, scale, row)
        return scale * self._prefix_mass(sums, query.pending)

    def _break_lines(self, query: Query, spaces: float, row: Floats) -> None:
        """Move some of a space's mass to a line feed, where a line may be broken."""
        if query.may_break:
            row[ord("\n")] += self._soft_breaks * spaces
            row[ord(" ")] -= self._soft_breaks * spaces

    def _add_longer(
        self, sums: Floats, kind: range, prefix: bytes, scale: float, row: Floats
    ) -> None:
        """Add `scale` times the mass of the longer tokens to the byte that they go on with."""
        branches = self._branches(kind, prefix)
        row[branches.bytes] += scale * np.diff(sums[branches.borders])

    def _prefix_mass(self, sums: Floats, prefix: bytes) -> float:
        """Return the mass of words with a prefix, unknown ones among them.

        Those are assumed to begin as the known words do, each counted once.
        """
        low, high = self.vocabulary.with_prefix(self._words, prefix)
        unknown = self._mass(sums, UNKNOWN_WORD, UNKNOWN_WORD + 1)
        return self._mass(sums, low, high) + unknown * (high - low) / max(len(self._words), 1)

    def _words_mass(self, sums: Floats) -> float:
        words = self._mass(sums, self._words.start, self._words.stop)
        return words + self._mass(sums, UNKNOWN_WORD, UNKNOWN_WORD + 1)

    @staticmethod
    def _mass(sums: Floats, low: int, high: int) -> float:
        return float(sums[high] - sums[low])

    def _context_sums(self, before: int, last: int) -> Floats:
        """Return the sums of the probabilities below each token, shape (tokens + 1,).

        P(w | u v) = a(u v w) + share(u v) (a(v w) + share(v) P(w))
        """
        arrays = self.arrays
        probabilities = self._unigrams
        place = _place(arrays.keys2 & TOKEN_MASK, last)
        if place is not None:
            share = (int(arrays.keys2[place]) >> TOKEN_BITS) / (CODE_LEVELS - 1)
            probabilities = share * probabilities
            tokens, codes = unpacked(arrays.bigrams[slice(*arrays.starts2[place : place + 2])])
            np.add.at(probabilities, tokens, arrays.tables[0][codes])
        place = _place(arrays.outer3, before)
        if place is not None:
            first, end = arrays.outer_starts3[place : place + 2]
            seconds, codes = unpacked(arrays.keys3[first:end])
            at = _place(seconds, last)
            if at is not None:
                probabilities = float(arrays.tables[2][codes[at]]) * probabilities
                lists = slice(*self._trigram_starts[first + at : first + at + 2])
                tokens, codes = unpacked(arrays.trigrams[lists])
                np.add.at(probabilities, tokens, arrays.tables[1][codes])
        return np.concatenate([[0.0], np.cumsum(probabilities)])

    def _find_branches(self, kind: range, prefix: bytes) -> Branches:
        low, high = self.vocabulary.with_prefix(kind, prefix)
        low += self.vocabulary.find(kind, prefix) is not None
        following = self.arrays.text[self._starts[low:high] + len(prefix)]
        borders = low + np.flatnonzero(np.diff(following, prepend=-1, append=-1).astype(bool))
        if low >= high:
            return Branches(following, np.array([low]))
        return Branches(self.arrays.text[self._starts[borders[:-1]] + len(prefix)], borders)


def _place(keys: NDArray[Any], key: int) -> int | None:
    """Return the place of a key in sorted keys, or None."""
    place = int(np.searchsorted(keys, key))
    return place if place < len(keys) and keys[place] == key else None
