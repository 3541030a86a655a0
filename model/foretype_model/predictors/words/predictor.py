"""A word-level network as a predictor of bytes.

The probability of a next byte is the sum over all words that continue the typed prefix with it. The
share of unknown words is left to other predictors; it is 1 if no known word begins with the prefix.
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
"""Histories whose next-word probabilities are cached: 80 kB each at 20,000 words, and 0.3 ms to
compute again.
"""

CLAIMED_SHARE: Final = 0.7
"""Factor of the known words' share; the rest is left to other predictors. The mixture learns the
weight of this one, soonest from here: the first 6 kB of a novel take 1.3 % fewer bits than with 1.
"""

Floats = NDArray[np.float32]


class WordHistory:
    """The whole words of a text: a state of the network, and the last word, still unread.

    Only the cache is ever changed.

    Attributes:
        before: the state before `word`, shape (state,).
        word: number of the last word.
        h: cache of the state after `word`, shape (state,).
        next_words: cache of each known word's probability as the next one, in the order of their
            bytes, shape (words,).
        unknown: cache of the probability of an unknown next word.
    """

    __slots__ = ("before", "h", "next_words", "unknown", "word")

    def __init__(self, before: Floats, word: int) -> None:
        self.before, self.word = before, word
        self.h: Floats | None = None
        self.next_words: Floats | None = None
        self.unknown = 0.0


class WordState:
    """The words of a text, and the typed prefix of the next one.

    Only a cache is ever changed: `ended`, the history after a word that ends here.
    """

    __slots__ = ("ended", "history", "prefix")

    def __init__(self, history: WordHistory, prefix: Prefix) -> None:
        self.history, self.prefix = history, prefix
        self.ended: WordHistory | None = None


class WordsPredictor:
    """A `WordModel` as a `Predictor`."""

    def __init__(self, network: WordModel) -> None:
        self.network = network
        self._vocabulary: Vocabulary = network.vocabulary
        self._order = network.vocabulary.order
        self._recent: deque[WordHistory] = deque()
        end = network.vocabulary.word_ids[bytes([END_OF_TEXT])]
        # Texts are separated by END_OF_TEXT in training.
        self._start = WordState(
            WordHistory(np.zeros(network.state_size, np.float32), end), network.vocabulary.empty
        )

    def start(self) -> WordState:
        return self._start

    def feed(self, state: WordState, text: bytes) -> WordState:
        """Return the state after `text`; read its whole words in one call, its rest by bytes."""
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
        """Return the history after the typed word, if it ends here."""
        if state.ended is None:
            state.ended = WordHistory(
                self._h(state.history), self._vocabulary.word_id(state.prefix)
            )
        return state.ended

    def _read(self, history: WordHistory, words: list[int]) -> WordHistory:
        """Return the history after one or more words."""
        rows = np.array([history.word, *words[:-1]])[:, np.newaxis]
        return WordHistory(self.network.read(history.before[np.newaxis], rows)[0][0], words[-1])

    def _h(self, history: WordHistory) -> Floats:
        if history.h is None:
            self._compute([history])
            self._evict()
        assert history.h is not None
        return history.h

    def _compute(self, histories: Sequence[WordHistory]) -> None:
        """Fill the caches that are empty, by one call of the network for all histories."""
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
        """Return the probabilities of the next byte, shape (256,).

        With V(s) the words that begin with the prefix s:
        P(b | s) = P(V(sb)) / (P(V(s)) + P(unknown) |V(s)| / |V|).
        An unknown word is assumed to begin as the known words do, each counted once, since rare
        words are like them.
        """
        prefix, row = state.prefix, np.zeros(VOCABULARY, np.float32)
        history = state.history
        if prefix.first == prefix.last or history.next_words is None:
            return row
        # The probabilities of V(s), which is a range of the words in the order of their bytes.
        words = history.next_words[prefix.first : prefix.last]
        unknown = history.unknown * len(words) / len(self._order)
        total = words.sum() + unknown
        # The prefix itself is a word: it ends here, and the next word begins with its first byte.
        if self._vocabulary.is_word(prefix):
            first_bytes = self._row(WordState(self._ended(state), self._vocabulary.empty))
            row += words[0] * first_bytes * WORD_ENDS[prefix.kind]
            words = words[1:]
        # The longer words: sum those that go on with the same byte.
        branches = self._vocabulary.branches(prefix)
        if len(words):
            row[branches.bytes] += np.add.reduceat(words, branches.starts)
        row /= max(total, np.finfo(np.float32).tiny)
        return row


def create(config: PredictorConfig) -> WordsPredictor:
    """Make the predictor (the entry point).

    The option ``model`` is the name or the path of a word-level model. The default is the model in
    `config` if it is word-level, else the newest one in the store.

    Raises:
        MissingModelError: there is no word-level model.
        ModelError: the named model is missing or not word-level.
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
    """Return the default word-level model."""
    newest = sorted(
        (store.find(name) for name in store.names()), key=lambda path: -path.stat().st_mtime
    )
    for path in [*([chosen] if chosen else []), *newest]:
        if model_unit(path) == "word":
            return path
    raise MissingModelError(
        "there is no word-level model: make one with 'foretype train PATH --unit word'"
    )
