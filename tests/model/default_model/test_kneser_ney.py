"""The estimate of n-grams, against a slow one with dictionaries."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from default_model.kneser_ney import MOST_DISCOUNT, counted, discounts, estimate
from foretype_model.predictors.ngrams.model_file import TOKEN_BITS
from foretype_model.predictors.ngrams.tokens import START

TOKENS = 9
FOLDED = np.array([0, 1, 2, 3, 4, 5, 6, 4, 5])
"""The last two tokens stand for two others in contexts, as capitalised words do."""

texts = st.lists(
    st.lists(st.sampled_from([0, *range(3, TOKENS)]), min_size=1, max_size=60),
    min_size=1,
    max_size=4,
)


def estimated(documents, most_bigrams, most_trigrams):
    parts = [np.array([START, START, *text]) for text in documents]
    starts = np.cumsum([0, *map(len, parts[:-1])])
    return estimate(np.concatenate(parts), starts, FOLDED, most_bigrams, most_trigrams)


def listed(ngrams):
    """Probabilities by n-gram, and shares by context."""
    found, shares = {}, {}
    for i, numbers in enumerate(ngrams.contexts.tolist()):
        context = tuple(numbers) if isinstance(numbers, list) else (numbers,)
        shares[context] = ngrams.shares[i]
        for j in range(ngrams.starts[i], ngrams.starts[i + 1]):
            found[*context, int(ngrams.tokens[j])] = ngrams.probabilities[j]
    return found, shares


def probability(model, u, v, w):
    """P(w | u v), interpolated as the equation says."""
    p = model.unigrams[w]
    for ngrams, context in ((model.bigrams, (v,)), (model.trigrams, (u, v))):
        found, shares = listed(ngrams)
        p = found.get((*context, w), 0) + shares.get(context, 1) * p
    return p


def discount_of(counts):
    """Chen and Goodman's discounts of a dictionary's counts, in the same bounds."""
    n = Counter(min(max(round(count), 1), 5) for count in counts.values())
    n = {r: max(n[r], 1) for r in range(1, 5)}
    y = n[1] / (n[1] + 2 * n[2])
    bounds = {1: (0.5, 0.9), 2: (0.6, 1.8), 3: (0.7, 2.7)}

    def discount(count):
        r = min(max(round(count), 1), 3)
        low, high = bounds[r]
        found = min(max(r - (r + 1) * y * n[r + 1] / n[r], low), high)
        return min(found, MOST_DISCOUNT * count)

    return discount


def slow_trigrams(documents):
    """All trigrams with their discounted probabilities, and the rest of each bigram's count."""
    counts, totals, rest = Counter(), Counter(), defaultdict(float)
    for text in documents:
        tokens = [START, START, *text]
        for u, v, w in zip(FOLDED[tokens], FOLDED[tokens[1:]], tokens[2:], strict=False):
            counts[u, v, w] += 1
            totals[u, v] += 1
            rest[v, w] += 1
    discount = discount_of(counts)
    found = {}
    for (u, v, w), count in counts.items():
        if count > 1:
            found[u, v, w] = (count - discount(count)) / totals[u, v]
            rest[v, w] -= count - discount(count)
    return found, rest


@settings(deadline=None, max_examples=60)
@given(texts)
@example([[3, 4, 5, 3, 4, 5, 3, 7, 8, 3, 4, 6] * 4])
def test_equals_slow_estimate(documents):
    """Nothing pruned but single trigrams: probabilities are those of a dictionary's counts."""
    model = estimated(documents, 10_000, 10_000)
    trigrams, rest = slow_trigrams(documents)
    assert listed(model.trigrams)[0] == pytest.approx(trigrams)
    discount, totals = discount_of(rest), Counter()
    for (v, _w), count in rest.items():
        totals[v] += count
    bigrams = {(v, w): (count - discount(count)) / totals[v] for (v, w), count in rest.items()}
    assert listed(model.bigrams)[0] == pytest.approx(bigrams)
    ends = Counter()
    for (_v, w), count in rest.items():
        ends[w] += discount(count)
    unigrams = np.array([max(ends[w], 1e-3) for w in range(TOKENS)])
    np.testing.assert_allclose(model.unigrams, unigrams / unigrams.sum())


@settings(deadline=None, max_examples=40)
@given(texts, st.integers(0, 20), st.integers(0, 10))
def test_distributions_sum_to_one(documents, most_bigrams, most_trigrams):
    """However many n-grams are pruned, the probabilities after any two tokens sum to 1."""
    model = estimated(documents, most_bigrams, most_trigrams)
    assert len(model.bigrams.tokens) <= most_bigrams
    assert len(model.trigrams.tokens) <= most_trigrams
    for u in (START, 3, 4):
        for v in (START, 3, 5):
            total = sum(probability(model, u, v, w) for w in range(TOKENS))
            assert total == pytest.approx(1)


def test_pruning_keeps_the_marginals():
    """Without trigrams, bigrams have their plain frequency, less the discount."""
    text = [3, 4, 5, 3, 4, 6, 3, 4, 5] * 20
    pruned = estimated([text], 1000, 0)
    found, shares = listed(pruned.bigrams)
    assert found[3, 4] == pytest.approx(1, abs=0.05)
    assert found[4, 5] == pytest.approx(2 / 3, abs=0.05)
    assert shares[3,] < 0.05


def test_keeps_the_most_useful():
    """Of two trigrams with the same count, the one that bigrams predict worse is kept."""
    # After 4, 5 is usual; after 6 4, it is always 3. After 3 4, it is 5, as after any 4.
    text = ([3, 4, 5] * 30 + [6, 4, 3] * 10) * 2
    model = estimated([text], 1000, 2)
    assert (6, 4, 3) in listed(model.trigrams)[0]


def test_counts_each_ngram():
    """Counting gives each n-gram its count, and each context its total."""
    keys = np.array(
        [5 << TOKEN_BITS | 1, 3 << TOKEN_BITS | 2, 5 << TOKEN_BITS | 1, 5 << TOKEN_BITS]
    )
    found = counted(keys)
    assert found.counts.tolist() == [1, 1, 2]
    assert found.contexts.tolist() == [3, 5]
    assert found.totals.tolist() == [1, 3]
    assert found.context.tolist() == [0, 1, 1]


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=50))
def test_discount_leaves_a_rest(counts):
    """A discount is positive, and less than the count."""
    counts = np.array(counts)
    assert (discounts(counts) > 0).all()
    assert (discounts(counts) < counts).all()
