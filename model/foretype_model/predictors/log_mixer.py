"""Log-linear mixing: several next-byte distributions become one, with weights learnt online.

The base b is a member whose row sums to 1. Every other member i is first layered over the base,
so that it, too, is a whole distribution:

    x_i = v_i q_i + (1 - v_i) b,    odds(v_i) = c_i / (1 - c_i) * exp(claim_i[set])

where q_i is the member's normalised row and c_i its confidence: the probability that it assigns in
all (a predictor that knows much assigns much, see `Predictor.predict`). The layers then multiply:

    p  proportional to  b^(w_b) * product over i of (x_i / b)^(w_i)

This is logistic mixing (Mahoney 2005, "Adaptive Weighing of Context Models for Lossless Data
Compression") for 256 outcomes, or a product of experts (Hinton 2002). As in PAQ's mixers, each
member selects a weight set by how sure it is, the end of the text selects another
(`mixer_context`), and w is a sum over the selected sets. The end of the text takes 0.6 to 1.5 % off
the bits. All weights follow the gradient of the typed bytes' log-probability. Before learning,
every w is 1 or its value in the fitted table (`default_model.fit_mixer`).

Two logarithms in the place of one linear step take 0.8 % off the bits of network and `copy`, and
they make a third member pay: a word n-gram model next to a network has nothing to claim that the
network does not, but where both agree, both are right more often.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import VOCABULARY
from foretype_model.predictors import mixer_kernel
from foretype_model.predictors.mixer_context import CONTEXT_SETS
from foretype_model.predictors.mixer_kernel import NativeMixer

FULL_MASS: Final = 0.9995
"""The sum from which a row counts as whole: it does not show how much its predictor knows."""

NEARLY_FULL_MASS: Final = 0.99
"""The sum from which a row says by its highest probability alone how sure its member is: `ngrams`
assigns 0.998 everywhere.
"""

PRIOR_CLAIM: Final = 0.5
"""Confidence of a whole row above the base, as a factor of its highest probability."""

CONFIDENCE_BINS: Final = np.array([0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97])
BASE_PROBABILITY_BINS: Final = np.array([0.001, 0.01, 0.05, 0.2, 0.5, 0.8])
"""Borders of the bins that select a weight set: of a member's confidence, and of the probability
that the base gives to the member's first choice. The base selects by its own first choice alone.
"""

WEIGHT_SETS: Final = (len(CONFIDENCE_BINS) + 1) * (len(BASE_PROBABILITY_BINS) + 1)

CLAIM_LEARNING_RATE: Final = 0.3
"""Learning rate of the claims. In nine kinds of text, 0.15 to 0.4 took the fewest bits."""

EXPONENT_LEARNING_RATE: Final = 0.004
"""Learning rate of the exponents w. On held-out passages of six kinds, 0.002 to 0.005 took the
fewest bits, and 0.015 took 0.8 % more.
"""

MIN_LOG_P: Final = np.float32(-25.0)
"""Floor of a logarithm in the mixture: a member that excludes a byte must not decide alone."""

TEXT: Final = "<text>"
"""Stands for the end of the text where a member is named that selects."""

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


class MixerWeights:
    """Weights of a mixture, which the mixtures of several documents may share.

    Attributes:
        claims: by member, the addend to its log odds in each weight set, shape (WEIGHT_SETS,).
        exponents: by (selecting member, weighted member), the addend to the exponent of the second
            in each weight set of the first, shape (WEIGHT_SETS,); by (TEXT, weighted member), in
            each weight set of the text's end, shape (CONTEXT_SETS,).
        steps: the learning steps so far.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.claims: dict[str, Floats] = {}
        self.exponents: dict[tuple[str, str], Floats] = {}

    def add_members(self, names: Sequence[str]) -> None:
        """Make the weights of new members, from the fitted table if it holds for `names`."""
        fitted = fitted_exponents() if set(names) >= FITTED_MEMBERS else {}
        for name in names:
            self.claims.setdefault(name, np.zeros(WEIGHT_SETS, np.float32))
        for selecting in (TEXT, *names):
            sets = sets_of(selecting)
            for name in names:
                start = fitted.get((selecting, name), np.zeros(sets, np.float32))
                self.exponents.setdefault((selecting, name), start.copy())


def sets_of(selecting: str) -> int:
    """Return how many weight sets a member has, or the end of the text (TEXT)."""
    return CONTEXT_SETS if selecting == TEXT else WEIGHT_SETS


FITTED_MEMBERS: Final = frozenset({"network", "copy", "ngrams"})
"""The mixture for which the exponents are fitted: the predictors that are enabled by default."""


@cache
def fitted_exponents() -> Mapping[tuple[str, str], Floats]:
    """Return the fitted exponents, less 1: by (selecting member, weighted member)."""
    table = json.loads(files("foretype_model").joinpath("data/mixer.json").read_text("utf-8"))
    return {
        (selecting, weighted): np.array(values, np.float32)
        for selecting, rows in table.items()
        for weighted, values in rows.items()
    }


