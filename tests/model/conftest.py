"""Fixtures: small networks, and folders of texts with their indexes."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from foretype_model.predictors.copy.index import update
from foretype_model.predictors.copy.index.update import IndexUpdate, Request
from foretype_model.predictors.copy.index.workspace import Workspace
from foretype_model.predictors.network.runtime import Metadata, Network

if TYPE_CHECKING:
    from foretype_model.training.network import ByteNetwork, Shape

with suppress(ImportError):  # what needs a network is skipped without the extra `train`
    import torch

    torch.set_num_threads(1)


def make_metadata(shape: Shape, name: str = "small") -> Metadata:
    sizes = shape.hidden, shape.layers, shape.embedding
    return Metadata(
        name,
        shape.cell,
        *sizes,
        1,
        1,
        None,
        "2026-01-01",
        ngrams=shape.ngrams,
        words=shape.words,
        word_rows=shape.word_rows,
    )


def make_network(shape: Shape, seed: int = 0) -> ByteNetwork:
    """Untrained, but with weights large enough that its predictions are far from uniform."""
    from foretype_model.training.network import ByteNetwork

    torch.manual_seed(seed)
    network = ByteNetwork(shape)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2.0)
    return network


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    from foretype_model.training import onnx_file
    from foretype_model.training.network import Shape

    path = tmp_path_factory.mktemp("models") / "small.onnx"
    shape = Shape("gru", 32, 1, 16)
    onnx_file.write(make_network(shape), make_metadata(shape), path)
    return path


@pytest.fixture(scope="session")
def network(model_file: Path) -> Network:
    return Network.open(model_file)


TICKS = count(1_700_000_000_000_000_000, 1_000_000_000)
"""Modification times of files, a second apart however quickly the files are written."""


class IndexedFolder:
    """A folder of texts, where its index is kept, and workspaces over it as if by so many
    servers.
    """

    def __init__(self, folder: Path, index: Path) -> None:
        self.folder = folder
        self.index = index
        self.folder.mkdir(exist_ok=True)

    def workspace(self, *exclude: str) -> Workspace:
        return Workspace((self.folder,), self.index, exclude)

    def write(self, name: str | Path, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        tick = next(TICKS)
        os.utime(path, ns=(tick, tick))
        return path

    def content(self, workspace: Workspace) -> dict[str, bytes]:
        """Return the text of each file in the index, by its path in the folder."""
        held: dict[str, bytes] = {}
        for segment in workspace.segments:
            for document in set(segment.names) - segment.masked_names:
                name = Path(document).relative_to(self.folder).as_posix()
                assert name not in held
                held[name] = segment.document(document)
        return held

    def segments(self) -> list[str]:
        return sorted(path.name for path in self.index.glob("*.shard"))

    def on_disk(self) -> bytes:
        """Return the bytes of all files except for the lists of names."""
        return b"".join(
            path.read_bytes() for path in self.index.iterdir() if path.suffix != ".json"
        )

    def renew(
        self, *paths: Path, everything: bool = True, exclude: tuple[str, ...] = ()
    ) -> Workspace:
        """Update the index as `refresh` or `update` does, in this process."""
        self.index.mkdir(exist_ok=True)
        changed = None if everything else tuple(map(str, paths))
        IndexUpdate(
            Request([str(self.folder)], str(self.index), exclude, changed),
            lambda _done, _total: None,
        ).run()
        workspace = self.workspace(*exclude)
        workspace.open()
        return workspace


@pytest.fixture
def place(tmp_path: Path) -> IndexedFolder:
    return IndexedFolder(tmp_path / "texts", tmp_path / "index")


@pytest.fixture(scope="session")
def make_indexed_folder() -> type[IndexedFolder]:
    return IndexedFolder


@pytest.fixture
def tiers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards so small that a few lines fill them."""
    monkeypatch.setattr(update, "MAX_DELTA_BYTES", 100)
    monkeypatch.setattr(update, "MAX_FILE_BYTES", 1000)
