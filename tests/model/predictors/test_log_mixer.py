"""Log-linear mixing follows its gradients, and starts from the fitted table."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.predictor import VOCABULARY
from foretype_model.predictors import log_mixer, mixer_context
from foretype_model.predictors.log_mixer import (
    CLAIM_LEARNING_RATE,
    EXPONENT_LEARNING_RATE,
    TEXT,
    LogMixer,
    MixerWeights,
    sets_of,
)
from foretype_model.predictors.mixer_context import START

NAMES = ("network", "copy", "other")


@st.composite
def distributions(draw) -> np.ndarray:
    """Rows of three members, shape (3, 1, 256): a whole one, and two of any mass."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = random.dirichlet(np.full(VOCABULARY, draw(st.sampled_from([0.1, 10.0]))), (3, 1))
    masses = [1.0, draw(st.sampled_from([0.0, 0.3, 0.95])), draw(st.sampled_from([0.5, 1.0]))]
    return (rows * np.reshape(masses, (3, 1, 1))).astype(np.float32)


@settings(deadline=None, max_examples=40)
@given(rows=distributions(), byte=st.integers(0, 255))
def test_exponents_follow_numerical_gradient(rows, byte) -> None:
    """A step of an exponent is the gradient of the typed byte's log-probability."""
    weights = MixerWeights()
    mixer = LogMixer(NAMES, weights)
    mixer.learn(mixer.mix(rows, 0, [START]), byte)
    learnt = {pair: values.copy() for pair, values in weights.exponents.items()}
    for pair, values in learnt.items():
        weights = MixerWeights()
        mixer, log_p = LogMixer(NAMES, weights), []
        for change in (0.02, -0.02):
            weights.exponents[pair][:] = change
            log_p.append(float(mixer.mix(rows, 0, [START]).log_p[0, byte]))
        expected = (log_p[0] - log_p[1]) / 0.04
        assert values.sum() / EXPONENT_LEARNING_RATE == pytest.approx(expected, abs=0.05, rel=0.02)


@settings(deadline=None, max_examples=40)
@given(rows=distributions(), byte=st.integers(0, 255))
def test_claims_follow_their_layer(rows, byte) -> None:
    """A step of a claim is the gradient of its own layer's log-probability of the typed byte."""
    weights = MixerWeights()
    mixer = LogMixer(NAMES, weights)
    if min(layer.x[0, byte] for layer in mixer.mix(rows, 0, [START]).layers) < 1e-4:
        return
    mixer.learn(mixer.mix(rows, 0, [START]), byte)
    learnt = {name: float(values.sum()) for name, values in weights.claims.items()}
    for i, name in enumerate(NAMES[1:], 1):
        weights = MixerWeights()
        mixer, log_x = LogMixer(NAMES, weights), []
        for change in (0.02, -0.02):
            weights.claims[name][:] = change
            log_x.append(float(mixer.mix(rows, 0, [START]).layers[i].log_x[0, byte]))
        expected = (log_x[0] - log_x[1]) / 0.04
        assert learnt[name] / CLAIM_LEARNING_RATE == pytest.approx(expected, abs=0.05, rel=0.02)


def test_fitted_table_is_complete() -> None:
    """The shipped table has a row of finite values for each pair of the default predictors."""
    table = log_mixer.fitted_exponents()
    members = log_mixer.FITTED_MEMBERS
    assert set(table) == {(one, two) for one in (TEXT, *members) for two in members}
    for (selecting, _), row in table.items():
        assert row.shape == (sets_of(selecting),)
        assert np.isfinite(row).all()


def test_other_mixtures_start_neutral() -> None:
    """Without one of the default predictors, all exponents start at 1."""
    weights = MixerWeights()
    weights.add_members(["network", "copy"])
    assert not any(values.any() for values in weights.exponents.values())


@given(text=st.binary(max_size=40), typed=st.binary(max_size=12))
def test_context_is_the_end_of_text(text, typed) -> None:
    """The context is the last byte and the number of letters before the cursor, up to four; it is
    the same whether the text is read at once or byte by byte.
    """
    context = mixer_context.after_text(START, text)
    for byte in typed:
        context = mixer_context.after(context, byte)
    whole = b"\n" + text + typed
    assert context == mixer_context.after_text(START, text + typed)
    letters = re.search(rb"[A-Za-z\x80-\xff]*\Z", whole)[0]
    assert context == min(len(letters), 4) * VOCABULARY + whole[-1]


def test_text_selects_a_set() -> None:
    """Learning after one end of a text leaves the exponents after another as they are, unless the
    members select the same sets: those are shared.
    """
    rows = np.full((2, 1, VOCABULARY), 1 / VOCABULARY, np.float32)
    rows[1, 0, ord("a")] = 0.5
    weights = MixerWeights()
    mixer = LogMixer(("network", "copy"), weights)
    for _ in range(50):
        mixer.learn(mixer.mix(rows, 0, [ord(" ")]), ord("a"))
    after_space, elsewhere = (mixer.mix(rows, 0, [one]) for one in (ord(" "), ord("\n")))
    assert after_space.log_p[0, ord("a")] > elsewhere.log_p[0, ord("a")]
    assert not weights.exponents[TEXT, "copy"][ord("\n")]
    assert weights.exponents["copy", "copy"].any()


def test_bins_rise_within_probabilities() -> None:
    """The borders of the bins are probabilities in rising order, as the search in them needs."""
    for bins in (log_mixer.CONFIDENCE_BINS, log_mixer.BASE_PROBABILITY_BINS):
        assert [*bins] == sorted(set(bins))
        assert bins[0] > 0
        assert bins[-1] < 1


def test_excluded_byte_stays_possible() -> None:
    """A byte that all members exclude keeps a probability of exp(-25), and decides nothing."""
    sure = np.zeros((1, VOCABULARY), np.float32)
    sure[0, ord("a")] = 1
    log_p = (
        LogMixer(("one", "two"), MixerWeights()).mix(np.stack([sure, sure]), 0, [START]).log_p[0]
    )
    assert log_p[ord("a")] == pytest.approx(0, abs=1e-6)
    assert log_p[ord("b")] == pytest.approx(-25, abs=1e-3)
