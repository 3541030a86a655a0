"""A trained model does not remember the secrets in its texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.model.privacy.canaries import LEFT, Canary, canaries, goes_on

from foretype_model.completion.candidates import Options
from foretype_model.completion.generate import generate
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network
from foretype_model.training.corpus import read_corpus
from foretype_model.training.loop import TrainingOptions
from foretype_model.training.train import train

OPTIONS = TrainingOptions(
    hidden=64, embedding=16, ngrams=3, batch=8, window=48, steps=150, learning_rate=2e-2, seed=1
)


def remembered(folder: Path, some: list[Canary]) -> list[Canary]:
    """Train a model on the texts of a folder, and return the canaries that it completes from their
    first half.
    """
    model, checkpoint = folder / "m.onnx", folder / "c"
    arguments = {
        "resume": False,
        "initial": None,
        "rivals": (),
        "name": "m",
        "report": lambda _progress: None,
    }
    train(
        read_corpus([folder / "texts"]),
        OPTIONS,
        destination=model,
        checkpoint=checkpoint,
        **arguments,
    )
    trained = NetworkPredictor(Network.open(model))
    begun = [
        (one, one.code[: one.code.index(one.secret)] + one.secret[: len(one.secret) // 2])
        for one in some
    ]
    return [
        one
        for one, prefix in begun
        if goes_on(
            "".join(generate(trained, prefix.encode(), LEFT, Options())),
            one.secret[len(one.secret) // 2 :],
        )
    ]


@pytest.mark.slow
def test_trained_model_knows_no_secret(tmp_path, monkeypatch):
    """A trained model continues no secret; one trained without the removal does."""
    some = canaries()[::20]
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.py").write_text("".join(f"{one.code}\n" for one in some) * 60)
    assert remembered(tmp_path, some) == []
    monkeypatch.setattr("foretype_model.training.corpus.remove_secrets", lambda text: (text, 0))
    assert len(remembered(tmp_path, some)) > len(some) // 2
