"""Dynamic evaluation of the output layer, and the files of its adaptations."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.predictor import PredictorConfig
from foretype_model.predictors.network.dynamic_evaluation import Adaptation, reset
from foretype_model.predictors.network.predictor import NetworkPredictor, create
from foretype_model.predictors.network.runtime import Network

HIDDEN = 16
UNIFORM = np.full(256, -np.log(256), np.float32)
MODEL = Path(str(files("foretype_model").joinpath("data/default.onnx")))
TEXT = b"The quince blossoms in Wexham; the quince of Wexham is golden. " * 6


def h_of(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, HIDDEN).astype(np.float32)


def corrected(adaptation: Adaptation, h: np.ndarray) -> np.ndarray:
    return adaptation.corrected(UNIFORM[np.newaxis], h[np.newaxis])[0]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 255)), max_size=30))
def test_corrected_rows_are_distributions(typed):
    """Corrected rows are distributions, whatever was learnt."""
    adaptation = Adaptation(HIDDEN)
    for seed, byte in typed:
        adaptation.learn(corrected(adaptation, h_of(seed)), h_of(seed), byte)
    assert np.exp(corrected(adaptation, h_of(0))).sum() == pytest.approx(1, abs=1e-4)


@given(st.integers(0, 100), st.integers(0, 255))
def test_typed_bytes_become_likelier(seed, byte):
    """A byte becomes more probable in the state where it was typed."""
    adaptation, h = Adaptation(HIDDEN), h_of(seed)
    adaptation.learn(corrected(adaptation, h), h, byte)
    assert corrected(adaptation, h)[byte] > UNIFORM[byte]
    assert corrected(adaptation, h).argmax() == byte


def test_adaptation_reduces_bits():
    """An adapted network takes fewer bits for more of the same text."""
    network = Network.open(MODEL)

    def bits(predictor: NetworkPredictor) -> float:
        state, total = predictor.start(), 0.0
        for byte in TEXT:
            total -= float(predictor.predict([state])[0, byte]) / np.log(2)
            predictor.learn(state, byte)
            state = predictor.step([state], [byte])[0]
        return total / len(TEXT)

    assert bits(NetworkPredictor(network, Adaptation(network.metadata.hidden))) < bits(
        NetworkPredictor(network)
    )


def learnt(path: Path | None = None) -> Adaptation:
    adaptation = Adaptation(HIDDEN, path)
    adaptation.learn(UNIFORM, h_of(1), 65)
    return adaptation


def test_saved_adaptation_is_loaded(tmp_path):
    """A saved adaptation predicts the same after the next start."""
    before = learnt(tmp_path / "adapted.npy")
    before.save()
    after = Adaptation(HIDDEN, tmp_path / "adapted.npy")
    assert np.array_equal(corrected(after, h_of(2)), corrected(before, h_of(2)))


def test_forgetting_deletes_the_file(tmp_path):
    """Forgetting deletes the adaptation's file."""
    adaptation = learnt(tmp_path / "adapted.npy")
    adaptation.save()
    adaptation.forget()
    assert np.allclose(corrected(adaptation, h_of(1)), UNIFORM)
    assert not list(tmp_path.iterdir())


def test_foreign_reset_prevents_saving(tmp_path):
    """A server does not write back an adaptation that another process has reset."""
    path = tmp_path / "adapted-0.npy"
    unsaved, saved, loaded = (
        learnt(path),
        learnt(tmp_path / "adapted-1.npy"),
        learnt(tmp_path / "adapted-2.npy"),
    )
    saved.save()
    loaded.save()
    loaded = Adaptation(HIDDEN, tmp_path / "adapted-2.npy")
    assert reset(tmp_path) == 2
    for adaptation in (unsaved, saved, loaded):
        adaptation.save()
        assert np.allclose(corrected(adaptation, h_of(1)), UNIFORM)
    assert not list(tmp_path.glob("adapted*"))


def test_reset_during_save_wins(tmp_path, monkeypatch):
    """An adaptation that is reset while it is saved is not kept."""
    path, write = tmp_path / "adapted-0.npy", np.save
    adaptation = learnt(path)
    monkeypatch.setattr(np, "save", lambda *arguments: (write(*arguments), reset(tmp_path)))
    adaptation.save()
    assert not path.exists()
    assert np.allclose(corrected(adaptation, h_of(1)), UNIFORM)


def test_learning_after_reset_is_saved(tmp_path):
    """An adaptation that begins after a reset is saved."""
    path = tmp_path / "adapted-0.npy"
    adaptation = learnt(path)
    adaptation.forget()
    reset(tmp_path)
    adaptation.learn(UNIFORM, h_of(1), 65)
    for _ in range(2):
        adaptation.save()
        assert not np.allclose(corrected(Adaptation(HIDDEN, path), h_of(1)), UNIFORM)
    again = Adaptation(HIDDEN, path)
    again.save()
    assert not np.allclose(corrected(again, h_of(1)), UNIFORM)


def test_learning_reads_no_files(tmp_path, monkeypatch):
    """Learning a byte does not access the disk."""
    adaptation = learnt(tmp_path / "adapted-0.npy")
    monkeypatch.setattr(Path, "read_text", lambda *_: pytest.fail("it was read"))
    adaptation.learn(UNIFORM, h_of(1), 66)


def test_forgetting_resets_every_workspace(tmp_path):
    """Forgetting in one workspace resets the adaptations of all workspaces."""

    def predictor(workspace: str) -> NetworkPredictor:
        return create(
            PredictorConfig(
                model=MODEL, workspace=(tmp_path / workspace,), state_folder=tmp_path / "kept"
            )
        )

    for workspace in ("one", "two"):
        one = predictor(workspace)
        one.learn(one.start(), ord("~"))
        one.save()
    assert len(list((tmp_path / "kept").glob("adapted-*"))) == 2
    predictor("three").forget(None, "word")
    assert not list((tmp_path / "kept").glob("adapted-*"))


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_broken_file_starts_anew(tmp_path, content):
    """A broken file counts as no adaptation."""
    path = tmp_path / "adapted.npy"
    path.write_bytes(content)
    assert np.allclose(corrected(Adaptation(HIDDEN, path), h_of(1)), UNIFORM)
    learnt(path).save()
    assert not np.allclose(corrected(Adaptation(HIDDEN, path), h_of(1)), UNIFORM)


def test_other_size_is_ignored(tmp_path):
    """An adaptation of another network size counts as none."""
    learnt(tmp_path / "adapted.npy").save()
    Adaptation(HIDDEN + 1, tmp_path / "adapted.npy").corrected(
        UNIFORM[np.newaxis], np.zeros((1, HIDDEN + 1))
    )


def test_workspaces_adapt_separately(tmp_path):
    """Each workspace has its own adaptation, and an option turns learning off."""

    def predictor(workspace: str, **options) -> NetworkPredictor:
        return create(
            PredictorConfig(
                model=MODEL,
                workspace=(tmp_path / workspace,),
                state_folder=tmp_path / "kept",
                options=options,
            )
        )

    def p(one: NetworkPredictor) -> float:
        return float(one.predict([one.start()])[0, ord("~")])

    first = predictor("one")
    unlearnt = p(first)
    first.learn(first.start(), ord("~"))
    first.save()
    assert p(predictor("one")) > unlearnt
    assert (
        p(predictor("two")) == p(predictor("one", learn=False)) == pytest.approx(unlearnt, abs=1e-5)
    )
