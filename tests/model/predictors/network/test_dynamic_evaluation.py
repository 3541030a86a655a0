"""The output layer that learns while its user types."""

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
def test_what_is_corrected_is_a_distribution_whatever_was_learnt(typed):
    adaptation = Adaptation(HIDDEN)
    for seed, byte in typed:
        adaptation.learn(corrected(adaptation, h_of(seed)), h_of(seed), byte)
    assert np.exp(corrected(adaptation, h_of(0))).sum() == pytest.approx(1, abs=1e-4)


@given(st.integers(0, 100), st.integers(0, 255))
def test_a_byte_is_more_probable_where_it_was_typed(seed, byte):
    adaptation, h = Adaptation(HIDDEN), h_of(seed)
    adaptation.learn(corrected(adaptation, h), h, byte)
    assert corrected(adaptation, h)[byte] > UNIFORM[byte]
    assert corrected(adaptation, h).argmax() == byte


def test_a_text_costs_fewer_bits_the_longer_one_types_on():
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


def test_what_was_saved_is_known_at_the_next_start(tmp_path):
    before = learnt(tmp_path / "adapted.npy")
    before.save()
    after = Adaptation(HIDDEN, tmp_path / "adapted.npy")
    assert np.array_equal(corrected(after, h_of(2)), corrected(before, h_of(2)))


def test_what_is_forgotten_is_gone_from_the_disk_as_well(tmp_path):
    adaptation = learnt(tmp_path / "adapted.npy")
    adaptation.save()
    adaptation.forget()
    assert np.allclose(corrected(adaptation, h_of(1)), UNIFORM)
    assert not list(tmp_path.iterdir())


def test_what_another_process_has_reset_is_not_written_back(tmp_path):
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


def test_what_is_reset_while_it_is_being_saved_is_not_kept(tmp_path, monkeypatch):
    path, write = tmp_path / "adapted-0.npy", np.save
    adaptation = learnt(path)
    monkeypatch.setattr(np, "save", lambda *arguments: (write(*arguments), reset(tmp_path)))
    adaptation.save()
    assert not path.exists()
    assert np.allclose(corrected(adaptation, h_of(1)), UNIFORM)


def test_what_is_learnt_after_a_reset_is_kept(tmp_path):
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


def test_a_key_costs_no_look_at_the_disk(tmp_path, monkeypatch):
    adaptation = learnt(tmp_path / "adapted-0.npy")
    monkeypatch.setattr(Path, "read_text", lambda *_: pytest.fail("it was read"))
    adaptation.learn(UNIFORM, h_of(1), 66)


def test_to_forget_resets_what_was_learnt_in_every_workspace(tmp_path):
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
def test_a_broken_file_is_learnt_anew(tmp_path, content):
    path = tmp_path / "adapted.npy"
    path.write_bytes(content)
    assert np.allclose(corrected(Adaptation(HIDDEN, path), h_of(1)), UNIFORM)
    learnt(path).save()
    assert not np.allclose(corrected(Adaptation(HIDDEN, path), h_of(1)), UNIFORM)


def test_a_network_of_another_size_takes_none_of_it(tmp_path):
    learnt(tmp_path / "adapted.npy").save()
    Adaptation(HIDDEN + 1, tmp_path / "adapted.npy").corrected(
        UNIFORM[np.newaxis], np.zeros((1, HIDDEN + 1))
    )


def test_each_workspace_has_its_own_and_a_setting_turns_it_off(tmp_path):
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