class Layer(NamedTuple):
    """One member, laid over the base, for several rows.

    Attributes:
        name: of the member; empty for an even base, if no member is whole.
        q: its distributions, shape (rows, 256).
        x: its layer, shape (rows, 256); for the base, q.
        log_x: the logarithm of x, at least `MIN_LOG_P`.
        claim: v, shape (rows, 1); 1 for the base.
        claim_set: the index of the weight set of the claim, shape (rows,).
        weight_set: the index of the selected weight set of exponents, shape (rows,).
    """

    name: str
    q: Floats
    x: Floats
    log_x: Floats
    claim: Floats
    claim_set: Indices
    weight_set: Indices


class Mixed(NamedTuple):
    """The mixture of several rows.

    Attributes:
        log_p: log-probabilities, shape (rows, 256).
        layers: the base, then the other members.
        selected: the selected weight set by selecting member or TEXT, shape (rows,) each.
        exponents: w of each layer, shape (layers, rows).
    """

    log_p: Floats
    layers: Sequence[Layer]
    selected: Mapping[str, Indices]
    exponents: Floats


class LogMixer:
    """The arithmetic of a `Mixture`."""

    def __init__(self, names: Sequence[str], weights: MixerWeights) -> None:
        """Mix the members `names`, and learn in `weights`."""
        self._names, self._weights = tuple(names), weights
        weights.add_members(names)
        self._native = _native(names, weights)

    @property
    def steps(self) -> int:
        """The learning steps of the weights so far."""
        return self._weights.steps

    @property
    def has_kernel(self) -> bool:
        """Whether `log_p` is computed by the kernel."""
        return self._native is not None

    def log_p(self, predictions: Floats, contexts: Sequence[int]) -> Floats:
        """Return the mixture of the members' log-probabilities, shape (members, rows, 256), as
        log-probabilities, shape (rows, 256). A row does not depend on the rows beside it.

        The kernel takes a tenth of the time of `mix`. `mix` also returns the layers, from which
        `learn` takes its gradients.
        """
        if self._native:
            return self._native.log_p(predictions, contexts)
        rows, ends = np.exp(predictions), np.array(contexts)
        bases = bases_of(rows)
        mixed = np.empty(predictions.shape[1:], np.float32)
        for base in set(bases):
            some = [one == base for one in bases]
            mixed[some] = self.mix(rows[:, some], base, ends[some]).log_p
        return mixed

    def mix(self, rows: Floats, base: int | None, contexts: Sequence[int] | Indices) -> Mixed:
        """Mix the members' probabilities `rows`, shape (members, rows, 256).

        `base` is the index of the base; None if no member is whole, and the base is even.
        `contexts` has the end of the text of each row, see `mixer_context`.
        """
        layers = [self._base(rows, base)]
        layers += [
            self._layer(name, rows[i], layers[0]) for i, name in enumerate(self._names) if i != base
        ]
        selected = {TEXT: np.asarray(contexts)}
        selected |= {layer.name: layer.weight_set for layer in layers if layer.name}
        exponents = self._exponents(layers, selected)
        # log p = w_b log b + sum of w_i (log x_i - log b), up to the normaliser.
        log_base = layers[0].log_x
        log_p = exponents[0][:, np.newaxis] * log_base
        for layer, exponent in zip(layers[1:], exponents[1:], strict=True):
            log_p += exponent[:, np.newaxis] * (layer.log_x - log_base)
        return Mixed(_normalised(log_p), layers, selected, exponents)

    def learn(self, mixed: Mixed, following: int) -> None:
        """Learn from the byte `following` that was typed after the only row of `mixed`.

        The gradients of log p(y): d/dw_i = f_i(y) - sum over bytes of p f_i, where f_i is the
        factor of w_i in `mix`. A claim learns by the gradient of its own layer's log x(y):
        v (1 - v) (q(y) - b(y)) / x(y).
        """
        self._weights.steps += 1
        base, p = mixed.layers[0], np.exp(mixed.log_p[0])
        for i, layer in enumerate(mixed.layers):
            factor = layer.log_x[0] - base.log_x[0] if i else base.log_x[0]
            gradient = float(factor[following]) - float(p @ factor)
            if layer.name:
                for selecting, sets in mixed.selected.items():
                    addends = self._weights.exponents[selecting, layer.name]
                    addends[sets[0]] += EXPONENT_LEARNING_RATE * gradient
            if i:
                v, below = float(layer.claim[0, 0]), float(base.x[0, following])
                gain = (float(layer.q[0, following]) - below) / max(
                    float(layer.x[0, following]), 1e-6
                )
                self._weights.claims[layer.name][layer.claim_set[0]] += (
                    CLAIM_LEARNING_RATE * v * (1 - v) * gain
                )

    def _base(self, rows: Floats, base: int | None) -> Layer:
        if base is None:
            even = np.full(rows.shape[1:], 1 / VOCABULARY, np.float32)
            return _base_layer("", even)
        mass = rows[base].sum(1, keepdims=True)
        return _base_layer(self._names[base], rows[base] / mass)

    def _layer(self, name: str, rows: Floats, base: Layer) -> Layer:
        """Return the layer of one member, from its probabilities, shape (rows, 256)."""
        # 1. Normalise: q sums to 1, and the mass shows how much the predictor knows.
        mass = rows.sum(1)
        q = rows / np.maximum(mass, 1e-9)[:, np.newaxis]
        # 2. Confidence c: the mass, or the highest probability of a whole row, reduced.
        best = q.argmax(1)
        rows_index = np.arange(len(q))
        confidence = np.where(mass >= FULL_MASS, PRIOR_CLAIM * q[rows_index, best], mass)
        # 3. Select the weight sets: by c, and by the base at the predictor's first choice. For the
        # exponents, the highest probability counts in a row whose mass says nothing.
        below = np.searchsorted(BASE_PROBABILITY_BINS, base.x[rows_index, best])
        claim_set = _set(confidence, below)
        sureness = np.where(mass >= NEARLY_FULL_MASS, q[rows_index, best], mass)
        weight_set = _set(sureness, below)
        # 4. The claim v, from the odds of c corrected by the learnt addend.
        odds = (
            confidence
            / np.maximum(1 - confidence, 1e-3)
            * np.exp(self._weights.claims[name][claim_set])
        )
        claim = (odds / (1 + odds))[:, np.newaxis].astype(np.float32)
        x = claim * q + (1 - claim) * base.x
        return Layer(name, q, x, _log(x), claim, claim_set, weight_set)

    def _exponents(self, layers: Sequence[Layer], selected: Mapping[str, Indices]) -> Floats:
        """Return w of each layer, shape (layers, rows): 1, and the addends of all selected sets."""
        exponents = np.ones((len(layers), len(layers[0].q)), np.float32)
        for i, layer in enumerate(layers):
            if layer.name:
                for selecting, sets in selected.items():
                    exponents[i] += self._weights.exponents[selecting, layer.name][sets]
        return exponents


