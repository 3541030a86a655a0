"""The runtime equals torch step by step, and refuses broken model files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from tests.model.conftest import make_metadata, make_network

from foretype_model.errors import ModelError
from foretype_model.predictor import END_OF_TEXT
from foretype_model.predictors.network import kernel
from foretype_model.predictors.network.runtime import (
    METADATA_KEY,
    Network,
    check_model,
    read_metadata,
)
from foretype_model.training import onnx_file
from foretype_model.training.network import NGRAM_ROWS, ByteNetwork, Shape

TEXT = "def naïve(x): return '日本語' 👩‍👩‍👧\r\n".encode() * 3
SHAPES = [Shape(cell, 48, layers, 16) for cell in ("gru", "lstm", "rnn") for layers in (1, 2)]
SHAPES += [Shape("gru", 48, 1, 16, ngrams) for ngrams in (1, 2)]
SHAPES += [Shape("gru", 48, layers, 16, 5, 6) for layers in (1, 2)]
SHAPES += [Shape("gru", 48, layers, 15, 5, 5, 2 * NGRAM_ROWS, 1 << 19) for layers in (1, 2)]


def torch_log_probabilities(network: ByteNetwork, text: bytes) -> np.ndarray:
    with torch.no_grad():
        logits, _ = network(torch.tensor([END_OF_TEXT, *text])[:, None], None)
    return torch.log_softmax(logits[:, 0], -1).numpy()


def stepped(network: Network, text: bytes) -> np.ndarray:
    state = network.start()
    rows = [state.log_probabilities]
    for byte in text:
        state = network.step([state], [byte])[0]
        rows.append(state.log_probabilities)
    return np.stack(rows)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("precision", "tolerance"), [("float32", 2e-5), ("int8", 0.15), ("int4", 0.6)]
)
def test_runtime_equals_torch(shape, precision, tolerance, tmp_path) -> None:
    """The runtime's predictions equal those of torch at every step."""
    network = make_network(shape)
    onnx_file.write(network, make_metadata(shape), tmp_path / "m.onnx", precision)
    ours, theirs = (
        stepped(Network.open(tmp_path / "m.onnx"), TEXT),
        torch_log_probabilities(network, TEXT),
    )
    assert np.abs(ours - theirs).max() < tolerance
    assert np.ptp(theirs, axis=-1).min() > 0.5, (
        "a flat distribution would pass whatever the runtime did"
    )


def test_feeding_equals_stepping(network: Network) -> None:
    """Feeding a text leads to the state of stepping through its bytes."""
    text = TEXT * 9  # longer than one chunk
    state = network.start()
    for byte in text:
        state = network.step([state], [byte])[0]
    fed = network.feed(network.start(), text)
    assert np.array_equal(fed.h, state.h)
    assert np.array_equal(fed.log_probabilities, state.log_probabilities)


def test_rows_do_not_depend_on_batch(network: Network) -> None:
    """A row's result does not depend on the other rows of the batch."""
    states = [network.feed(network.start(), TEXT[:n]) for n in (1, 9, 17, 30)]
    together = network.step(states, [97, 98, 99, 100])
    for state, byte, row in zip(states, [97, 98, 99, 100], together, strict=True):
        alone = network.step([state], [byte])[0]
        assert np.array_equal(alone.h, row.h)
        np.testing.assert_allclose(alone.log_probabilities, row.log_probabilities, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_model_file_restores_weights(shape, tmp_path) -> None:
    """The weights of a model file can be read back to train further."""
    network = make_network(shape)
    onnx_file.write(network, make_metadata(shape), tmp_path / "m.onnx")
    back = onnx_file.read(tmp_path / "m.onnx")
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    scaled = onnx_file.scaled_input(weights) if shape.ngrams > 1 else weights
    for name, value in weights.items():
        # A step of the inputs' matrices is one of their products with the inputs.
        inputs = (
            scaled[onnx_file.INPUT_SCALE]
            if name in onnx_file.INPUT_WEIGHTS and shape.ngrams > 1
            else 1
        )
        step = np.abs(value * inputs).max() / kernel.MAX_WEIGHT
        assert (np.abs(back.state_dict()[name].numpy() - value) * inputs).max() <= step, name


def test_metadata_survives_writing(model_file: Path) -> None:
    """Metadata is read as it was written."""
    assert read_metadata(model_file) == make_metadata(Shape("gru", 32, 1, 16))


def test_truncated_file_raises_model_error(model_file: Path, tmp_path) -> None:
    """A file truncated at any length raises a ModelError of one line."""
    whole = model_file.read_bytes()
    cut = tmp_path / "cut.onnx"
    for length in range(0, len(whole), 997):
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelError) as error:
            Network.open(cut)
        assert "\n" not in str(error.value)


def with_metadata(path: Path, changed: Path, **entries: object) -> Path:
    """Write a model with other entries in its metadata, and return its path."""
    model = onnx.load(path)
    record = json.loads(next(one.value for one in model.metadata_props if one.key == METADATA_KEY))
    del model.metadata_props[:]
    helper.set_model_props(model, {METADATA_KEY: json.dumps(record | entries)})
    onnx.save(model, changed)
    return changed


def foreign(path: Path, **properties: str) -> Path:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Identity", ["a"], ["b"])],
        "foreign",
        [value("a", TensorProto.FLOAT, [1])],
        [value("b", TensorProto.FLOAT, [1])],
    )
    model = helper.make_model(
        graph, opset_imports=onnx_file.OPSETS, ir_version=onnx_file.IR_VERSION
    )
    helper.set_model_props(model, properties)
    onnx.save(model, path)
    return path


