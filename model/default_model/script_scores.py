"""The bits of held-out texts in each script, with the default model and with the script's own.

    python -m default_model.script_scores FOLDER

FOLDER has SCRIPT.corpus files that `default_model.script_corpora` made from the held-out part of
the mix.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from default_model.exit_status import exit_status
from foretype_model.completion.candidates import Options
from foretype_model.evaluation.passage import Passage
from foretype_model.evaluation.score import bits_needed
from foretype_model.evaluation.systems import PredictorSystem
from foretype_model.predictor import Predictor, PredictorConfig
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network
from foretype_model.predictors.ngrams.predictor import create as create_ngrams
from foretype_model.store.script_models import script_model
from foretype_model.store.store import BUNDLED
from foretype_model.text.scripts import SCRIPTS
from foretype_model.training.pack import PackedDocuments

MAX_DOCUMENTS, MAX_BYTES = 8, 12_000
"""Documents of a script that are scored, and bytes of all of them."""


def passages(corpus: Path) -> Iterator[Passage]:
    """Yield the beginnings of a corpus's documents."""
    documents = PackedDocuments(corpus)
    sizes = documents.sizes.tolist()[:MAX_DOCUMENTS]
    for number, size in enumerate(sizes):
        text = documents.read(number, 0, min(size, MAX_BYTES // len(sizes)))
        yield Passage("", text.decode("utf-8", "ignore"), "")


def bits(members: Callable[[], dict[str, Predictor]], texts: Sequence[Passage]) -> float:
    """Return the bits a byte of the mixture of some predictors, new ones for each text."""
    system = PredictorSystem("scored", members, Options())
    needed = sum(bits_needed(system.start(), text, lambda _characters: None) for text in texts)
    return needed / size_of(texts)


def size_of(texts: Sequence[Passage]) -> int:
    """Return the bytes of some texts."""
    return sum(len(text.typed.encode()) for text in texts)


def both_bits(model: Path, texts: Sequence[Passage]) -> tuple[float, float]:
    """Return the bits a byte of a model alone, and of its mixture with `copy` and `ngrams`."""
    network, ngrams = NetworkPredictor(Network.open(model)), create_ngrams(PredictorConfig())
    return bits(lambda: {"network": network}, texts), bits(
        lambda: {"network": network, "copy": CopyPredictor(), "ngrams": ngrams}, texts
    )


def print_scores(folder: Path) -> None:
    """Print a line for each script; raise ForetypeError if a corpus or a model is broken."""
    print("script       kB    alone: default, own    mixture: default, own")
    for script in SCRIPTS:
        own = script_model(script)
        if own is None or not (folder / f"{script}.corpus").is_file():
            continue
        texts = list(passages(folder / f"{script}.corpus"))
        if not size_of(texts):
            continue
        before, after = both_bits(BUNDLED, texts), both_bits(own, texts)
        print(
            f"{script:<11}{size_of(texts) / 1e3:5.1f}"
            f"{before[0]:16.3f}{after[0]:7.3f}{before[1]:18.3f}{after[1]:7.3f}",
            flush=True,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each script; return the exit status."""
    parser = argparse.ArgumentParser(
        "python -m default_model.script_scores", description="Score the models of single scripts."
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="has SCRIPT.corpus files")
    folder = parser.parse_args(arguments).folder
    return exit_status(lambda: print_scores(folder))


if __name__ == "__main__":
    sys.exit(main())
