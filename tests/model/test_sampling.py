"""Sampling: properties of any distribution, and frequencies of draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.sampling import (
    adjusted,
    gumbel,
    gumbel_below,
    log_softmax,
    top_k,
    top_p,
    with_temperature,
)

LOGITS = st.lists(st.floats(-20, 20), min_size=2, max_size=40).map(np.array)


@given(LOGITS, st.floats(0.05, 5), st.integers(0, 50), st.floats(0.05, 1))
def test_adjusted_is_a_distribution(logits, temperature, k, p) -> None:
    """Adjusted probabilities sum to 1, and keep the most probable byte."""
    log_q = adjusted(log_softmax(logits), temperature, k, p)
    assert np.exp(log_q).sum() == pytest.approx(1)
    assert log_q.argmax() == logits.argmax() or np.isclose(logits[log_q.argmax()], logits.max())


@given(LOGITS)
def test_temperature_zero_is_argmax(logits) -> None:
    """Temperature 0 keeps the most probable byte alone."""
    assert np.flatnonzero(with_temperature(logits, 0) > -np.inf).tolist() == [logits.argmax()]


@given(LOGITS, st.integers(1, 40))
def test_top_k_keeps_ties(logits, k) -> None:
    """Top-k keeps the k most probable bytes, and ties with the last of them."""
    log_p = log_softmax(logits)
    kept = log_p[top_k(log_p, k) > -np.inf]
    assert len(kept) >= min(k, len(logits))
    assert (log_p > kept.min()).sum() < k


def test_rows_are_adjusted_alone() -> None:
    """Each row of several is adjusted as it would be alone."""
    rows = log_softmax(np.random.default_rng(0).normal(size=(3, 8)))
    for k, p in ((1, 1.0), (3, 1.0), (5, 0.6), (0, 0.4)):
        alone = [adjusted(row, 0.7, k, p) for row in rows]
        np.testing.assert_allclose(adjusted(rows, 0.7, k, p), alone)
        assert not k or all(np.isfinite(row).sum() <= k for row in alone)


@given(LOGITS, st.floats(0.05, 0.99))
def test_top_p_keeps_fewest(logits, p) -> None:
    """Top-p keeps the fewest bytes that hold the probability p."""
    log_p = log_softmax(logits)
    kept = np.exp(log_p[top_p(log_p, p) > -np.inf])
    assert kept.sum() >= p - 1e-9
    assert kept.sum() - kept.min() < p + 1e-9


def test_nucleus_ends_at_p() -> None:
    """A byte that alone holds the probability p is the whole nucleus."""
    log_p = np.log(np.array([0.25, 0.5, 0.25]))
    assert [np.isfinite(top_p(log_p, p)).sum() for p in (0.5, 0.51, 0.75, 0.76)] == [1, 2, 2, 3]


def test_temperature_sharpens_or_flattens() -> None:
    """A temperature below 1 sharpens the distribution, and one above 1 flattens it."""
    log_p = np.log(np.array([0.6, 0.3, 0.1]))
    assert np.exp(with_temperature(log_p, 0.5))[0] > 0.6 > np.exp(with_temperature(log_p, 2.0))[0]
    np.testing.assert_allclose(np.exp(with_temperature(log_p, 1.0)), [0.6, 0.3, 0.1])


@given(LOGITS, st.floats(-5, 5), st.integers(0, 9))
def test_conditioned_noise_keeps_order(logits, highest, seed) -> None:
    """Conditioned noise has the given maximum, and the order of the noise before."""
    perturbed = gumbel(np.random.default_rng(seed), log_softmax(logits))
    below = gumbel_below(perturbed, highest)
    assert below.max() == pytest.approx(highest, abs=1e-6)
    order = np.argsort(perturbed)
    assert (np.diff(below[order]) >= -1e-9).all()


def test_tree_draws_equal_leaf_draws() -> None:
    """Draws through a tree are as frequent as draws from its leaves."""
    rng, log_p = np.random.default_rng(0), log_softmax(np.array([0.3, -1.0, 0.8, 0.1, -0.5, 0.4]))
    counts, sides = (
        np.zeros(6),
        np.array([np.logaddexp.reduce(log_p[:3]), np.logaddexp.reduce(log_p[3:])]),
    )
    for _ in range(8000):
        left, right = gumbel_below(gumbel(rng, sides), float(rng.gumbel()))
        leaves = [
            gumbel_below(gumbel(rng, log_p[:3]), left),
            gumbel_below(gumbel(rng, log_p[3:]), right),
        ]
        counts[np.concatenate(leaves).argmax()] += 1
    np.testing.assert_allclose(counts / 8000, np.exp(log_p), atol=0.02)
