"""A word n-gram language model as a predictor of bytes.

Trigrams, bigrams and unigrams of words and separators, interpolated (see `rows`), counted over the
texts of the default model in 27 languages (`default_model.ngrams`). The probability of a next byte
is the sum over all tokens that continue the typed prefix with it. The share of unknown words is
left to other predictors; in Japanese, Chinese and Thai, which put no space between words, that is
all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from foretype_model.errors import ModelError
from foretype_model.predictor import LogProbabilities, PredictorConfig
from foretype_model.predictors.ngrams import model_file
from foretype_model.predictors.ngrams.native_rows import Rows, open_rows
from foretype_model.predictors.ngrams.proposals import Proposals
from foretype_model.predictors.ngrams.state import EMPTY, OPAQUE, NgramState, after
from foretype_model.predictors.ngrams.vocabulary import Vocabulary

DEFAULT: Final = Path(__file__).parents[2] / "data" / "words.ngrams"

TAIL_BYTES: Final = 1024
"""The end of a text that decides its state: five tokens, of 60 bytes at most each, and the columns
of a line before them.
"""


class NgramsPredictor:
    """An n-gram model as a `Predictor`."""

    def __init__(self, rows: Rows, vocabulary: Vocabulary) -> None:
        self._rows, self._numbers = rows, vocabulary.number
        self._proposals = Proposals(rows, vocabulary)

    def start(self) -> NgramState:
        return EMPTY

    def feed(self, state: NgramState, text: bytes) -> NgramState:
        """Return the state after `text`; only the end of a long text matters."""
        if len(text) > TAIL_BYTES:
            state, text = EMPTY, text[-TAIL_BYTES:]
        for byte in text:
            state = after(state, byte, self._numbers)
        return state

    def step(self, states: Sequence[NgramState], following: Sequence[int]) -> list[NgramState]:
        numbers = self._numbers
        return [after(state, byte, numbers) for state, byte in zip(states, following, strict=True)]

    def predict(self, states: Sequence[NgramState]) -> LogProbabilities:
        rows = self._rows.rows([state.query() for state in states])
        for row, state in zip(rows, states, strict=True):
            if state.separator == OPAQUE:
                row[:] = -np.inf
        return rows

    def propose(self, state: NgramState, limit: int) -> list[tuple[bytes, float]]:
        return self._proposals.best(state, limit)


def create(config: PredictorConfig) -> NgramsPredictor:
    """Make the predictor (the entry point).

    The option ``model`` is the path of another n-gram model.

    Raises:
        ModelError: the model is missing, damaged, or not for this version.
    """
    named = config.options.get("model", str(DEFAULT))
    if not isinstance(named, str):
        raise ModelError('the ngrams predictor takes {"model": PATH}, a file of n-grams')
    arrays = model_file.read(Path(named))
    return NgramsPredictor(open_rows(arrays), Vocabulary(arrays))
