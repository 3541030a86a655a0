"""Documents as files to train on, and beside them what they are."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from foretype_model.errors import CorpusError
from foretype_model.files.atomic import private_folder, replacing

Manifest = dict[str, Any]
"""As it is written, in JSON."""


class Document(NamedTuple):
    """A text, the source that its share is counted under, its path there, and the package it is of,
    if any.
    """

    source: str
    name: str
    text: str
    package: str = ""


class Tally:
    """The documents, bytes and terms of one source."""

    def __init__(self) -> None:
        self.documents = self.bytes = 0
        self.licences: set[str] = set()

    def add(self, size: int, licence: str) -> None:
        self.documents += 1
        self.bytes += size
        self.licences.add(licence)


def write(
    documents: Iterable[Document], folder: Path, licences: Mapping[str, str], facts: Manifest
) -> Manifest:
    """Write a file each, numbered in their order, into a new folder; FOLDER.manifest.json and
    FOLDER.tsv beside it.

    The manifest has the `facts`, the sha256 of all documents one after the other, how much of each
    source and package there is, and under which of `licences` (of packages, and of sources that are
    none). The table has a line each.

    Raises:
        CorpusError: the folder is there already.
    """
    if folder.exists():
        raise CorpusError(f"{folder} is there already: name another folder")
    private_folder(folder.parent)
    sources, of_packages, whole, table = (
        dict[str, Tally](),
        dict[str, Tally](),
        hashlib.sha256(),
        list[str](),
    )
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as name:
        partial = Path(name) / folder.name
        partial.mkdir(mode=0o700)
        for number, document in enumerate(documents):
            content = document.text.encode()
            whole.update(content)
            (partial / f"{number:06}.txt").write_bytes(content)
            table.append(f"{number:06}.txt\t{document.source}\t{document.name}\n")
            licence = licences[document.package or document.source]
            sources.setdefault(document.source, Tally()).add(len(content), licence)
            if document.package:
                of_packages.setdefault(document.package, Tally()).add(len(content), licence)
        manifest = facts | {
            "sha256": whole.hexdigest(),
            "documents": len(table),
            "bytes": sum(tally.bytes for tally in sources.values()),
            "sources": _rows("source", sources),
            "packages": _rows("package", of_packages),
        }
        partial.replace(folder)
    _write(folder.with_name(f"{folder.name}.tsv"), "".join(table))
    _write(
        folder.with_name(f"{folder.name}.manifest.json"),
        json.dumps(manifest, indent=1, ensure_ascii=False) + "\n",
    )
    return manifest


def _rows(what: str, tallies: Mapping[str, Tally]) -> list[Manifest]:
    whole = sum(tally.bytes for tally in tallies.values())
    return [
        {
            what: name,
            "documents": tally.documents,
            "bytes": tally.bytes,
            "share": round(tally.bytes / whole, 4),
            "licence": ", ".join(sorted(tally.licences)),
        }
        for name, tally in sorted(tallies.items())
    ]


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, "utf-8")
