"""Tables of embeddings in 4 and 8 bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from foretype_model.predictors.network.kernel import tables

weights = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.floats(-1e3, 1e3, width=32),
)


def stored(table: tables.Table) -> dict[str, np.ndarray]:
    """The arrays of a file that holds this table."""
    kind = "int8" if table.row_scale is None else "int4"
    found = {f"w.{kind}": table.entries, "w.scale": table.scale}
    return found if table.row_scale is None else {**found, "w.row_scale": table.row_scale}


@given(weights)
def test_error_is_within_a_step(weight) -> None:
    """An entry moves by no more than a step of its row's range, 2 parts of 15, and rounding."""
    table = tables.quantise(weight)
    scaled = weight / table.scale
    moved = np.abs(tables.dequantise(table) / table.scale - scaled)
    assert table.scale.min() > 0
    # The best of several ranges is at least as near as the widest one, whose step this is.
    step = np.abs(scaled).max(1) / tables.LARGEST
    assert (np.sqrt(np.square(moved).mean(1)) <= step + 1).all()


def test_noise_of_trained_rows() -> None:
    """Normal numbers whose rows and columns differ in size keep a signal 20 dB above the noise."""
    random = np.random.default_rng(0)
    weight = random.normal(size=(400, 40)) * random.lognormal(size=(400, 1))
    weight = (weight * random.lognormal(size=(1, 40))).astype(np.float32)
    table = tables.quantise(weight)
    noise = (tables.dequantise(table) - weight) / table.scale
    signal = weight / table.scale
    assert 10 * np.log10(np.square(signal).mean() / np.square(noise).mean()) > 20


def test_rows_of_zeros_stay() -> None:
    """A row of zeros, and a table of nothing else, remain zeros."""
    weight = np.zeros((3, 5), np.float32)
    assert not tables.dequantise(tables.quantise(weight)).any()
    weight[1] = 2.0
    assert not tables.dequantise(tables.quantise(weight))[[0, 2]].any()
    assert np.allclose(tables.dequantise(tables.quantise(weight))[1], 2.0)


@given(weights)
def test_tables_are_found_again(weight) -> None:
    """A table is found in the arrays of a file as it was written."""
    table = tables.quantise(weight)
    found = tables.find(stored(table), "w")
    assert found is not None
    assert np.array_equal(tables.dequantise(found), tables.dequantise(table))
    assert tables.dequantise(found).shape == weight.shape


@pytest.mark.parametrize("name", ["w.int4", "w.row_scale", "w.scale"])
def test_incomplete_tables_are_none(name) -> None:
    """Without one of its arrays, or with one of another type or shape, a table is none."""
    whole = stored(tables.quantise(np.ones((4, 6), np.float32)))
    assert tables.find({key: value for key, value in whole.items() if key != name}, "w") is None
    assert tables.find({**whole, name: whole[name].astype(np.int64)}, "w") is None
    assert tables.find({**whole, name: whole[name].flat[0].reshape(())}, "w") is None
