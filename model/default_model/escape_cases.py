"""Texts to type, and the workspace each is typed in: what the table of trust is fitted to.

Of the corpus, texts that the bundled network was not trained on come first (see
`sources.held_back`): what it has read it knows better than what users will write.
"""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from default_model import code_files, sources
from foretype_model.errors import CorpusError
from foretype_model.predictors.copy.predictor import BEFORE
from foretype_model.text.rope import unix

LENGTH: Final = 2_500
"""Bytes typed of each text."""

WORKSPACE: Final = 2_000_000
"""Bytes of a workspace at most: some seconds to index."""

MODULES, PAGES, CHAPTERS, LONE = 10, 4, 2, 12
"""Texts typed of each package, of each project of documents, of each book, and of each kind without
a workspace.
"""

PROJECTS, BOOKS = 10, 10

SMALLEST: Final = 2_000
"""Bytes of a text that is typed."""

FEWEST: Final = 8
"""Documents that make a project."""

Document = tuple[str, bytes]


class Passage(NamedTuple):
    """What stands in a document before what is typed, as far as an editor takes it in; and what is
    typed.
    """

    before: bytes
    typed: bytes


class Case(NamedTuple):
    """Passages of one kind of text, typed one by one beside the same workspace."""

    kind: str
    workspace: Sequence[Document]
    passages: Sequence[Passage]


def cases(corpus: Path, wheels: Path, seed: int = 0) -> Iterator[Case]:
    """Packages, projects of documents, books, and texts on their own, drawn by `seed`.

    Raises:
        CorpusError: a folder holds none of what is looked for in it.
    """
    draw = random.Random(seed)
    found = {
        folder: sorted(_drawn(corpus / folder, draw), key=lambda path: not _held_back(path, corpus))
        for folder in ("docs", "prose/fiction", "prose", "multilingual")
    }
    yield from _packages(wheels, draw)
    yield from _projects(found["docs"], draw)
    yield from _books(found["prose/fiction"][:BOOKS], draw)
    for kind in ("docs", "prose", "multilingual"):
        yield Case(f"{kind} alone", (), _passages(_read(found[kind][:LONE]), draw))


def _held_back(path: Path, corpus: Path) -> bool:
    return sources.held_back(path.relative_to(corpus).as_posix())


def _drawn(folder: Path, draw: random.Random) -> list[Path]:
    """The files in a folder and below that are long enough, in a drawn order."""
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.stat().st_size >= SMALLEST
    ]
    if not files:
        raise CorpusError(
            f"no text in {folder}: give the unpacked corpus, "
            "with docs, prose and multilingual in it"
        )
    return draw.sample(files, len(files))


def _packages(wheels: Path, draw: random.Random) -> Iterator[Case]:
    """Some modules of each package, beside the others."""
    found = sorted(wheels.glob("*.whl"))
    if not found:
        raise CorpusError(f"no wheel in {wheels}: download those that escape-packages.txt names")
    for wheel in found:
        with zipfile.ZipFile(wheel) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(".py")]
            sized = [
                entry
                for entry in entries
                if code_files.SMALLEST <= entry.file_size <= code_files.LARGEST
            ]
            modules = [
                (entry.filename, archive.read(entry)) for entry in draw.sample(sized, len(sized))
            ]
        yield _case(
            "code",
            [module for module in modules if len(module[1]) >= SMALLEST][:MODULES],
            modules,
            draw,
        )


def _projects(files: Sequence[Path], draw: random.Random) -> Iterator[Case]:
    """Some pages of each project, a folder of documents, beside the others."""
    projects: dict[Path, list[Path]] = {}
    for file in files:  # those that the network does not know are first, and so are their projects
        projects.setdefault(_project(file), []).append(file)
    large = [project for project in projects.values() if len(project) >= FEWEST]
    for project in large[:PROJECTS]:
        pages = _read(project)
        yield _case("docs", pages[:PAGES], pages, draw)


def _project(file: Path) -> Path:
    """The folder in docs that a file lies in."""
    return next(parent for parent in file.parents if parent.parent.name == "docs")


def _books(files: Sequence[Path], draw: random.Random) -> Iterator[Case]:
    """Some places in the second half of each book, beside its first half."""
    for name, text in _read(files):
        half = text.find(b"\n", len(text) // 2) + 1
        passages = [_passage(text[half:], draw) for _ in range(CHAPTERS)]
        yield Case("book", [(name, text[max(0, half - WORKSPACE) : half])], passages)


def _case(
    kind: str, held_out: Sequence[Document], documents: Iterable[Document], draw: random.Random
) -> Case:
    """Type the documents that are held out, beside as many of the others as a workspace may
    hold.
    """
    names, room, workspace = {name for name, _ in held_out}, WORKSPACE, []
    for name, text in documents:
        if name not in names and len(text) <= room:
            workspace.append((name, text))
            room -= len(text)
    return Case(kind, workspace, _passages(held_out, draw))


def _passages(documents: Iterable[Document], draw: random.Random) -> list[Passage]:
    return [_passage(text, draw) for _, text in documents]


def _passage(text: bytes, draw: random.Random) -> Passage:
    """One of two begins with its document, and the other somewhere in it."""
    start = draw.choice((0, draw.randrange(max(1, len(text) - LENGTH))))
    return Passage(text[max(0, start - BEFORE) : start], text[start : start + LENGTH])


def _read(files: Iterable[Path]) -> list[Document]:
    return [(str(file), unix(file.read_bytes())) for file in files]
