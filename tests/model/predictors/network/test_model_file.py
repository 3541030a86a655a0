"""Every reader refuses a model file that differs from the written one by a bit."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.conftest import make_metadata, make_network

from foretype_model.errors import ModelError
from foretype_model.predictors.network import kernel, model_file, runtime
from foretype_model.predictors.network.runtime import Network, read_metadata
from foretype_model.store.store import BUNDLED, Store
from foretype_model.training import onnx_file
from foretype_model.training.network import Shape

SEAL = len(model_file.sealed(b""))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A model that every backend supports."""
    path = tmp_path_factory.mktemp("models") / "m.onnx"
    shape = Shape("gru", 8, 1, 4, 2)
    onnx_file.write(make_network(shape), make_metadata(shape), path)
    return path


def flipped(content: bytes, at: int, bit: int) -> bytes:
    return content[:at] + bytes((content[at] ^ 1 << bit,)) + content[at + 1 :]


def weights(content: bytes) -> dict[str, int]:
    """The offset of each tensor's numbers in a file."""
    tensors = onnx.load_from_string(content).graph.initializer
    return {
        tensor.name: content.index(tensor.raw_data)
        for tensor in tensors
        if len(tensor.raw_data) > 8
    }


@pytest.mark.parametrize("way", ["native code", "ONNX Runtime"])
def test_flipped_weight_bits_are_refused(way, model, tmp_path, monkeypatch) -> None:
    """A model with one flipped bit in any weight is refused."""
    if way == "ONNX Runtime":
        monkeypatch.setattr(kernel, "library", lambda: None)
    elif kernel.best_isa() == kernel.IsaLevel.NONE:
        pytest.skip("installed without a C compiler")
    assert Network.open(model).backend_name == way
    whole, damaged = model.read_bytes(), tmp_path / "damaged.onnx"
    found = weights(whole)
    assert {"recurrent.weight_hh_l0.int8", "ngrams.weight.int8", "output.bias"} < found.keys()
    for place in found.values():
        for bit in range(8):
            damaged.write_bytes(flipped(whole, place + bit % 8, bit))
            with pytest.raises(
                ModelError, match=r"^\S+damaged\.onnx is damaged: import or train it again$"
            ):
                Network.open(damaged)


def test_flipped_bits_are_refused_anywhere(model, tmp_path) -> None:
    """A model with one flipped bit anywhere, the seal included, is refused."""
    rng, whole, damaged = random.Random(0), model.read_bytes(), tmp_path / "damaged.onnx"
    for at in [*range(SEAL + 20), *(rng.randrange(len(whole)) for _ in range(100))]:
        damaged.write_bytes(flipped(whole, at, rng.randrange(8)))
        with pytest.raises(ModelError, match="is damaged"):
            Network.open(damaged)


def test_damaged_bundled_model_advises_reinstall(model, tmp_path, monkeypatch) -> None:
    """The error about a damaged bundled model advises to install Foretype anew."""
    monkeypatch.setattr(
        runtime, "__file__", str(tmp_path / "predictors" / "network" / "runtime.py")
    )
    (tmp_path / "data").mkdir()
    damaged = tmp_path / "data" / "default.onnx"
    damaged.write_bytes(flipped(model.read_bytes(), 1000, 0))
    with pytest.raises(ModelError, match=r"default\.onnx is damaged: install Foretype anew$"):
        Network.open(damaged)


@given(st.binary(max_size=200), st.data())
def test_seal_detects_any_flipped_bit(content, data) -> None:
    """The seal detects a flipped bit of any content."""
    sealed = model_file.sealed(content)
    assert not model_file.is_damaged(sealed)
    assert not model_file.is_damaged(content)
    at, bit = data.draw(st.integers(0, len(sealed) - 1)), data.draw(st.integers(0, 7))
    assert model_file.is_damaged(flipped(sealed, at, bit))


def test_truncated_files_are_refused(model, tmp_path) -> None:
    """A file cut within its seal or after it is refused."""
    whole, cut = model.read_bytes(), tmp_path / "cut.onnx"
    for length in [
        *range(SEAL + 20),
        *range(SEAL, len(whole), 4999),
        *range(len(whole) - 300, len(whole)),
    ]:
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"^[^\n]*$"):
            Network.open(cut)


def test_damaged_models_cannot_be_used(model, tmp_path) -> None:
    """A damaged model is neither imported nor trained further."""
    damaged, store = tmp_path / "mine.onnx", Store(tmp_path / "models")
    damaged.write_bytes(flipped(model.read_bytes(), weights(model.read_bytes())["output.bias"], 3))
    for use in (store.import_file, onnx_file.read, read_metadata):
        with pytest.raises(ModelError, match="is damaged"):
            use(damaged)
    assert store.names() == ["default"]


def renamed(path: Path, old: str, new: str) -> None:
    """Write a model anew, without its seal, with another text of the same length within."""
    content = path.read_bytes()[SEAL:]
    assert old.encode() in content
    assert len(old) == len(new)
    path.write_bytes(content.replace(old.encode(), new.encode()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format": 2', '"format":"9'),
        ('"hidden": 8', '"hidden":"8'),
        ('"hidden": 8', '"hidden": 9'),
        ('"ngrams": 2', '"ngrams": 1'),
    ],
)
def test_store_outlives_odd_files(old, new, model, tmp_path) -> None:
    """A file that cannot run is not imported, and hides no other model if it is in the store."""
    store, odd = Store(tmp_path / "models"), tmp_path / "odd.onnx"
    store.import_file(model, "mine")
    odd.write_bytes(model.read_bytes())
    renamed(odd, old, new)
    with pytest.raises(ModelError, match=r"^[^\n]*odd\.onnx[^\n]*$"):
        store.import_file(odd)
    odd.rename(tmp_path / "models" / "odd.onnx")
    assert [(one.name, one.error is None) for one in store.list()] == [
        ("default", True),
        ("mine", True),
        ("odd", False),
    ]
    store.use("mine")
    assert store.find(None) == tmp_path / "models" / "mine.onnx"


def test_unsealed_models_open(model, tmp_path) -> None:
    """A model without a seal opens."""
    older = tmp_path / "older.onnx"
    older.write_bytes(model.read_bytes()[SEAL:])
    ours, theirs = (Network.open(path).start() for path in (older, model))
    assert np.array_equal(ours.log_probabilities, theirs.log_probabilities)
    assert read_metadata(older) == read_metadata(model)


def test_default_model_is_sealed() -> None:
    """The default model has a seal, which matches."""
    content = BUNDLED.read_bytes()
    assert content == model_file.sealed(content[SEAL:])
    assert model_file.SEAL_KEY.decode() in model_file.read(BUNDLED).metadata
