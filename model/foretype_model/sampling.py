"""Sampling: small pure functions over log-probabilities.

All take and return natural logarithms, shape (..., 256). A byte with -inf cannot be drawn.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def log_softmax(logits: Floats) -> Floats:
    """Return log-probabilities that sum to one along the last axis."""
    highest = logits.max(-1, keepdims=True)
    return cast(Floats, logits - highest - np.log(np.exp(logits - highest).sum(-1, keepdims=True)))


def with_temperature(log_p: Floats, temperature: float) -> Floats:
    """Return p^(1/temperature), normalised. Temperature 0 keeps only the most probable byte."""
    if temperature == 0:
        return np.where(
            np.arange(log_p.shape[-1]) == log_p.argmax(-1)[..., np.newaxis], 0.0, -np.inf
        )
    return log_softmax(log_p / temperature)


def top_k(log_p: Floats, k: int) -> Floats:
    """Keep only the k most probable bytes; k = 0 keeps all."""
    if k <= 0 or k >= log_p.shape[-1]:
        return log_p
    least = np.partition(log_p, -k, axis=-1)[..., -k, np.newaxis]
    return log_softmax(np.where(log_p >= least, log_p, -np.inf))


def top_p(log_p: Floats, p: float) -> Floats:
    """Keep the nucleus: the fewest most probable bytes whose probabilities sum to at least p
    (Holtzman et al. 2020).
    """
    if p >= 1:
        return log_p
    order = np.argsort(-log_p, axis=-1, kind="stable")
    ordered = np.exp(np.take_along_axis(log_p, order, -1))
    before = np.cumsum(ordered, -1) - ordered  # probability of all bytes that rank higher
    keep = np.empty(log_p.shape, bool)
    np.put_along_axis(keep, order, before < p, -1)
    return log_softmax(np.where(keep, log_p, -np.inf))


def adjusted(log_p: Floats, temperature: float, k: int, p: float) -> Floats:
    """Apply the temperature, then top-k, then top-p."""
    return top_p(top_k(with_temperature(log_p, temperature), k), p)


def gumbel(rng: np.random.Generator, log_p: Floats) -> Floats:
    """Return log_p perturbed by Gumbel noise: its argmax is a draw from p, its k largest are k
    draws without replacement.
    """
    return log_p + rng.gumbel(size=log_p.shape)


def gumbel_below(perturbed: Floats, highest: float) -> Floats:
    """Return the perturbed values G conditioned on their maximum being T = `highest` (Kool et al.
    2019, equation 23, in the stable form of appendix B.3).
    """
    largest = perturbed.max()  # Z
    if not np.isfinite(largest):
        return perturbed
    with np.errstate(divide="ignore", over="ignore"):
        # v = T - G + log(1 - exp(G - Z)); the result is T - max(0, v) - log(1 + exp(-|v|)).
        v = highest - perturbed + np.log1p(-np.exp(np.minimum(perturbed - largest, 0.0)))
        return np.where(
            perturbed == -np.inf,
            -np.inf,
            highest - np.maximum(v, 0.0) - np.log1p(np.exp(-np.abs(v))),
        )
