"""Make the n-gram model of the predictor `ngrams`.

    python -m default_model.ngrams CORPUS MODEL

CORPUS is the packed corpus that `default_model.recipe` makes, with its table beside it; its code is
left out. Takes about three minutes and 8 GB of memory.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from default_model.kneser_ney import estimate
from default_model.ngram_tokens import choose, number, texts_in
from foretype_model.errors import ForetypeError
from foretype_model.predictors.ngrams import model_file
from foretype_model.predictors.ngrams.tokens import START

TOKENS: Final = 140_000
BIGRAMS: Final = 1_500_000
TRIGRAMS: Final = 1_200_000
SOFT_BREAKS: Final = 80


def make(corpus: Path, path: Path) -> None:
    """Write the n-gram model of a packed corpus."""
    numbered = number(texts_in(corpus))
    vocabulary = choose(numbered, TOKENS)
    tokens = vocabulary.numbers[np.concatenate(list(numbered.groups.values()))]
    del numbered
    starts = np.flatnonzero(tokens == START)[::2]
    found = estimate(tokens, starts, vocabulary.folded, BIGRAMS, TRIGRAMS)
    model_file.write(
        path,
        tokens=vocabulary.tokens,
        first_word=vocabulary.first_word,
        folded=vocabulary.folded,
        unigrams=found.unigrams,
        bigrams=found.bigrams,
        trigrams=found.trigrams,
        soft_breaks=SOFT_BREAKS,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the model of the command line; return the exit status."""
    parser = argparse.ArgumentParser("python -m default_model.ngrams")
    parser.add_argument("corpus", metavar="CORPUS", type=Path, help="a packed corpus")
    parser.add_argument("model", metavar="MODEL", type=Path, help="the file to write")
    given = parser.parse_args(arguments)
    try:
        make(given.corpus, given.model)
    except ForetypeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
