"""The mean of networks."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.model.conftest import make_metadata, make_network

from default_model.average import averaged, main
from foretype_model.errors import ModelError
from foretype_model.predictors.network.runtime import Network, read_metadata
from foretype_model.training import onnx_file
from foretype_model.training.network import Shape

SHAPE = Shape("gru", 16, 1, 8, 3)


def test_every_weight_is_the_mean() -> None:
    """Every weight is the mean of the networks' weights."""
    networks = [make_network(SHAPE, seed) for seed in range(3)]
    for name, weight in averaged(networks).state_dict().items():
        torch.testing.assert_close(
            weight, torch.stack([n.state_dict()[name] for n in networks]).mean(0)
        )


def test_shares_weight_the_mean() -> None:
    """Networks count in proportion to their shares, one for each of them."""
    networks = [make_network(SHAPE, seed) for seed in range(2)]
    one, two = (network.state_dict() for network in networks)
    for name, weight in averaged(networks, [1, 4]).state_dict().items():
        torch.testing.assert_close(weight, 0.2 * one[name] + 0.8 * two[name])
    for shares in ([1], [1, 2, 3], [1, 0], [math.nan, 1], [math.inf, 1]):
        with pytest.raises(ModelError, match="2 shares"):
            averaged(networks, shares)


def test_mean_with_itself_is_equal() -> None:
    """The mean of a network with itself predicts the same."""
    network, x = make_network(SHAPE), torch.randint(0, 256, (12, 3))
    torch.testing.assert_close(averaged([network, network])(x, None)[0], network(x, None)[0])


def test_shapes_must_be_equal() -> None:
    """Networks of different shapes have no mean."""
    with pytest.raises(ModelError, match="different shapes"):
        averaged([make_network(SHAPE), make_network(Shape("lstm", 16, 1, 8, 3))])


def test_model_files_are_averaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes a model file from model files."""
    files = [tmp_path / "one.onnx", tmp_path / "two.onnx"]
    for seed, file in enumerate(files):
        onnx_file.write(make_network(SHAPE, seed), make_metadata(SHAPE, file.stem), file)
    assert main([*map(str, files), "--out", str(tmp_path / "mean.onnx")]) == 0
    assert read_metadata(tmp_path / "mean.onnx").name == "mean"
    mean, *alone = (
        Network.open(file).start().log_probabilities for file in (tmp_path / "mean.onnx", *files)
    )
    assert not any(abs(mean - one).max() < 1e-3 for one in alone)
    shares = ["--shares", "0.5"]
    assert main([*map(str, files), "--out", str(tmp_path / "mean.onnx"), *shares]) == 1
    assert "2 networks need 2 shares" in capsys.readouterr().err
    assert main([str(tmp_path / "none.onnx"), "--out", str(tmp_path / "mean.onnx")]) == 1
    assert "none.onnx" in capsys.readouterr().err


def test_one_model_is_stored_smaller(tmp_path: Path) -> None:
    """Of one model, the command makes the same model with its tables in 4 bits."""
    whole, small = tmp_path / "one.onnx", tmp_path / "small.onnx"
    metadata = replace(make_metadata(SHAPE, "one"), bits_per_character=1.5)
    onnx_file.write(make_network(SHAPE), metadata, whole)
    assert main([str(whole), "--out", str(small)]) == 0
    assert read_metadata(small) == replace(metadata, name="small")
    assert small.stat().st_size < 0.7 * whole.stat().st_size
    ours, theirs = (Network.open(file).start().log_probabilities for file in (small, whole))
    assert 0 < abs(ours - theirs).max() < 0.5
