"""Training: repeats exactly by seed, goes on exactly from a checkpoint, learns, and leaves a model
that serves.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from tests.model.conftest import make_metadata, make_network

from foretype_model.errors import CorpusError, ModelError
from foretype_model.predictor import END_OF_TEXT
from foretype_model.predictors.network.runtime import Network, read_metadata
from foretype_model.training import onnx_file
from foretype_model.training.corpus import Corpus
from foretype_model.training.heldout import bits_per_character
from foretype_model.training.loop import ByteTrainer, TrainingOptions
from foretype_model.training.stream import InMemoryDocuments
from foretype_model.training.train import train
from foretype_model.training.trainer import Progress, choose_device

OPTIONS = TrainingOptions(hidden=24, embedding=8, batch=4, window=16, steps=12, seed=7)
LONGER = replace(OPTIONS, batch=8, steps=400, learning_rate=2e-2)
SENTENCES = ["the cat sat on the mat. ", "a dog ran in the rain. ", "naïve café, 日本語. "]
TEXTS = [(sentence * 30).encode() for sentence in SENTENCES]


def corpus(texts: list[bytes] = TEXTS) -> Corpus:
    return Corpus(texts=list(texts), names=[f"{i}.txt" for i in range(len(texts))], skipped={})


def run(folder: Path, options: TrainingOptions = OPTIONS, **changes) -> list[Progress]:
    reports: list[Progress] = []
    arguments = {
        "resume": False,
        "initial": None,
        "rivals": (),
        "name": "t",
        "report": reports.append,
    } | changes
    train(
        corpus(),
        options,
        destination=folder / "t.onnx",
        checkpoint=folder / "t.safetensors",
        **arguments,
    )
    return reports


def test_seed_repeats_exactly(tmp_path) -> None:
    """A seed repeats a training exactly, and another seed does not."""
    losses = [run(tmp_path, replace(OPTIONS, seed=seed))[-1].training_bits for seed in (7, 7, 8)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
def test_resumed_training_is_exact(cell, tmp_path) -> None:
    """A training that was stopped and resumed equals one that never stopped."""
    options, checkpoint = replace(OPTIONS, cell=cell), tmp_path / "c.safetensors"
    straight, halted = (
        ByteTrainer(InMemoryDocuments(TEXTS), options),
        ByteTrainer(InMemoryDocuments(TEXTS), options),
    )
    straight.run(tmp_path / "straight", lambda progress: None)

    def stop(progress: Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        halted.run(checkpoint, stop)
    resumed = ByteTrainer.resume(InMemoryDocuments(TEXTS), checkpoint)
    assert resumed.step == 5
    resumed.run(checkpoint, lambda progress: None)
    for name, value in straight.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name
    assert straight.loss == resumed.loss


def test_resuming_needs_the_same_texts(tmp_path) -> None:
    """Resuming with other texts is refused."""
    training = ByteTrainer(InMemoryDocuments(TEXTS), OPTIONS)
    training.save(tmp_path / "c")
    with pytest.raises(ModelError, match="texts have changed"):
        ByteTrainer.resume(InMemoryDocuments(TEXTS * 3), tmp_path / "c")


@pytest.mark.parametrize("content", [None, b"", b"not a checkpoint" * 9])
def test_broken_checkpoint_has_advice(content, tmp_path) -> None:
    """A broken checkpoint is an error with advice."""
    if content is not None:
        (tmp_path / "c").write_bytes(content)
    with pytest.raises(ModelError, match=r"without --resume|train anew"):
        ByteTrainer.resume(InMemoryDocuments(TEXTS), tmp_path / "c")


def test_training_leaves_a_model(tmp_path) -> None:
    """A training learns, reports and leaves a model."""
    reports = run(tmp_path, LONGER)
    held_out = [report.held_out_bits for report in reports if report.held_out_bits is not None]
    assert held_out[-1] < 0.6 * held_out[0]
    assert any(report.sample for report in reports)
    assert [report.step for report in reports] == sorted(report.step for report in reports)
    assert 0 < reports[0].fraction < reports[-1].fraction == 1
    metadata = read_metadata(tmp_path / "t.onnx")
    assert metadata.bits_per_character == pytest.approx(min(held_out), abs=1e-3)
    assert metadata.trained_bytes == LONGER.steps * LONGER.batch * LONGER.window
    assert Network.open(tmp_path / "t.onnx").metadata == metadata


def test_initial_model_sets_the_shape(tmp_path) -> None:
    """A training from a model has its shape, not that of the options."""
    run(tmp_path, LONGER)
    first = onnx_file.read(tmp_path / "t.onnx")
    model = (tmp_path / "t.onnx").rename(tmp_path / "first.onnx")
    reports = run(tmp_path, replace(OPTIONS, hidden=99, steps=3), initial=model)
    assert onnx_file.read(tmp_path / "t.onnx").shape == first.shape
    assert reports[-1].held_out_bits < 4


def odd_arrays(model: onnx.ModelProto, name: str, array: np.ndarray | None) -> None:
    """Replace an array of a model file, or leave it out."""
    kept = [tensor for tensor in model.graph.initializer if tensor.name != name]
    assert len(kept) == len(model.graph.initializer) - 1
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    if array is not None:
        model.graph.initializer.append(numpy_helper.from_array(array, name))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("buckets", None),
        ("buckets", np.int64(7)),
        ("buckets", np.float32(np.inf)),
        ("buckets", np.int64(2 * 65_521)),
        ("buckets", np.array([1, 2])),
        ("output.bias", None),
        ("output.bias", np.zeros(255, np.float32)),
        ("embedding.weight", np.zeros((8, 256), np.float16)),
        ("recurrent.weight_hh_l0.int8", np.zeros((23, 72), np.int8)),
        ("ngrams.weight.scale", np.float32(1)),
        ("input.scale", np.float32(1)),
        ("input.scale", np.ones(1, np.float32)),
    ],
)
def test_odd_arrays_are_refused(name, array, tmp_path, monkeypatch) -> None:
    """A file whose arrays are not those of the described network is an error of one line."""
    shape, path = OPTIONS.shape, tmp_path / "odd.onnx"
    onnx_file.write(make_network(shape), make_metadata(shape), path)
    model = onnx.load(path)
    odd_arrays(model, name, None if array is None else np.asarray(array))
    onnx.save(model, path)
    # ONNX Runtime refuses some of these, not all.
    monkeypatch.setattr(onnx_file, "read_metadata", lambda path: make_metadata(shape))
    with pytest.raises(
        ModelError, match=r"^\S+odd\.onnx does not hold the network that it describes: [^\n]+$"
    ):
        onnx_file.read(path)


def test_minutes_end_on_time(tmp_path) -> None:
    """A training of some minutes ends on time."""
    reports = run(tmp_path, replace(OPTIONS, steps=None, minutes=0.02))
    assert reports[-1].fraction == 1
    assert reports[0].seconds_left <= 60


def test_bits_follow_the_probabilities() -> None:
    """Bits per character are the mean of the negative log-probabilities."""
    network = make_network(OPTIONS.shape)
    text = "日本語 naïve text ".encode() * 400
    ours = bits_per_character(network, [text], torch.device("cpu"))
    stream = torch.tensor(list(text + bytes([END_OF_TEXT])))
    length = len(stream) // 32
    with torch.no_grad():
        rows = stream[: length * 32].reshape(32, length).T
        log_p = torch.log_softmax(network(rows[:-1], None)[0], -1)
    nats = -log_p.gather(-1, rows[1:, :, None]).sum().item()
    characters = sum(
        bytes(rows[1:, i].tolist()).count(b)
        for i in range(32)
        for b in range(256)
        if b & 0xC0 != 0x80
    )
    assert ours == pytest.approx(nats / math.log(2) / characters, rel=1e-4)


def test_tiny_corpus_has_no_score(tmp_path) -> None:
    """A corpus too small for held-out text has no score, and still a model."""
    tiny, options = (
        corpus([b"just a line of text, and then no more of it"]),
        replace(OPTIONS, window=4, steps=3),
    )
    arguments = {
        "resume": False,
        "initial": None,
        "rivals": (),
        "name": "t",
        "report": lambda progress: None,
    }
    metadata = train(
        tiny, options, destination=tmp_path / "t.onnx", checkpoint=tmp_path / "c", **arguments
    ).metadata
    assert metadata.bits_per_character is None or metadata.bits_per_character > 1
    assert bits_per_character(make_network(OPTIONS.shape), [], torch.device("cpu")) is None
    assert Network.open(tmp_path / "t.onnx").metadata == metadata


def test_too_little_text_is_refused() -> None:
    """Too little text is an error that says so."""
    with pytest.raises(CorpusError, match="give more"):
        ByteTrainer(InMemoryDocuments([b"short"]), OPTIONS)


def test_missing_device_is_refused() -> None:
    """A device that is not there is an error that says so."""
    with pytest.raises(ModelError, match="--device cpu"):
        choose_device("cuda:99")
