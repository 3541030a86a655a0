"""The kernel mixes rows as numpy does."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.predictor import VOCABULARY
from foretype_model.predictors import mixer_kernel
from foretype_model.predictors.log_mixer import LogMixer, MixerWeights
from foretype_model.predictors.mixer_context import CONTEXT_SETS

pytestmark = pytest.mark.skipif(not mixer_kernel.library(), reason="no kernel is compiled")

MASSES = (0.0, 1e-6, 0.3, 0.7, 0.95, 0.998, 1.0)


@st.composite
def mixtures(draw) -> tuple[LogMixer, LogMixer, np.ndarray, list[int]]:
    """A mixer with the kernel and one with numpy that share weights, the members' rows, and the
    end of the text before each.
    """
    names, weights = [f"member {i}" for i in range(draw(st.integers(1, 4)))], MixerWeights()
    native = LogMixer(names, weights)
    with patch.object(mixer_kernel, "library", lambda: None):
        plain = LogMixer(names, weights)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    # The kernel reads the weights where they are: they change after it is made.
    for values in (*weights.claims.values(), *weights.exponents.values()):
        values[:] = random.normal(0, 0.3, values.shape)
    count = draw(st.integers(1, 6))
    rows = random.dirichlet(np.full(VOCABULARY, 0.1), (len(names), count))
    rows[random.random(rows.shape) < draw(st.sampled_from([0.0, 0.5, 0.99]))] = 0
    rows /= np.maximum(rows.sum(2, keepdims=True), 1e-30)
    rows *= random.choice(MASSES, (len(names), count, 1))
    with np.errstate(divide="ignore"):
        predictions = np.log(rows).astype(np.float32)
    return native, plain, predictions, random.integers(0, CONTEXT_SETS, count).tolist()


@settings(deadline=None, max_examples=200)
@given(mixtures())
def test_kernel_equals_numpy(mixture) -> None:
    """Each row is that of numpy, to within float32's rounding, and sums to 1."""
    native, plain, predictions, contexts = mixture
    found = np.exp(native.log_p(predictions, contexts))
    assert found == pytest.approx(np.exp(plain.log_p(predictions, contexts)), abs=1e-4)
    assert found.sum(1) == pytest.approx(np.ones(len(contexts)), abs=1e-5)


@settings(deadline=None)
@given(mixtures())
def test_row_is_the_same_alone(mixture) -> None:
    """A row does not depend on those beside it."""
    native, _, predictions, contexts = mixture
    together = native.log_p(predictions, contexts)
    for i, context in enumerate(contexts):
        alone = native.log_p(predictions[:, i : i + 1], [context])
        assert (alone[0] == together[i]).all()


def test_many_members_are_mixed() -> None:
    """A mixture with more members than the kernel has room for is mixed by numpy."""
    names = [f"member {i}" for i in range(mixer_kernel.MAX_MEMBERS + 1)]
    rows = np.full((len(names), 2, VOCABULARY), -np.log(VOCABULARY), np.float32)
    mixed = LogMixer(names, MixerWeights()).log_p(rows, [0, 0])
    assert np.exp(mixed) == pytest.approx(np.full((2, VOCABULARY), 1 / VOCABULARY))


def test_stale_library_is_not_used(tmp_path) -> None:
    """A library that is none, or is missing, is left alone."""
    (tmp_path / "broken.so").write_bytes(b"no library")
    assert mixer_kernel.library(tmp_path / "broken.so") is None
    assert mixer_kernel.library(tmp_path / "missing.so") is None
