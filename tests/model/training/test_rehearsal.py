"""A network that is trained further keeps what it knew, by rehearsing it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.model.conftest import make_network

from foretype_model.training.heldout import bits_per_character
from foretype_model.training.loop import ByteTrainer, TrainingOptions
from foretype_model.training.network import ByteNetwork, Shape
from foretype_model.training.rehearsal import Rehearsal
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


def train_further(knowing: ByteNetwork, folder: Path, *, rehearse: bool) -> tuple[float, float]:
    """Bits per character of the old text and of the new one, after learning the new one."""
    network = ByteNetwork(knowing.shape)
    network.load_state_dict(knowing.state_dict())
    training = ByteTrainer(
        InMemoryDocuments([NEW * 60]), replace(OPTIONS, steps=90, learning_rate=5e-3), network
    )
    if rehearse:
        training.rehearsal = Rehearsal.of(network, seed=1, texts=8, length=256)
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


def test_equal_network_has_no_loss() -> None:
    """A network that has learnt nothing new has no rehearsal loss."""
    network = make_network(Shape("gru", 16, 1, 8, 3))
    rehearsal = Rehearsal.of(network, seed=0, texts=4, length=128)
    for _ in range(4):
        assert rehearsal.loss(network).item() == pytest.approx(0, abs=1e-6)


def test_rehearsed_texts_are_sampled(knowing: ByteNetwork) -> None:
    """The rehearsed texts are samples of the network."""
    text = Rehearsal.of(knowing, seed=2, texts=8, length=200).tensors()["place.text"]
    rows = [bytes(row.tolist()) for row in text.T]
    assert len(set(rows)) == len(rows)
    written = b"".join(rows)
    assert sum(byte in OLD for byte in written) > 0.9 * len(written)
    assert written.count(b" the ") > 10


def test_resumed_training_rehearses(knowing: ByteNetwork, tmp_path: Path) -> None:
    """A resumed training goes on with its rehearsal."""
    straight, halted = (
        ByteTrainer(InMemoryDocuments([NEW * 60]), replace(OPTIONS, steps=24)) for _ in range(2)
    )
    for training in (straight, halted):
        training.rehearsal = Rehearsal.of(knowing, seed=3, texts=4, length=192)

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