def bases_of(rows: Floats) -> list[int | None]:
    """Return the base of each row: the first whole member, or None.

    `rows` has the members' probabilities, shape (members, rows, 256).
    """
    whole = rows.sum(2) >= FULL_MASS
    return [
        base if some else None
        for base, some in zip(whole.argmax(0).tolist(), whole.sum(0).tolist(), strict=True)
    ]


def shares(mixed: Mixed) -> dict[str, Floats]:
    """Return each member's share in the probability of each next byte, shape (256,) each, from a
    mixture of one row.

    A layer's factor has the exponent u_i: w_i, and w_b less the others for the base. Of this, the
    layer's own part v q / x goes to the member, and the rest to the base. The shares sum to 1; to
    less if no member is whole.
    """
    w = mixed.exponents[:, 0]
    powers = np.maximum(np.append(w[0] - w[1:].sum(), w[1:]), 0)
    own: dict[str, Floats] = {}
    base = np.full(VOCABULARY, powers[0], np.float32)
    for power, layer in zip(powers[1:], mixed.layers[1:], strict=True):
        part = layer.claim[0, 0] * layer.q[0] / np.maximum(layer.x[0], 1e-30)
        own[layer.name] = power * part
        base += power * (1 - part)
    total = np.maximum(base + sum(own.values()), 1e-30)
    found = {layer.name: own.get(layer.name, base) / total for layer in mixed.layers}
    found.pop("", None)
    return found


def _native(names: Sequence[str], weights: MixerWeights) -> NativeMixer | None:
    """Return the kernel for a mixture; None if it is not compiled, or has no room."""
    native = mixer_kernel.library()
    if native is None or len(names) > mixer_kernel.MAX_MEMBERS:
        return None
    return NativeMixer(
        native,
        mixer_kernel.Constants(FULL_MASS, NEARLY_FULL_MASS, PRIOR_CLAIM, MIN_LOG_P),
        (CONFIDENCE_BINS, BASE_PROBABILITY_BINS),
        [weights.claims[name] for name in names],
        [weights.exponents[one, two] for one in (*names, TEXT) for two in names],
    )


def _base_layer(name: str, q: Floats) -> Layer:
    highest = q.max(1)
    weight_set = np.searchsorted(CONFIDENCE_BINS, highest)
    return Layer(name, q, q, _log(q), np.ones((len(q), 1), np.float32), weight_set, weight_set)


def _set(confidence: Floats, below: Indices) -> Indices:
    """Return the index of the weight set of a confidence and of the bin of the base."""
    return np.searchsorted(CONFIDENCE_BINS, confidence) * (len(BASE_PROBABILITY_BINS) + 1) + below


def _log(x: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        logarithm: Floats = np.maximum(np.log(x), MIN_LOG_P)
    return logarithm


def _normalised(log_p: Floats) -> Floats:
    """Return `log_p` less the logarithm of each row's sum."""
    shifted = log_p - log_p.max(1, keepdims=True)
    normalised: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return normalised
