"""Texts to type, each with its workspace: the data that the escape table is fitted to.

Of the corpus, texts that the bundled network was not trained on come first (see
`sources.held_back`): it knows texts that it has read better than the ones that users will write.
"""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from default_model import code_files, sources
from foretype_model.errors import CorpusError
from foretype_model.predictors.copy.predictor import OBSERVED_BEFORE
from foretype_model.text.rope import to_lf

TYPED_BYTES: Final = 2_500
"""Bytes typed of each text."""

MAX_WORKSPACE_BYTES: Final = 2_000_000
"""Upper bound of a workspace in bytes: some seconds to index."""

PACKAGE_MODULES, PROJECT_PAGES, BOOK_PASSAGES, LONE_TEXTS = 10, 4, 2, 12
"""Texts typed of each package, of each project of documents, of each book, and of each kind without
a workspace.
"""

PROJECTS, BOOKS = 10, 10

SOURCE_TEXTS: Final = 2
"""Texts of each folder of a corpus, of those that no bundled model was made from."""

MIN_TEXT_BYTES: Final = 2_000
"""Least bytes of a typed text."""

MIN_PROJECT_DOCUMENTS: Final = 8
"""Least documents of a project."""

NamedText = tuple[str, bytes]


class TypedPassage(NamedTuple):
    """A typed text, and the part of its document before it, as far as an editor reads it."""

    before: bytes
    typed: bytes


class Case(NamedTuple):
    """Passages of one kind of text, typed one by one beside the same workspace."""

    kind: str
    workspace: Sequence[NamedText]
    passages: Sequence[TypedPassage]


def cases(corpus: Path, wheels: Path, seed: int = 0) -> Iterator[Case]:
    """Draw packages, projects of documents, books and single texts by `seed`.

    Raises:
        CorpusError: a folder lacks the files that it should hold.
    """
    rng = random.Random(seed)
    found = {
        folder: sorted(_drawn(corpus / folder, rng), key=lambda path: not _held_back(path, corpus))
        for folder in ("docs", "prose/fiction", "prose", "multilingual")
    }
    yield from _packages(wheels, rng)
    yield from _projects(found["docs"], rng)
    yield from _books(found["prose/fiction"][:BOOKS], rng)
    for kind in ("docs", "prose", "multilingual"):
        yield Case(f"{kind} alone", (), _passages(_read(found[kind][:LONE_TEXTS]), rng))


def held_back_cases(corpora: Sequence[Path], wheels: Path, seed: int = 0) -> Iterator[Case]:
    """Draw modules of packages, and texts that no bundled model was made from, at most
    `SOURCE_TEXTS` of each source.
    """
    rng = random.Random(seed)
    yield from _packages(wheels, rng)
    texts: dict[str, list[Path]] = {}
    for corpus in corpora:
        for path in sorted(corpus.rglob("*")):
            if (
                path.is_file()
                and path.stat().st_size >= MIN_TEXT_BYTES
                and _held_back(path, corpus)
            ):
                texts.setdefault(str(path.parent), []).append(path)
    for kind in ("docs", "prose", "multilingual"):
        chosen = [
            path
            for folder, paths in texts.items()
            if f"/{kind}/" in folder + "/"
            for path in rng.sample(paths, min(SOURCE_TEXTS, len(paths)))
        ]
        yield Case(kind, (), _passages(_read(chosen), rng))


def _held_back(path: Path, corpus: Path) -> bool:
    return sources.held_back(path.relative_to(corpus).as_posix())


def _drawn(folder: Path, rng: random.Random) -> list[Path]:
    """Return the files in a folder and below that are long enough, in a drawn order."""
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.stat().st_size >= MIN_TEXT_BYTES
    ]
    if not files:
        raise CorpusError(
            f"no text in {folder}: give the unpacked corpus, "
            "with docs, prose and multilingual in it"
        )
    return rng.sample(files, len(files))


def _packages(wheels: Path, rng: random.Random) -> Iterator[Case]:
    """Return some modules of each package, beside its others."""
    found = sorted(wheels.glob("*.whl"))
    if not found:
        raise CorpusError(f"no wheel in {wheels}: download those that escape-packages.txt names")
    for wheel in found:
        with zipfile.ZipFile(wheel) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(".py")]
            sized = [
                entry
                for entry in entries
                if code_files.MIN_FILE_BYTES <= entry.file_size <= code_files.MAX_FILE_BYTES
            ]
            modules = [
                (entry.filename, archive.read(entry)) for entry in rng.sample(sized, len(sized))
            ]
        yield _case(
            "code",
            [module for module in modules if len(module[1]) >= MIN_TEXT_BYTES][:PACKAGE_MODULES],
            modules,
            rng,
        )


def _projects(files: Sequence[Path], rng: random.Random) -> Iterator[Case]:
    """Return some pages of each project, a folder of documents, beside its others."""
    projects: dict[Path, list[Path]] = {}
    for file in files:  # those that the network does not know are first, and so are their projects
        projects.setdefault(_project(file), []).append(file)
    large = [project for project in projects.values() if len(project) >= MIN_PROJECT_DOCUMENTS]
    for project in large[:PROJECTS]:
        pages = _read(project)
        yield _case("docs", pages[:PROJECT_PAGES], pages, rng)


def _project(file: Path) -> Path:
    """Return the folder in docs that a file lies in."""
    return next(parent for parent in file.parents if parent.parent.name == "docs")


def _books(files: Sequence[Path], rng: random.Random) -> Iterator[Case]:
    """Return some places in the second half of each book, beside its first half."""
    for name, text in _read(files):
        half = text.find(b"\n", len(text) // 2) + 1
        passages = [_passage(text[half:], rng) for _ in range(BOOK_PASSAGES)]
        yield Case("book", [(name, text[max(0, half - MAX_WORKSPACE_BYTES) : half])], passages)


def _case(
    kind: str, held_out: Sequence[NamedText], documents: Iterable[NamedText], rng: random.Random
) -> Case:
    """Type the held-out documents, beside as many of the others as a workspace may hold."""
    names, room, workspace = {name for name, _ in held_out}, MAX_WORKSPACE_BYTES, []
    for name, text in documents:
        if name not in names and len(text) <= room:
            workspace.append((name, text))
            room -= len(text)
    return Case(kind, workspace, _passages(held_out, rng))


def _passages(documents: Iterable[NamedText], rng: random.Random) -> list[TypedPassage]:
    return [_passage(text, rng) for _, text in documents]


def _passage(text: bytes, rng: random.Random) -> TypedPassage:
    """Return passages: every other one begins with its document, the rest somewhere in it."""
    start = rng.choice((0, rng.randrange(max(1, len(text) - TYPED_BYTES))))
    return TypedPassage(
        text[max(0, start - OBSERVED_BEFORE) : start], text[start : start + TYPED_BYTES]
    )


def _read(files: Iterable[Path]) -> list[NamedText]:
    return [(str(file), to_lf(file.read_bytes())) for file in files]
