"""Check the files of a data folder: all of them must be usable."""

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
"""Maximum number of partial files after interrupted writes: one for each kind of file."""


def state_faults(home: Path, *, least: int) -> Iterator[str]:
    """Yield the unusable files of a home; at least `least` files must be indexed."""
    for index in (home / "predictors" / "copy").glob("*"):
        yield from index_faults(index, least)
    for adapted in home.rglob("adapted-*.npy"):
        if not np.isfinite(np.load(adapted, allow_pickle=False)).all():
            yield f"{adapted.name} is broken"
    try:
        counted = store.sum_by("kind", store.read(home))
        if any(count.accepted < 0 or count.shown < 0 for count in counted.values()):
            yield "negative counts"
        for model in (home / "models").glob("*.onnx"):
            read_metadata(model)
        Store(home / "models").in_use()
    except ForetypeError as error:
        yield str(error)
    partials = [path for path in home.rglob(".*") if path.is_file()]
    if len(partials) > MAX_PARTIAL_FILES:
        yield f"{len(partials)} partial files are left"


def index_faults(folder: Path, least: int = 0) -> Iterator[str]:
    """Yield the faults of one index, in which at least `least` files must be indexed."""
    manifest = Manifest.read(folder)
    if (folder / MANIFEST_FILE).exists() and len(manifest.files) < least:
        yield f"{len(manifest.files)} files are indexed, fewer than {least}"
    try:
        ForgetList.read(folder.parent)
        texts = {}
        for name in manifest.segments():
            segment = FMIndex.open(folder / name)
            if not segment.is_intact:
                yield f"{name} is damaged"
            texts |= {(name, document): segment for document in segment.names}
    except ForetypeError as error:
        yield str(error)
        return
    for name, entry in manifest.files.items():
        segment = texts.get((entry.segment, name))
        if segment is None or sha256(segment.document(name)).hexdigest() != entry.sha256:
            yield f"the index does not hold {name} as it was read"
