"""Write documents as a packed corpus, with a manifest and a table of them beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from foretype_model.errors import CorpusError
from foretype_model.files.atomic import atomic_write, private_folder
from foretype_model.training.pack import pack

THIN: Final = 0.01
"""Share of a language under which the manifest names it as thin."""

CorpusManifest = dict[str, Any]
"""The manifest's JSON."""


class CorpusDocument(NamedTuple):
    """A text, the source that its share is counted under, its path there, and its project.

    Attributes:
        project: a repository as OWNER/NAME, or a package.
        size: bytes of the text in UTF-8.
        reading: 1 where it stands in the mix for the first time.
    """

    source: str
    name: str
    text: str
    project: str = ""
    size: int = 0
    reading: int = 1


class SourceTotals:
    """The documents, bytes and terms of one source."""

    def __init__(self) -> None:
        self.documents = self.bytes = self.again = 0
        self.licences: set[str] = set()

    def add(self, document: CorpusDocument, size: int, licence: str) -> None:
        self.documents += 1
        self.bytes += size
        self.again += size if document.reading > 1 else 0
        if licence:
            self.licences.add(licence)

    def row(self, whole: int) -> CorpusManifest:
        return {
            "documents": self.documents,
            "bytes": self.bytes,
            "read again": self.again,
            "share": round(self.bytes / whole, 4),
            "licence": ", ".join(sorted(self.licences)),
        }


class Tallies:
    """Running totals by source, language and project, while the documents pass by."""

    def __init__(self, licences: Mapping[str, str]) -> None:
        self._licences = licences
        self._rows: dict[str, dict[str, SourceTotals]] = {
            "source": {},
            "language": {},
            "project": {},
        }
        self._whole, self.table = hashlib.sha256(), list[str]()

    def count(self, documents: Iterable[CorpusDocument]) -> Iterator[bytes]:
        """Yield the text of each document and count it."""
        for number, document in enumerate(documents):
            content = document.text.encode()
            self._whole.update(content)
            self.table.append(f"{number}\t{document.reading}\t{document.source}\t{document.name}\n")
            licence = self._licences.get(document.project, "")
            for by, name in self._names(document):
                self._rows[by].setdefault(name, SourceTotals()).add(document, len(content), licence)
            yield content

    @staticmethod
    def _names(document: CorpusDocument) -> Iterator[tuple[str, str]]:
        yield "source", document.source
        if document.source.startswith("multilingual/"):
            yield "language", document.source.split("/")[1]
        if document.project:
            yield "project", document.project

    def manifest(self) -> CorpusManifest:
        whole = sum(tally.bytes for tally in self._rows["source"].values())
        tables: dict[str, list[CorpusManifest]] = {
            f"{by}s": [{by: name} | tally.row(whole) for name, tally in sorted(rows.items())]
            for by, rows in self._rows.items()
        }
        thin = [row["language"] for row in tables["languages"] if row["share"] < THIN]
        return {
            "sha256": self._whole.hexdigest(),
            "documents": len(self.table),
            "bytes": whole,
            "languages under one part in a hundred": thin,
            **tables,
        }


def write(
    documents: Iterable[CorpusDocument],
    path: Path,
    licences: Mapping[str, str],
    facts: CorpusManifest,
) -> CorpusManifest:
    """Write the packed corpus `path`, and beside it a manifest with suffix .json and a table with
    suffix .tsv.

    The manifest has the `facts`, the sha256 of all documents one after the other, how much there is
    of each source, language and project, and under which of `licences`, by project. The table has a
    line for each document: its number, its reading, its source and its name.

    Raises:
        CorpusError: the file is there already.
    """
    if path.exists():
        raise CorpusError(f"{path} is there already: name another file")
    private_folder(path.parent)
    tallies = Tallies(licences)
    pack(tallies.count(documents), path)
    manifest = facts | tallies.manifest()
    _write(path.with_suffix(".tsv"), "".join(tallies.table))
    _write(path.with_suffix(".json"), json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return manifest


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, "utf-8")
