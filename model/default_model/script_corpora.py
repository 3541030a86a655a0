"""A corpus for each script that has a model of its own, and one of the rest, from the mix of the
default model.

    python -m default_model.script_corpora MIX.corpus FOLDER

A script's model (`foretype_model.store.script_models`) is trained on nothing else:

    python -m foretype_model.training FOLDER/greek.corpus --out greek.onnx --hidden 256 \
        --embedding 16 --batch 64 --window 128 --learning-rate 0.006 --steps 1830

The default model's last course reads ``FOLDER/latin.corpus`` alone: it does not complete the
others.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from default_model.exit_status import exit_status
from foretype_model.errors import CorpusError
from foretype_model.text.scripts import main_script
from foretype_model.training.pack import PackedDocuments, pack

JUDGED_BYTES: Final = 20_000
"""A document is in the script of its beginning."""

MIN_SHARE: Final = 0.25
"""Part of the beginning's letters that are in the script: documentation is half code."""


REST: Final = "latin"
"""Documents in the Latin script, and the few in scripts without a model."""


def by_script(documents: PackedDocuments) -> dict[str, list[int]]:
    """Return the documents that are written in each script, and those of REST, by their numbers."""
    found = defaultdict[str, list[int]](list)
    for number, size in enumerate(documents.sizes.tolist()):
        beginning = documents.read(number, 0, min(size, JUDGED_BYTES)).decode("utf-8", "ignore")
        found[main_script(beginning, MIN_SHARE) or REST].append(number)
    return found


def divide(mix: Path, folder: Path) -> None:
    """Write a corpus for each script of `mix`; raise CorpusError if the mix is broken, the folder
    is missing, or the mix itself would be replaced.
    """
    documents = PackedDocuments(mix)
    if not folder.is_dir():
        raise CorpusError(f"there is no folder {folder}")
    divided = {folder / f"{script}.corpus": some for script, some in by_script(documents).items()}
    if mix.resolve() in {path.resolve() for path in divided}:
        raise CorpusError(f"{mix} would be replaced by a part of itself: give another folder")
    for path, numbers in sorted(divided.items()):
        texts = (documents.read(one, 0, int(documents.sizes[one])) for one in numbers)
        print(f"{path}: {pack(texts, path)} documents, {path.stat().st_size / 1e6:.1f} MB")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the corpora of the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        "python -m default_model.script_corpora", description="Divide a mix by scripts."
    )
    parser.add_argument("mix", metavar="MIX.corpus", type=Path, help="what the recipe has made")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="gets SCRIPT.corpus files")
    given = parser.parse_args(arguments)
    return exit_status(lambda: divide(given.mix, given.folder))


if __name__ == "__main__":
    sys.exit(main())
