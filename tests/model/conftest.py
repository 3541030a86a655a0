"""Small networks, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from foretype_model.runtime import Metadata, Network
from foretype_model.training import onnx_file
from foretype_model.training.network import ByteNetwork, Shape

torch.set_num_threads(1)


def make_metadata(shape: Shape, name: str = "small") -> Metadata:
    return Metadata(name, shape.cell, shape.hidden, shape.layers, shape.embedding, 1, 1, None, "2026-01-01")


def make_network(shape: Shape, seed: int = 0) -> ByteNetwork:
    """Untrained, but with weights large enough that its predictions are far from uniform."""
    torch.manual_seed(seed)
    network = ByteNetwork(shape)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2.0)
    return network


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "small.onnx"
    shape = Shape("gru", 32, 1, 16)
    onnx_file.write(make_network(shape), make_metadata(shape), path)
    return path


@pytest.fixture(scope="session")
def network(model_file: Path) -> Network:
    return Network.open(model_file)
