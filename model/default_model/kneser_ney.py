"""Interpolated Kneser-Ney estimation of trigrams of which most are pruned.

Absolute discounting with three discounts (Chen and Goodman 1998, "An empirical study of smoothing
techniques for language modeling", equation 26). N-grams are pruned by how much likelihood they add
(Stolcke 1998, "Entropy-based pruning of backoff language models"), from the longest down. The
counts of shorter n-grams are those that keep the marginals (Kneser and Ney 1995, equation 3):

    c'(v w) = c(v w) - sum over kept u v w of (c(u v w) - D)

If every trigram is kept, this is D times the number of different u, as in Kneser-Ney; if none is,
it is the count itself. So the shorter n-grams stay right however many longer ones are pruned
(compare Siivola et al. 2007, "On growing and pruning Kneser-Ney smoothed n-gram models").
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictors.ngrams.model_file import TOKEN_BITS, TOKEN_MASK, Ngrams

MIN_TRIGRAM_COUNT: Final = 2
"""Trigrams that occur once are half of all, and seldom occur again."""

MOST_DISCOUNT: Final = 0.75
"""Part of a count that is discounted at most."""

MIN_UNIGRAM_COUNT: Final = 1e-3
"""A token whose every occurrence is explained by longer n-grams keeps so much of its count."""

Integers = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]


class Counted(NamedTuple):
    """Different n-grams, as sorted numbers with the last token lowest, and how often each occurs.

    Attributes:
        context: place of each n-gram's context among the different contexts, shape (n-grams,).
        contexts: the different contexts, sorted.
        totals: occurrences of each context.
    """

    keys: NDArray[np.int64]
    counts: Floats
    context: Integers
    contexts: NDArray[np.int64]
    totals: Floats


class Estimate(NamedTuple):
    """A model: the probability of each token, shape (tokens,), and the longer n-grams."""

    unigrams: Floats
    bigrams: Ngrams
    trigrams: Ngrams


def estimate(
    tokens: Integers, starts: Integers, folded: Integers, most_bigrams: int, most_trigrams: int
) -> Estimate:
    """Estimate a model.

    Args:
        tokens: the tokens of all texts, each text beginning with two of START, shape (n,).
        starts: where each text begins.
        folded: the number of each token in contexts, shape (tokens,).
        most_bigrams: bigrams that are kept at most, and most_trigrams likewise.
    """
    bigrams, trigrams, unigrams = _count(tokens, starts, folded)
    # 1. Choose trigrams by what they add to a bigram model that is not pruned.
    shorter = _interpolated(bigrams, unigrams)
    discounted3 = trigrams.counts - discounts(trigrams.counts)
    candidates = np.flatnonzero(trigrams.counts >= MIN_TRIGRAM_COUNT)
    below = shorter[_ends(trigrams, candidates, bigrams)]
    kept3 = chosen(trigrams, discounted3, candidates, below, most_trigrams)
    # 2. Take what they explain from the counts of bigrams, and choose bigrams.
    explained = _sums(_ends(trigrams, kept3, bigrams), discounted3[kept3], len(bigrams.keys))
    rest = bigrams.counts - explained
    totals = _sums(bigrams.context, rest, len(bigrams.contexts))
    bigrams = bigrams._replace(counts=rest, totals=totals)
    discounted2 = rest - discounts(rest)
    candidates = np.flatnonzero(discounted2 > 0)
    below = unigrams[bigrams.keys[candidates] & TOKEN_MASK]
    kept2 = chosen(bigrams, discounted2, candidates, below, most_bigrams)
    # 3. The same for unigrams.
    last = bigrams.keys & TOKEN_MASK
    explained = _sums(last[kept2], discounted2[kept2], len(folded))
    counts = np.maximum(_sums(last, rest, len(folded)) - explained, MIN_UNIGRAM_COUNT)
    return Estimate(
        counts / counts.sum(),
        _ngrams(bigrams, discounted2, kept2),
        _ngrams(trigrams, discounted3, kept3),
    )


def _count(tokens: Integers, starts: Integers, folded: Integers) -> tuple[Counted, Counted, Floats]:
    """Return the bigrams and trigrams of texts, and the frequency of each token."""
    context = folded[tokens].astype(np.int64)
    is_predicted = np.ones(len(tokens), bool)
    is_predicted[starts] = is_predicted[starts + 1] = False
    at = np.flatnonzero(is_predicted)
    keys = context[at - 1] << TOKEN_BITS | tokens[at]
    bigrams = counted(keys.copy())
    trigrams = counted(context[at - 2] << 2 * TOKEN_BITS | keys)
    counts = np.bincount(tokens[at], minlength=len(folded))
    return bigrams, trigrams, counts / max(len(at), 1)


def _ends(trigrams: Counted, some: Integers, bigrams: Counted) -> Integers:
    """Return the places of the bigrams that some trigrams end in."""
    return np.searchsorted(bigrams.keys, trigrams.keys[some] & (1 << 2 * TOKEN_BITS) - 1)


def _sums(groups: Integers, values: Floats, count: int) -> Floats:
    """Return the sum of the values of each of `count` groups."""
    return np.bincount(groups, values, count).astype(np.float64)


def counted(keys: NDArray[np.int64]) -> Counted:
    """Count n-grams; sorts `keys` in place."""
    keys.sort()
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(first, append=len(keys)).astype(np.float64)
    keys = keys[first]
    del first
    before = keys >> TOKEN_BITS
    context = np.cumsum(np.diff(before, prepend=-1) != 0) - 1
    contexts = before[np.flatnonzero(np.diff(before, prepend=-1))]
    return Counted(keys, counts, context, contexts, _sums(context, counts, len(contexts)))


def discounts(counts: Floats) -> Floats:
    """Return the discount of each count: one for counts of 1, of 2, and of 3 or more."""
    rounded = np.clip(np.rint(counts), 1, 5).astype(np.int64)
    n = np.maximum(np.bincount(rounded, minlength=5), 1).astype(np.float64)
    y = n[1] / (n[1] + 2 * n[2])
    found = [0.0] + [r - (r + 1) * y * n[r + 1] / n[r] for r in (1, 2, 3)]
    # A small text has too few counts to tell a discount from.
    bounded = np.clip(np.array(found), [0, 0.5, 0.6, 0.7], [0, 0.9, 1.8, 2.7])
    # Counts less their explained parts may be below 1: some of each is left.
    discount = np.minimum(bounded[np.minimum(rounded, 3)], MOST_DISCOUNT * counts)
    return np.asarray(discount, np.float64)


def _interpolated(ngrams: Counted, shorter: Floats) -> Floats:
    """Return the probability of each n-gram, above those of last tokens alone."""
    probabilities = (ngrams.counts - discounts(ngrams.counts)) / ngrams.totals[ngrams.context]
    shares = 1 - _sums(ngrams.context, probabilities, len(ngrams.contexts))
    return np.asarray(
        probabilities + shares[ngrams.context] * shorter[ngrams.keys & TOKEN_MASK], np.float64
    )


def chosen(
    ngrams: Counted, discounted: Floats, candidates: Integers, shorter: Floats, most: int
) -> Integers:
    """Return the places of the candidates that add most to the likelihood, sorted.

    Args:
        shorter: the probability of each candidate in the model of shorter n-grams.
    """
    context = ngrams.context[candidates]
    probabilities = discounted[candidates] / ngrams.totals[context]
    shares = (1 - _sums(context, probabilities, len(ngrams.contexts)))[context]
    # Without the n-gram, its probability goes to the shorter ones.
    gain = discounted[candidates] * np.log(
        (probabilities + shares * shorter) / ((shares + probabilities) * shorter)
    )
    if len(candidates) > most:
        candidates = candidates[np.argpartition(-gain, most)[:most]]
    return np.sort(candidates)


def _ngrams(ngrams: Counted, discounted: Floats, kept: Integers) -> Ngrams:
    """Return the kept n-grams, each context's rest of the probability as its share."""
    before = ngrams.keys[kept] >> TOKEN_BITS
    first = np.flatnonzero(np.diff(before, prepend=-1))
    probabilities = discounted[kept] / ngrams.totals[ngrams.context[kept]]
    contexts = before[first]
    if ngrams.contexts.max(initial=0) > TOKEN_MASK:
        contexts = np.stack([contexts >> TOKEN_BITS, contexts & TOKEN_MASK], 1)
    shares = 1 - np.add.reduceat(probabilities, first) if len(first) else np.ones(0)
    return Ngrams(
        contexts,
        np.append(first, len(kept)),
        ngrams.keys[kept] & TOKEN_MASK,
        probabilities,
        np.clip(shares, 0, 1),
    )
