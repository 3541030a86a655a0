"""Make the n-gram model of the predictor `ngrams`.

    python -m default_model.ngrams CORPUS MODEL

CORPUS is the packed corpus that `default_model.recipe` makes, with its table beside it; its code is
left out. Takes about four minutes and 8 GB of memory.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from default_model.exit_status import exit_status
from default_model.kneser_ney import estimate
from default_model.ngram_tokens import Numbered, choose, number, texts_in
from foretype_model.predictors.ngrams import model_file
from foretype_model.predictors.ngrams.tokens import START

SOFT_BREAKS: Final = 80
"""Line feeds for a thousand spaces in lines that may be broken: the usual width is 72 columns."""


class Limits(NamedTuple):
    """Most tokens, bigrams and trigrams of a model."""

    tokens: int = 262_000
    bigrams: int = 2_500_000
    trigrams: int = 2_450_000


def make(texts: Iterable[tuple[str, str]], path: Path, limits: Limits | None = None) -> None:
    """Write the n-gram model of texts, each with the name of its language."""
    write(number(texts), path, limits or Limits())


def write(numbered: Numbered, path: Path, limits: Limits) -> None:
    """Write the n-gram model of numbered texts."""
    vocabulary = choose(numbered, limits.tokens)
    tokens = vocabulary.numbers[np.concatenate(list(numbered.groups.values()))]
    starts = np.flatnonzero(tokens == START)[::2]
    found = estimate(tokens, starts, vocabulary.folded, limits.bigrams, limits.trigrams)
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
    return exit_status(lambda: make(texts_in(given.corpus), given.model))


if __name__ == "__main__":
    sys.exit(main())
