"""What is on the disk of a home: whether all of it can be used as it is."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from foretype_model.errors import ForetypeError
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.manifest import MANIFEST_FILE, Manifest
from foretype_model.predictors.network.runtime import read_metadata
from foretype_model.privacy.forget_list import ForgetList
from foretype_model.store.store import Store
from foretype_server.usage import store

MAX_PARTIAL_FILES = 3
"""Files at most that writes which were cut short have left: one for each file that is written."""


def state_faults(home: Path, *, least: int) -> Iterator[str]:
    """What cannot be used; `least` is how many files must be indexed."""
    for index in (home / "predictors" / "copy").glob("*"):
        yield from index_faults(index, least)
    for adapted in home.rglob("adapted-*.npy"):
        if not np.isfinite(np.load(adapted, allow_pickle=False)).all():
            yield f"{adapted.name} is broken"
    try:
        counted = store.sum_by("kind", store.read(home))
        if any(count.accepted < 0 or count.shown < 0 for count in counted.values()):
            yield "counts below nothing"
        for model in (home / "models").glob("*.onnx"):
            read_metadata(model)
        Store(home / "models").in_use()
    except ForetypeError as error:
        yield str(error)
    partials = [path for path in home.rglob(".*") if path.is_file()]
    if len(partials) > MAX_PARTIAL_FILES:
        yield f"{len(partials)} files are left of writes"


def index_faults(folder: Path, least: int = 0) -> Iterator[str]:
    """The same, of an index."""
    manifest = Manifest.read(folder)
    if (folder / MANIFEST_FILE).exists() and len(manifest.files) < least:
        yield f"{len(manifest.files)} files are indexed, not {least}"
    try:
        ForgetList.read(folder.parent)
        texts = {}
        for name in manifest.segments():
            segment = FMIndex.open(folder / name)
            if not segment.is_intact:
                yield f"{name} is not whole"
            texts |= {(name, document): segment for document in segment.names}
    except ForetypeError as error:
        yield str(error)
        return
    for name, entry in manifest.files.items():
        segment = texts.get((entry.segment, name))
        if segment is None or sha256(segment.document(name)).hexdigest() != entry.sha256:
            yield f"{name} is not in the index as it was read"
