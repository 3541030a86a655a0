"""A network that is trained further keeps what it knew, by rehearsing it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.model.conftest import make_metadata, make_network

from foretype_model.predictors.network.runtime import Network
from foretype_model.training import onnx_file, rehearsal
from foretype_model.training.heldout import bits_per_character
from foretype_model.training.loop import ByteTrainer, TrainingOptions
from foretype_model.training.network import ByteNetwork, Shape
from foretype_model.training.rehearsal import Rehearsal, sample
from foretype_model.training.stream import InMemoryDocuments

CPU = torch.device("cpu")
OLD = b"the cat sat on the mat and the dog ran in the rain. "
NEW = b"un chat noir dort sur le tapis, et la pluie tombe. "
OPTIONS = TrainingOptions(
    hidden=32, embedding=16, ngrams=3, batch=8, window=16, steps=200, learning_rate=2e-2
)


@pytest.fixture(scope="module")
def knowing(tmp_path_factory: pytest.TempPathFactory) -> ByteNetwork:
    """A network that knows the old text."""
    training = ByteTrainer(InMemoryDocuments([OLD * 60]), OPTIONS)
    training.run(tmp_path_factory.mktemp("old") / "checkpoint", lambda _progress: None)
    return training.network


def opened(network: ByteNetwork, folder: Path) -> Network:
    """Return the runtime of a network."""
    onnx_file.write(network, make_metadata(network.shape), folder / "runtime.onnx")
    return Network.open(folder / "runtime.onnx")


def train_further(knowing: ByteNetwork, folder: Path, *, rehearse: bool) -> tuple[float, float]:
    """Bits per character of the old text and of the new one, after learning the new one."""
    network = ByteNetwork(knowing.shape)
    network.load_state_dict(knowing.state_dict())
    training = ByteTrainer(
        InMemoryDocuments([NEW * 60]), replace(OPTIONS, steps=90, learning_rate=5e-3), network
    )
    if rehearse:
        runtime = opened(network, folder)
        training.rehearsal = Rehearsal.of(network, runtime, seed=1, texts=8, length=256)
    training.run(folder / "checkpoint", lambda _progress: None)
    old, new = (bits_per_character(network, [text * 10], CPU) for text in (OLD, NEW))
    assert old is not None
    assert new is not None
    return old, new


def test_rehearsal_keeps_old_text(knowing: ByteNetwork, tmp_path: Path) -> None:
    """Rehearsal keeps the old text known while the new one is learnt."""
    before = bits_per_character(knowing, [NEW * 10], CPU)
    forgotten, _ = train_further(knowing, tmp_path, rehearse=False)
    kept, learnt = train_further(knowing, tmp_path, rehearse=True)
    assert kept < 0.5 * forgotten
    assert before is not None
    assert learnt < 0.5 * before


@pytest.mark.parametrize(
    "shape", [Shape("gru", 16, 1, 8, 3), Shape("gru", 8, 2, 8, 1), Shape("lstm", 8, 1, 8, 1)]
)
def test_equal_network_has_no_loss(shape: Shape, tmp_path: Path) -> None:
    """A network that has learnt nothing new has no rehearsal loss, whatever runtime samples it."""
    network = make_network(shape)
    rehearsed = Rehearsal.of(network, opened(network, tmp_path), seed=0, texts=4, length=128)
    for _ in range(4):
        assert rehearsed.loss(network).item() == pytest.approx(0, abs=1e-6)


def test_rehearsed_texts_are_sampled(knowing: ByteNetwork, tmp_path: Path) -> None:
    """The rehearsed texts are samples of the network."""
    runtime = opened(knowing, tmp_path)
    text = Rehearsal.of(knowing, runtime, seed=2, texts=8, length=200).tensors()["place.text"]
    rows = [bytes(row.tolist()) for row in text.T]
    assert len(set(rows)) == len(rows)
    written = b"".join(rows)
    assert sum(byte in OLD for byte in written) > 0.9 * len(written)
    assert written.count(b" the ") > 10


def test_samples_follow_the_probabilities(network: Network) -> None:
    """Samples have the network's probabilities at temperature 1, also after other bytes."""
    count = 2000
    texts = sample(network, seed=5, texts=count, length=2)
    first = network.start()
    (common,) = np.exp(first.log_probabilities).argsort()[-1:]
    then = network.step([first], [common])[0]
    for bytes_, state in ((texts[:, 0], first), (texts[texts[:, 0] == common, 1], then)):
        p = np.exp(state.log_probabilities)
        found = np.bincount(bytes_, minlength=256) / len(bytes_)
        assert np.abs(found - p).max() < 5 * np.sqrt(p.max() / len(bytes_))


def test_seed_repeats_the_samples(network: Network) -> None:
    """The same seed gives the same samples, and another seed others."""
    one, same, other = (sample(network, seed, texts=8, length=16) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_sampling_ends_in_time(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sampling ends after its seconds, with a byte of each text at least."""
    clock = itertools.count()
    monkeypatch.setattr(rehearsal, "monotonic", lambda: float(next(clock)))
    assert sample(network, 0, texts=8, length=100, seconds=5.0).shape == (8, 5)
    assert sample(network, 0, texts=8, length=100, seconds=0.0).shape == (8, 1)


def test_resumed_training_rehearses(knowing: ByteNetwork, tmp_path: Path) -> None:
    """A resumed training goes on with its rehearsal."""
    straight, halted = (
        ByteTrainer(InMemoryDocuments([NEW * 60]), replace(OPTIONS, steps=24)) for _ in range(2)
    )
    for training in (straight, halted):
        runtime = opened(knowing, tmp_path)
        training.rehearsal = Rehearsal.of(knowing, runtime, seed=3, texts=4, length=192)

    def stop(progress: object) -> None:
        if halted.step == 13:
            raise KeyboardInterrupt

    straight.run(tmp_path / "straight", lambda _progress: None)
    with pytest.raises(KeyboardInterrupt):
        halted.run(tmp_path / "halted", stop)
    resumed = ByteTrainer.resume(InMemoryDocuments([NEW * 60]), tmp_path / "halted")
    resumed.run(tmp_path / "halted", lambda _progress: None)
    for name, value in straight.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name
