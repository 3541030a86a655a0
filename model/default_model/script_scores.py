"""The bits of held-out texts in each script, with the default model and with the script's own.

    python -m default_model.script_scores FOLDER

FOLDER has SCRIPT.corpus files that `default_model.script_corpora` made from the held-out part of
the mix.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from foretype_model.errors import ForetypeError
from foretype_model.predictor import PredictorConfig
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.mixture import Mixture
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network
from foretype_model.predictors.ngrams.predictor import create as create_ngrams
from foretype_model.store.script_models import script_model
from foretype_model.store.store import BUNDLED
from foretype_model.text.rope import Rope
from foretype_model.text.scripts import SCRIPTS
from foretype_model.training.pack import PackedDocuments

MAX_DOCUMENTS, MAX_BYTES = 8, 12_000
"""Documents of a script that are scored, and bytes of all of them."""

SCORED: Final = "untitled:scored"


def passages(corpus: Path) -> Iterator[bytes]:
    """Yield the beginnings of a corpus's documents."""
    documents = PackedDocuments(corpus)
    sizes = documents.sizes.tolist()[:MAX_DOCUMENTS]
    for number, size in enumerate(sizes):
        yield documents.read(number, 0, min(size, MAX_BYTES // len(sizes)))


def bits(network: Network, texts: Sequence[bytes]) -> tuple[float, float]:
    """Return the bits a byte of the network alone, and of its mixture with `copy` and `ngrams`."""
    ngrams, size = create_ngrams(PredictorConfig()), sum(map(len, texts))
    alone = mixed = 0.0
    for text in texts:
        mixture = Mixture(
            {"network": NetworkPredictor(network), "copy": CopyPredictor(), "ngrams": ngrams}
        )
        state = mixture.start()
        for at, byte in enumerate(text):
            mixture.observe(SCORED, Rope.of(text[:at]), Rope(()))
            alone -= float(mixture.predictions([state])[0, 0, byte])
            mixed -= float(mixture.predict([state])[0, byte])
            mixture.learn(state, byte)
            (state,) = mixture.step([state], [byte])
    return alone / size / math.log(2), mixed / size / math.log(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each script; return the exit status."""
    parser = argparse.ArgumentParser(
        "python -m default_model.script_scores", description="Score the models of single scripts."
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="has SCRIPT.corpus files")
    folder = parser.parse_args(arguments).folder
    print("script       kB    alone: default, own    mixture: default, own")
    try:
        default = Network.open(BUNDLED)
        for script in SCRIPTS:
            own = script_model(script)
            if own is None or not (folder / f"{script}.corpus").is_file():
                continue
            texts = list(passages(folder / f"{script}.corpus"))
            before, after = bits(default, texts), bits(Network.open(own), texts)
            print(
                f"{script:<11}{sum(map(len, texts)) / 1e3:5.1f}"
                f"{before[0]:16.3f}{after[0]:7.3f}{before[1]:18.3f}{after[1]:7.3f}",
                flush=True,
            )
    except ForetypeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
