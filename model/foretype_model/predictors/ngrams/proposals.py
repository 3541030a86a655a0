"""Whole words that may follow a place in a text, straight from the lists of n-grams."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from foretype_model.predictors.ngrams.native_rows import Rows
from foretype_model.predictors.ngrams.state import OPAQUE, NgramState
from foretype_model.predictors.ngrams.vocabulary import Vocabulary

CONSIDERED_SEPARATORS, MAX_SEPARATORS = 8, 3
"""The most likely separators that are looked at, and those without a line feed that words are
proposed after.
"""

MIN_SEPARATOR_PROBABILITY: Final = 0.02


class Route(NamedTuple):
    """A way to go on: some bytes, then the rest of a word.

    Attributes:
        typed: the bytes before the word's own.
        before, last: the two tokens before the word.
        prefix: the beginning of the word that stands already.
        weight: factor of the word's probability.
    """

    typed: bytes
    before: int
    last: int
    prefix: bytes
    weight: float


class Proposals:
    """Proposes words with the lists of a model."""

    def __init__(self, rows: Rows, vocabulary: Vocabulary) -> None:
        self._rows, self._vocabulary = rows, vocabulary

    def best(self, state: NgramState, limit: int) -> list[tuple[bytes, float]]:
        """Return the bytes to type and their log-probability, the best first, `limit` at most."""
        if OPAQUE in {state.word, state.separator}:
            return []
        found: dict[bytes, float] = {}
        words, total = self._vocabulary.words, 0.0
        for route in self._routes(state):
            some = self._vocabulary.with_prefix(words, route.prefix)
            total += route.weight * self._rows.mass(route.before, route.last, some)
            best = self._rows.best(route.before, route.last, some, limit + 1)
            for token, probability in best:
                text = route.typed + self._vocabulary.text(token)[len(route.prefix) :]
                if text:
                    found[text] = found.get(text, 0) + route.weight * probability
        if not 0 < total < math.inf:  # the numbers of a forged file
            return []
        likely = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:limit]
        return [(text, math.log(mass / total)) for text, mass in likely if mass / total > 0]

    def _routes(self, state: NgramState) -> Iterator[Route]:
        """Yield the ways to go on; their weights need not sum to 1."""
        before, last, word, separator, pending = state[:5]
        if not word:
            yield from self._word_begins(state)
            if not pending:
                yield from self._separator_goes_on(before, last, separator, 1.0)
            return
        yield Route(b"", before, last, word + pending, 1.0)
        token = self._vocabulary.find(self._vocabulary.words, word)
        if token is None:
            return
        # The word ends, and a separator begins; the usual one is a space.
        ends = self._rows.mass(before, last, (token, token + 1))
        folded = self._vocabulary.folded(token)
        if not pending:
            yield Route(b" ", last, folded, b"", ends)
        yield from self._separator_goes_on(last, folded, pending, ends)

    def _word_begins(self, state: NgramState) -> Iterator[Route]:
        separator = state.soft or state.separator
        if separator in {b"", b" "}:
            yield Route(b"", state.before, state.last, state.pending, 1.0)
            return
        token = self._vocabulary.find(self._vocabulary.separators, separator)
        number = self._vocabulary.number(b"", separator)
        is_known = token is not None
        some = (number, number + 1)
        ends = self._rows.mass(state.before, state.last, some) if is_known else 1.0
        yield Route(b"", state.last, number, state.pending, ends)

    def _separator_goes_on(
        self, before: int, last: int, typed: bytes, weight: float
    ) -> Iterator[Route]:
        """Yield the separators that are longer than the typed bytes, then any word."""
        some = self._vocabulary.with_prefix(self._vocabulary.separators, typed)
        found = 0
        for token, probability in self._rows.best(before, last, some, CONSIDERED_SEPARATORS):
            rest = self._vocabulary.text(token)[len(typed) :]
            if not rest or b"\n" in rest or probability < MIN_SEPARATOR_PROBABILITY:
                continue
            yield Route(rest, last, token, b"", weight * probability)
            found += 1
            if found == MAX_SEPARATORS:
                return
