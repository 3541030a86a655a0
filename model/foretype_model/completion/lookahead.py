"""A cache of the predictions beyond the cursor, kept while the user types through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from foretype_model.predictor import LogProbabilities, Predictor, State
from foretype_model.predictors.mixture import Mixture, Proposal

MAX_PROPOSALS: Final = 60
"""Words that are asked of each predictor."""


class _Entry(NamedTuple):
    """The state after a continuation, and the next-byte log-probabilities there, shape (256,)."""

    state: State
    log_probabilities: LogProbabilities


class LookaheadCache:
    """The next-byte distributions after continuations of one text, each computed once.

    Most keys are foreseen, so a search from the next cursor finds many of its predictions in the
    cache. These do not include what the predictors have learnt from the keys in between. That makes
    no difference to a distribution a few bytes ahead, and the one at the cursor is computed anew.
    """

    def __init__(self, predictor: Predictor, state: State) -> None:
        self._predictor = predictor
        self._mixture = predictor if isinstance(predictor, Mixture) else None
        self._entries: dict[bytes, _Entry] = {}
        self._words: dict[bytes, list[Proposal]] = {}
        self._add(b"", state)

    @property
    def state(self) -> State:
        """The state at the cursor."""
        return self._entries[b""].state

    def predict(self, continuations: Sequence[bytes]) -> LogProbabilities:
        """Return the log-probabilities after each continuation, shape (continuations, 256)."""
        new = [text for text in continuations if text not in self._entries]
        if new:
            states = self._predictor.step(
                [self._parent_state(text) for text in new], [text[-1] for text in new]
            )
            for text, state, log_probabilities in zip(
                new, states, self._predictor.predict(states), strict=True
            ):
                self._entries[text] = _Entry(state, log_probabilities)
        return np.array([self._entries[text].log_probabilities for text in continuations])

    def propose(self, text: bytes) -> list[Proposal]:
        """Return the words that may follow the continuation `text`, the most probable first.

        `text` has been predicted.
        """
        if self._mixture is None:
            return []
        if text not in self._words:
            self._words[text] = self._mixture.propose(self._entries[text].state, MAX_PROPOSALS)
        return self._words[text]

    def _parent_state(self, text: bytes) -> State:
        """Return the state before the last byte of `text`."""
        if text[:-1] in self._entries:
            return self._entries[text[:-1]].state
        known = next(end for end in range(len(text) - 2, -1, -1) if text[:end] in self._entries)
        return self._predictor.feed(self._entries[text[:known]].state, text[known:-1])

    def states_along(self, typed: bytes) -> list[State]:
        """Return the state at the cursor and after each byte of `typed`, up to the first that is
        not in the cache.
        """
        states = [self.state]
        for end in range(1, len(typed) + 1):
            if typed[:end] not in self._entries:
                break
            states.append(self._entries[typed[:end]].state)
        return states

    def advance(self, typed: bytes, state: State) -> None:
        """Move the cursor past `typed`, where the state is `state`, and keep the predictions
        beyond.
        """
        self._entries = {
            text[len(typed) :]: entry
            for text, entry in self._entries.items()
            if text.startswith(typed)
        }
        self._words = {}
        self._add(b"", state)

    def _add(self, text: bytes, state: State) -> None:
        self._entries[text] = _Entry(state, self._predictor.predict([state])[0])
