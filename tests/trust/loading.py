"""Read files of every kind, as written by Foretype and replaced by a pickle: ``python -m`` this
module.

Python raises an audit event for each name that a pickle looks up, before the pickle can run code.
The output has these names and the refused files. The check runs in its own process, since an audit
hook can't be removed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from foretype_model.errors import ForetypeError
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.manifest import Manifest
from foretype_model.predictors.network.dynamic_evaluation import Adaptation
from foretype_model.predictors.network.runtime import Network, open_session
from foretype_model.predictors.words.runtime import WordModel
from foretype_model.privacy.forget_list import ForgetList
from foretype_model.store.active import ActiveModels
from foretype_model.store.store import BUNDLED, Store
from foretype_server.usage import store

MARKER: Final = "unpickled"
"""Name of the file that a pickle creates if it is run."""


class FileKind(NamedTuple):
    """A kind of file, with functions that write and read one at a path."""

    name: str
    make: Callable[[Path], object]
    read: Callable[[Path], object]


def kinds() -> Iterator[FileKind]:
    """Yield the files that serving reads, then those of training if torch is installed."""
    bundled = BUNDLED.read_bytes()
    yield FileKind("model.onnx", lambda path: path.write_bytes(bundled), Network.open)
    yield FileKind("session.onnx", lambda path: path.write_bytes(bundled), open_session)
    yield FileKind("words.onnx", lambda path: path.write_bytes(bundled), WordModel.open)
    yield FileKind("imported.onnx", lambda path: path.write_bytes(bundled), _import)
    yield FileKind("a.shard", FMIndex.build([("/a", b"some text")]).save, FMIndex.open)
    yield FileKind(
        "manifest.json",
        lambda path: Manifest().write(path.parent),
        lambda path: Manifest.read(path.parent),
    )
    yield FileKind(
        "forgotten.json",
        lambda path: ForgetList().write(path.parent),
        lambda path: ForgetList.read(path.parent),
    )
    yield FileKind(
        "in-use.json", ActiveModels().write, lambda path: ActiveModels.read(path, ["default"])
    )
    yield FileKind("adapted.npy", _adapt, lambda path: Adaptation(4, path))
    yield FileKind(store.FILE_NAME, _count, lambda path: store.read(path.parent))
    with suppress(ImportError):
        import torch

        from foretype_model.training import checkpoint

        tensors = {"network.a": torch.zeros(3)}
        yield FileKind(
            "a.checkpoint",
            lambda path: checkpoint.save(path, tensors, {"step": 1}),
            checkpoint.load,
        )


def _import(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Store(Path(folder)).import_file(path)


def _adapt(path: Path) -> None:
    import numpy as np

    adaptation = Adaptation(4, path)
    adaptation.learn(np.full(256, -np.log(256), np.float32), np.ones(4, np.float32), 97)
    adaptation.save()


def _count(path: Path) -> None:
    key = store.CountKey("2026-01-01", "python", "ghost", "editor")
    store.write(path.parent, {key: store.Count(shown=1)})


def pickles(marker: Path) -> list[bytes]:
    """Return pickles that create a file when loaded: bare, and inside a NumPy array of objects."""
    bare = f"cbuiltins\nopen\n(V{marker.as_posix()}\nVw\ntR.".encode()
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return [bare, b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bare]


def main() -> None:
    """Print JSON: the kinds read, the refused pickles, and the names that pickles looked up."""
    looked_up: list[str] = []
    sys.addaudithook(
        lambda event, about: looked_up.append(str(about)) if event == "pickle.find_class" else None
    )
    read, refused = [], []
    with tempfile.TemporaryDirectory() as folder:
        marker = Path(folder, MARKER)
        for kind in kinds():
            path = Path(folder, kind.name)
            kind.make(path)
            with suppress(ForetypeError):
                kind.read(path)
            read.append(kind.name)
            for content in pickles(marker):
                path.write_bytes(content)
                with suppress(ForetypeError):
                    kind.read(path)
                if not marker.exists():
                    refused.append(kind.name)
                marker.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
    print(json.dumps({"read": read, "refused": refused, "looked up": looked_up}))


if __name__ == "__main__":
    main()
