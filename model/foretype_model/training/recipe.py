"""The text the bundled model is trained on, made from an unpacked corpus: capped by source, quotes in both fashions.

    python -m foretype_model.training.recipe CORPUS DESTINATION

CORPUS has a folder for each source below; DESTINATION gets one file a document. The figures of shares go to the
model card.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Final

MEGABYTES: Final = {
    "prose/fiction": 14.0,
    "prose/commit-messages": 7.0,
    "prose/speeches": 3.0,
    "prose/openstax-us-history": 3.0,
    "prose/openstax-sociology": 2.0,
    "prose/masc": 2.5,
    "docs/python__peps": 5.0,
    "docs": 16.0,
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


def write(corpus: Path, destination: Path, seed: int = 0) -> dict[str, int]:
    """Write the documents; the bytes of each source."""
    draw = random.Random(seed)
    sizes = dict.fromkeys(MEGABYTES, 0)
    for source, paths in documents(corpus, draw).items():
        for path in paths:
            text = path.read_text(encoding="utf-8")
            if draw.random() < ASCII_SHARE:
                text = text.translate(ASCII)
            target = destination / path.relative_to(corpus).with_suffix(".txt")
            target.parent.mkdir(parents=True, exist_ok=True)
            sizes[source] += target.write_bytes(text.encode())
    return sizes


if __name__ == "__main__":
    written = write(Path(sys.argv[1]), Path(sys.argv[2]))
    for source, size in written.items():
        print(f"{source:28} {size / 1e6:6.2f} MB  {size / sum(written.values()):6.1%}")
