"""The file of an n-gram model: a broken one is an error, and never a crash."""

import random
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.predictors.ngrams.small_model import SENTENCES, arrays, small_file, write

from foretype_model.errors import ModelError
from foretype_model.predictors.ngrams import kernel, model_file
from foretype_model.predictors.ngrams.model_file import MAGIC
from foretype_model.predictors.ngrams.native_rows import open_rows
from foretype_model.predictors.ngrams.predictor import NgramsPredictor
from foretype_model.predictors.ngrams.vocabulary import Vocabulary

QUICKLY = settings(deadline=None, max_examples=40)


def test_same_texts_make_the_same_file(tmp_path):
    """The file depends on the texts alone."""
    write(tmp_path / "again.ngrams")
    assert (tmp_path / "again.ngrams").read_bytes() == small_file().read_bytes()


@QUICKLY
@given(st.integers(0, small_file().stat().st_size - 1), st.integers(1, 255))
def test_changed_byte_is_an_error(tmp_path_factory, at, change):
    """A file with any byte changed is not read."""
    content = bytearray(small_file().read_bytes())
    content[at] ^= change
    path = tmp_path_factory.mktemp("changed") / "changed.ngrams"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        model_file.read(path)


@pytest.mark.parametrize("size", [0, 1, 15, 40, 59, 2000, -1])
def test_truncated_file_is_an_error(tmp_path, size):
    """A file that is cut off anywhere is not read."""
    (tmp_path / "cut.ngrams").write_bytes(small_file().read_bytes()[:size])
    with pytest.raises(ModelError):
        model_file.read(tmp_path / "cut.ngrams")


@settings(deadline=None, max_examples=150)
@given(st.integers(), st.integers(1, 40))
def test_forged_file_never_crashes(tmp_path_factory, seed, changes):
    """Bytes changed under a right checksum are an error, or some other distribution."""
    rng, content = random.Random(seed), bytearray(small_file().read_bytes()[len(MAGIC) + 4 :])
    for _ in range(changes):
        at = rng.randrange(36 if rng.random() < 0.1 else len(content))
        content[at] = rng.randrange(256)
    path = tmp_path_factory.mktemp("forged") / "forged.ngrams"
    path.write_bytes(MAGIC + struct.pack("<I", zlib.crc32(content)) + content)
    try:
        found = model_file.read(path)
    except ModelError:
        return
    one = NgramsPredictor(open_rows(found), Vocabulary(found))
    state, states = one.start(), []
    for byte in SENTENCES[:120].encode():
        [state] = one.step([state], [byte])
        states.append(state)
    with np.errstate(all="ignore"):
        rows = one.predict(states)
    assert rows.shape == (len(states), 256)
    for state in states[::20]:
        one.propose(state, 10)


def test_quantised_probabilities_sum_to_one():
    """The mass of all tokens after any two is 1, within the steps of the tables."""
    rows = open_rows(arrays())
    sizes = arrays().sizes
    for before in range(0, sizes.tokens, 7):
        for last in range(sizes.tokens):
            assert rows.mass(before, last, (0, sizes.tokens)) == pytest.approx(1, abs=0.15)


@pytest.mark.skipif(not kernel.library(), reason="no kernel is compiled")
def test_stale_kernel_is_not_used(tmp_path):
    """A library that is none, or is missing, is left alone."""
    (tmp_path / "broken.so").write_bytes(b"no library")
    assert kernel.library(tmp_path / "broken.so") is None
    assert kernel.library(tmp_path / "missing.so") is None