@pytest.mark.parametrize(
    ("properties", "hint"),
    [
        ({}, "not a Foretype model"),
        ({METADATA_KEY: "{"}, "not a Foretype model"),
        ({METADATA_KEY: '{"name": "x"}'}, "not a Foretype model"),
        (
            {METADATA_KEY: make_metadata(Shape()).to_json().replace('"format": 2', '"format": 99')},
            "update",
        ),
        (
            {METADATA_KEY: make_metadata(Shape()).to_json().replace('"format": 2', '"format": 1')},
            "train it again",
        ),
    ],
)
def test_foreign_file_gives_advice(properties, hint, tmp_path) -> None:
    """An ONNX file of another program or format raises an error that says what to do."""
    with pytest.raises(ModelError, match=hint):
        Network.open(foreign(tmp_path / "f.onnx", **properties))


@pytest.mark.parametrize(
    "entries",
    [
        {"format": "9"},
        {"format": None},
        {"name": 3},
        {"cell": "foo"},
        {"cell": ["gru"]},
        {"unit": "letter"},
        {"hidden": "x"},
        {"hidden": True},
        {"layers": 0},
        {"embedding": 16.0},
        {"ngrams": 10**10},
        {"words": -1},
        {"word_rows": 0},
        {"word_rows": 65_535},
        {"parameters": -1},
        {"bits_per_character": "2"},
        {"bits_per_character": -1.5},
    ],
    ids=str,
)
def test_impossible_metadata_is_refused(entries, model_file: Path, tmp_path) -> None:
    """A file whose metadata has an entry of another type or range raises a ModelError."""
    strange = with_metadata(model_file, tmp_path / "s.onnx", **entries)
    for use in (read_metadata, Network.open, check_model):
        with pytest.raises(ModelError, match=r"^[^\n]*not a Foretype model[^\n]*$"):
            use(strange)


@pytest.mark.parametrize("text", ["[" * 200_000, "[]", "3", '"name"', "{}", "null"])
def test_other_json_is_refused(text, tmp_path) -> None:
    """Metadata that is other JSON, nested however deeply, raises a ModelError."""
    with pytest.raises(ModelError, match="not a Foretype model"):
        read_metadata(foreign(tmp_path / "f.onnx", **{METADATA_KEY: text}))


@pytest.mark.parametrize("bits", [None, 0.0, 2, 2.5, float("nan")])
def test_possible_scores_are_read(bits, model_file: Path, tmp_path) -> None:
    """A score may be missing, whole, or none of a training that diverged."""
    scored = with_metadata(model_file, tmp_path / "s.onnx", bits_per_character=bits)
    assert repr(read_metadata(scored).bits_per_character) == repr(bits)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_network_passes_the_check(shape, tmp_path) -> None:
    """A file that was written here can be run."""
    onnx_file.write(make_network(shape), make_metadata(shape), tmp_path / "m.onnx")
    check_model(tmp_path / "m.onnx")


@pytest.mark.parametrize(
    "entries",
    [{"hidden": 47}, {"layers": 2}, {"cell": "lstm"}, {"ngrams": 1}, {"ngrams": 6}, {"words": 0}],
    ids=str,
)
def test_other_network_is_refused(entries, tmp_path) -> None:
    """A file whose graph is not of the described network raises a ModelError when it is opened."""
    shape = Shape("gru", 48, 1, 16, 5, 6)
    onnx_file.write(make_network(shape), make_metadata(shape), tmp_path / "m.onnx")
    other = with_metadata(tmp_path / "m.onnx", tmp_path / "o.onnx", **entries)
    for use in (read_metadata, Network.open):
        with pytest.raises(ModelError, match="does not hold the network that it describes"):
            use(other)


def test_described_graph_is_required(tmp_path) -> None:
    """Any other graph with the metadata of a model raises a ModelError when it is opened."""
    strange = foreign(tmp_path / "f.onnx", **{METADATA_KEY: make_metadata(Shape()).to_json()})
    for use in (read_metadata, Network.open):
        with pytest.raises(ModelError, match="does not hold the network that it describes"):
            use(strange)


def test_file_that_fails_is_refused(tmp_path) -> None:
    """A file that opens, and fails when it is run, does not pass the check."""
    shape = Shape("gru", 48, 1, 16, 5, 6)
    onnx_file.write(make_network(shape), make_metadata(shape), tmp_path / "m.onnx")
    other = with_metadata(tmp_path / "m.onnx", tmp_path / "o.onnx", word_rows=1 << 19)
    Network.open(other)
    with pytest.raises(ModelError, match=r"^[^\n]*o\.onnx cannot be run[^\n]*$"):
        check_model(other)


@pytest.mark.parametrize("content", [b"", b"hello", bytes(range(256)) * 9])
def test_rubbish_is_no_model(content, tmp_path) -> None:
    """A file of other bytes raises a ModelError."""
    (tmp_path / "r.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="not a whole model file"):
        Network.open(tmp_path / "r.onnx")


def test_missing_file_raises_model_error(tmp_path) -> None:
    """A missing file raises a ModelError that names it."""
    with pytest.raises(ModelError, match="no model at"):
        Network.open(tmp_path / "absent.onnx")
