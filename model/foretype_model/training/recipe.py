"""The text the bundled model is trained on: prose and docs from an unpacked corpus, code from Python packages.

    python -m foretype_model.training.recipe CORPUS WHEELS DESTINATION

CORPUS has a folder for each source below, WHEELS the packages that ``code-packages.txt`` beside this file names and
says how to download; DESTINATION gets one file a document. The figures of shares go to the model card.
"""

from __future__ import annotations

import random
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MEGABYTES: Final = {
    "prose/fiction": 20.0,
    "prose/commit-messages": 8.0,
    "prose/speeches": 4.0,
    "prose/openstax-us-history": 3.0,
    "prose/openstax-sociology": 2.0,
    "prose/masc": 3.0,
    "docs/python__peps": 5.0,
    "docs": 18.0,
    "multilingual/fr": 1.2,
    "multilingual/es": 1.2,
    "multilingual/de": 1.2,
    "multilingual/pt": 1.0,
    "multilingual/it": 0.6,
    "multilingual/ru": 1.2,
    "multilingual/ja": 0.8,
    "multilingual/zh": 0.8,
    "multilingual/ar": 0.4,
    "multilingual/hi": 0.4,
    "multilingual/nl": 0.3,
    "multilingual/pl": 0.3,
    "multilingual/tr": 0.3,
}
"""At most this much of each source; a folder named again in a longer entry is counted there."""

PYTHON: Final = "code/python"
PYTHON_MEGABYTES: Final = 0.5
"""At most this much of each package, so that no project's names dominate."""

SMALLEST, LARGEST = 300, 200_000
"""Bytes of a file of code. Shorter ones say nothing, longer ones are tables."""

NOT_WRITTEN_HERE: Final = re.compile(r"(^|/)(tests?|testing|_?vendor(ed)?|locale|data)/|_pb2|\.data/")
"""Paths of tests' data, other packages' sources, and what programs wrote."""

ASCII_SHARE: Final = 0.75
"""Part of the documents whose typographic quotes and dashes become the ASCII that people type."""

ASCII: Final = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "—": "--", "–": "-", "…": "...", "\u00a0": " "})


def source_of(path: Path) -> str | None:
    """The longest entry of MEGABYTES that `path`, relative to the corpus, lies under."""
    parents = [parent.as_posix() for parent in path.parents]
    return next((parent for parent in parents if parent in MEGABYTES), None)


def documents(corpus: Path, draw: random.Random) -> dict[str, list[Path]]:
    """The files of each source in a drawn order, cut where its share is full."""
    chosen: dict[str, list[Path]] = {source: [] for source in MEGABYTES}
    room = {source: size * 1e6 for source, size in MEGABYTES.items()}
    files = sorted(path for path in corpus.rglob("*") if path.is_file() and "LICENSES" not in path.parts)
    for path in draw.sample(files, len(files)):
        source = source_of(path.relative_to(corpus))
        if source and path.stat().st_size <= room[source]:
            chosen[source].append(path)
            room[source] -= path.stat().st_size
    return chosen


def python_files(wheels: Path, draw: random.Random) -> Iterator[tuple[str, bytes]]:
    """Name and text of each source file drawn from the wheels, no text twice."""
    seen: set[bytes] = set()
    for wheel in sorted(wheels.glob("*.whl")):
        room = PYTHON_MEGABYTES * 1e6
        with zipfile.ZipFile(wheel) as archive:
            files = [entry for entry in archive.infolist() if _is_source(entry)]
            for entry in draw.sample(files, len(files)):
                text = archive.read(entry).replace(b"\r\n", b"\n")
                if len(text) <= room and text not in seen and _is_utf8(text):
                    seen.add(text)
                    room -= len(text)
                    yield f"{wheel.name.partition('-')[0]}/{entry.filename}", text


def _is_source(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename
    return name.endswith(".py") and SMALLEST <= entry.file_size <= LARGEST and not NOT_WRITTEN_HERE.search(name)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def write(corpus: Path, wheels: Path, destination: Path, seed: int = 0) -> dict[str, int]:
    """Write the documents; the bytes of each source."""
    draw = random.Random(seed)
    sizes = dict.fromkeys([*MEGABYTES, PYTHON], 0)
    for source, paths in documents(corpus, draw).items():
        for path in paths:
            text = path.read_text(encoding="utf-8")
            if draw.random() < ASCII_SHARE:
                text = text.translate(ASCII)
            sizes[source] += _write(destination / path.relative_to(corpus).with_suffix(".txt"), text.encode())
    for name, source_text in python_files(wheels, draw):
        sizes[PYTHON] += _write((destination / PYTHON / name).with_suffix(".txt"), source_text)
    return sizes


def _write(target: Path, text: bytes) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.write_bytes(text)


if __name__ == "__main__":
    corpus_folder, wheels_folder, target_folder = map(Path, sys.argv[1:4])
    written = write(corpus_folder, wheels_folder, target_folder)
    for source, size in written.items():
        print(f"{source:28} {size / 1e6:6.2f} MB  {size / sum(written.values()):6.1%}")
