"""A word-level network as a predictor of bytes: a word is as probable as the sum of the words that
go on that way.

What it leaves to others is the share of the words that it does not know: all of it, where no known
word begins with what was typed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foretype_model.errors import MissingModelError, ModelError
from foretype_model.predictor import END_OF_TEXT, VOCABULARY, LogProbabilities, PredictorConfig
from foretype_model.predictors.words.runtime import WordModel
from foretype_model.predictors.words.vocabulary import (
    UNKNOWN,
    WORD_ENDS,
    Prefix,
    Vocabulary,
    split_words,
)
from foretype_model.store.store import Store, model_unit

MAX_CACHED_HISTORIES: Final = 128
"""Histories whose next words' probabilities are kept: 80 kB each at 20,000 words, and 0.3 ms to be
worked out again.
"""

CLAIMED_SHARE: Final = 0.7
"""Of the known words' share, as much is claimed; the rest is left to others, who know as much. The
mixture learns how far to trust it, and from here learns soonest: the first 6 kB of a novel take 1.3
% fewer bits than from 1.
"""

Floats = NDArray[np.float32]


class WordHistory:
    """The whole words of a text: a state of the network, and the word that it has yet to read.

    Only a cache is ever changed, which is what the network makes of the two: the state after the
    word, and how probable each known word is as the next one, in the order of their bytes, and an
    unknown one.
    """

    __slots__ = ("before", "h", "next_words", "unknown", "word")

    def __init__(self, before: Floats, word: int) -> None:
        self.before, self.word = before, word
        self.h: Floats | None = None
        self.next_words: Floats | None = None
        self.unknown = 0.0


class WordState:
    """The words before, and what is typed of the next one.

    Only a cache is ever changed: `ended`, the history once the word has ended here.
    """

    __slots__ = ("ended", "history", "prefix")

    def __init__(self, history: WordHistory, prefix: Prefix) -> None:
        self.history, self.prefix = history, prefix
        self.ended: WordHistory | None = None


class WordsPredictor:
    """A `WordModel` behind the `Predictor` door."""

    def __init__(self, network: WordModel) -> None:
        self.network = network
        self._vocabulary: Vocabulary = network.vocabulary
        self._order = network.vocabulary.order
        self._recent: deque[WordHistory] = deque()
        end = network.vocabulary.word_ids[bytes([END_OF_TEXT])]
        # In training one text follows another with END_OF_TEXT between them.
        self._start = WordState(
            WordHistory(np.zeros(network.state_size, np.float32), end), network.vocabulary.empty
        )

    def start(self) -> WordState:
        return self._start

    def feed(self, state: WordState, text: bytes) -> WordState:
        """The words that the text completes are read at once; what is typed of one more is followed
        by byte.
        """
        prefix = state.prefix
        for i, byte in enumerate(text):
            if prefix.ends_before(byte):
                *whole, typed = split_words(text[i:])
                words = [self._vocabulary.word_id(prefix), *self._vocabulary.encode_words(whole)]
                return WordState(self._read(state.history, words), self._typed(typed))
            prefix = self._vocabulary.extend(prefix, byte)
        return WordState(state.history, prefix)

    def step(self, states: Sequence[WordState], following: Sequence[int]) -> list[WordState]:
        return [self._step(state, byte) for state, byte in zip(states, following, strict=True)]

    def predict(self, states: Sequence[WordState]) -> LogProbabilities:
        whole_words = [state for state in states if self._vocabulary.is_word(state.prefix)]
        self._compute([state.history for state in states])
        self._compute([self._ended(state) for state in whole_words])
        rows: Floats = np.float32(CLAIMED_SHARE) * np.stack([self._row(state) for state in states])
        self._evict()
        with np.errstate(divide="ignore"):
            return np.log(rows)

    def _step(self, state: WordState, byte: int) -> WordState:
        if state.prefix.ends_before(byte):
            return WordState(
                self._ended(state), self._vocabulary.extend(self._vocabulary.empty, byte)
            )
        return WordState(state.history, self._vocabulary.extend(state.prefix, byte))

    def _typed(self, text: bytes) -> Prefix:
        prefix = self._vocabulary.empty
        for byte in text:
            prefix = self._vocabulary.extend(prefix, byte)
        return prefix

    def _ended(self, state: WordState) -> WordHistory:
        """The history once the word that is typed has ended."""
        if state.ended is None:
            state.ended = WordHistory(
                self._h(state.history), self._vocabulary.word_id(state.prefix)
            )
        return state.ended

    def _read(self, history: WordHistory, words: list[int]) -> WordHistory:
        """The history after some words more, one at least."""
        rows = np.array([history.word, *words[:-1]])[:, np.newaxis]
        return WordHistory(self.network.read(history.before[np.newaxis], rows)[0][0], words[-1])

    def _h(self, history: WordHistory) -> Floats:
        if history.h is None:
            self._compute([history])
            self._evict()
        assert history.h is not None
        return history.h

    def _compute(self, histories: Sequence[WordHistory]) -> None:
        """Have the network read the last words of those histories for which it has not, or whose
        answer is gone.
        """
        missing = [history for history in dict.fromkeys(histories) if history.next_words is None]
        if missing:
            words = np.array([[history.word for history in missing]])
            h, probabilities = self.network.read(
                np.stack([history.before for history in missing]), words
            )
            for history, h_after, row in zip(missing, h, probabilities, strict=True):
                history.h, history.next_words, history.unknown = (
                    h_after,
                    row[self._order],
                    float(row[UNKNOWN]),
                )
            self._recent.extend(missing)

    def _evict(self) -> None:
        while len(self._recent) > MAX_CACHED_HISTORIES:
            self._recent.popleft().next_words = None

    def _row(self, state: WordState) -> Floats:
        """The probabilities of the next byte, shape (256,): of the words that begin as typed, those
        that go on with it.

        An unknown word is taken to begin as the known ones do, each counted once: rare words are
        like them.
        """
        prefix, row = state.prefix, np.zeros(VOCABULARY, np.float32)
        history = state.history
        if prefix.first == prefix.last or history.next_words is None:
            return row
        words = history.next_words[prefix.first : prefix.last]
        unknown = history.unknown * len(words) / len(self._order)
        total = words.sum() + unknown
        if self._vocabulary.is_word(prefix):
            first_bytes = self._row(WordState(self._ended(state), self._vocabulary.empty))
            row += words[0] * first_bytes * WORD_ENDS[prefix.kind]
            words = words[1:]
        branches = self._vocabulary.branches(prefix)
        if len(words):
            row[branches.bytes] += np.add.reduceat(words, branches.starts)
        row /= max(total, np.finfo(np.float32).tiny)
        return row


def create(config: PredictorConfig) -> WordsPredictor:
    """The entry point.

    The option ``model`` is the name or the path of a word-level model. Without it, it is the model
    in the context if that is one, else the newest in the store.

    Raises:
        MissingModelError: there is none.
        ModelError: the one that is named is missing, or is not one.
    """
    store, named = Store(), config.options.get("model")
    if named is not None and not isinstance(named, str):
        raise ModelError(
            'the words predictor takes {"model": NAME}, the name or the path of a word-level model'
        )
    return WordsPredictor(
        WordModel.open(store.find(named) if named else _unnamed(store, config.model))
    )


def _unnamed(store: Store, chosen: Path | None) -> Path:
    """The word-level model to use where none is named."""
    newest = sorted(
        (store.find(name) for name in store.names()), key=lambda path: -path.stat().st_mtime
    )
    for path in [*([chosen] if chosen else []), *newest]:
        if model_unit(path) == "word":
            return path
    raise MissingModelError(
        "there is no word-level model: make one with 'foretype train PATH --unit word'"
    )
