"""A small corpus and the archives of two packages, for the tests of the recipe."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import pytest
import zstandard

from default_model import messages, recipe
from default_model.packages import Package

LEXICON = [
    "".join(random.Random(i).choices("abcdefghijklmnopqrstuvwxyz", k=2 + i % 7))
    for i in range(3000)
]
SOURCES = {
    "prose/fiction": 40,
    "prose/masc": 20,
    "docs/python__peps": 20,
    "docs/other": 30,
    "multilingual/fr": 40,
}
PYTHON = Package("pypi", "thing", "MIT", frozenset({"python", "c", "docs"}))
SCRIPT = Package("npm", "@scope/other", "ISC", frozenset({"javascript"}))


def prose(seed: int, count: int = 200) -> str:
    return " ".join(random.Random(seed).choices(LEXICON, k=count))


def lines(seed: int, count: int = 60) -> str:
    return "".join(f"{prose(seed * 1000 + i, 5)}\n" for i in range(count))


def tar(path: Path, files: dict[str, str], root: str = "root") -> Path:
    """A .tar.gz or a .tar.zst, by its suffix."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{root}/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    if path.suffix == ".zst":
        path.write_bytes(zstandard.compress(packed.getvalue()))
    else:
        packed.seek(0)
        with tarfile.open(path, "w:gz") as archive, tarfile.open(fileobj=packed) as plain:
            for member in plain:
                archive.addfile(member, plain.extractfile(member))
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    files = {"LICENSES/MIT.txt": prose(1), "unknown/a.txt": prose(2)}
    for i, (source, count) in enumerate(SOURCES.items()):
        files |= {f"{source}/{j}.txt": f"“{prose(100 * i + j)}” — so…" for j in range(count)}
    return tar(tmp_path_factory.mktemp("corpus") / "train.tar.zst", files, root="train")


@pytest.fixture(scope="module")
def archives(tmp_path_factory) -> dict[Package, Path]:
    folder = tmp_path_factory.mktemp("packages")
    python = {f"thing/{i}.py": lines(5000 + i) for i in range(40)} | {
        f"src/{i}.c": lines(6000 + i) for i in range(20)
    }
    script = {f"lib/{i}.js": lines(7000 + i) for i in range(30)}
    return {
        PYTHON: tar(folder / "pypi-thing-1.0.tar.gz", python),
        SCRIPT: tar(folder / "npm-@scope-other-2.0.tar.gz", script),
    }


@pytest.fixture
def make(corpus: Path, archives: dict[Package, Path], tmp_path: Path, monkeypatch):
    monkeypatch.setattr(messages, "FOLDER", tmp_path / "messages")

    def made(name: str = "mix", **changes) -> dict:
        arguments = {
            "corpora": [corpus],
            "archives": archives,
            "held_out": None,
            "against": [],
            "seed": 0,
        } | changes
        return recipe.make(destination=tmp_path / f"{name}.corpus", **arguments)

    return made
