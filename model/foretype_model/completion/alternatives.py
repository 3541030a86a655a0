"""Several ghost texts for one place, that differ in their first words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import regex

from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.search import Hypothesis

MIN_ALTERNATIVE_PROBABILITY: Final = 0.02
"""A word that the user has asked for is offered if it is at least this probable."""

_FIRST_WORD: Final = regex.compile(r"\s*(?:[\w\p{M}]+|[^\w\s]+)")

_ROUNDING: Final = 1 - 1e-9
"""Keeps a word from falling short of its own probability."""


def merge(first: Iterable[Hypothesis], others: Iterable[Hypothesis]) -> list[Hypothesis]:
    """Return the words of both searches, each text once."""
    words: dict[bytes, Hypothesis] = {}
    for word in (*first, *others):
        words.setdefault(word.text, word)
    return list(words.values())


def least_confidences(
    found: list[Hypothesis], options: Options, count: int
) -> Iterator[tuple[Hypothesis, Options]]:
    """Yield the words for up to `count` ghost texts, with the options for each.

    If one is wanted, it is the first that fits. Of more, each other word has a least confidence
    that is lower by as much as the word is less probable, so that its continuation is as long as
    the first one's.
    """
    if count == 1:
        yield from ((word, options) for word in found)
        return
    best = max(math.exp(found[0].log_p), options.min_confidence) if found else 0.0
    for word in found:
        p = math.exp(word.log_p)
        if p >= MIN_ALTERNATIVE_PROBABILITY or p >= options.min_confidence:
            least = options.min_confidence * p / best * _ROUNDING
            yield word, options if p >= best else replace(options, min_confidence=least)


def distinct(offers: Iterable[Candidate]) -> list[Candidate]:
    """Return the offers whose first words no earlier offer begins with."""
    words: dict[str, Candidate] = {}
    for offer in offers:
        first = _FIRST_WORD.match(offer.text)
        words.setdefault((first[0] if first else offer.text).strip(), offer)
    return list(words.values())
