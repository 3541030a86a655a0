"""What is typed is learnt from once it is sure to be no part of a secret, which shows only when
that has ended.
"""

from __future__ import annotations

from foretype_model.predictor import State
from foretype_model.predictors.mixture import Mixture
from foretype_model.privacy import forgotten_words
from foretype_model.privacy.learning_policy import Consent
from foretype_model.privacy.secret_scanner import REACH, masked_around
from foretype_model.text.rope import Rope


class Lessons:
    """The bytes that were typed in one document and wait to be learnt from: seldom more than a
    word.
    """

    def __init__(self, mixture: Mixture, document: str, consent: Consent | None = None) -> None:
        """Nothing is learnt from `document`, a URI, without the `consent`; it is one for all but
        secrets by default.
        """
        self._mixture = mixture
        self._document, self._consent = document, consent or Consent()
        self._start = 0
        self._waiting = b""
        self._states: list[State] = []

    def typed(self, before: Rope, after: Rope, state: State) -> None:
        """The last byte of `before` was typed, after `state`; learn from what has been settled by
        it.
        """
        if not self._consent.given(self._document):
            return
        self._go_on_to(before)
        self._states.append(state)
        words = self._consent.words()
        end = max(self._start, forgotten_words.settled(before, len(before), words))
        if end > self._start:
            near, low = masked_around(before + after[:REACH], self._start, end)
            for first, last in forgotten_words.kept(near, self._start - low, end - low, words):
                for at in range(low + first, low + last):
                    self._mixture.learn(self._states[at - self._start], before[at : at + 1][0])
        del self._states[: end - self._start]
        self._start, self._waiting = end, before[end:]

    def _go_on_to(self, before: Rope) -> None:
        """Let go of what was typed elsewhere, or deleted again."""
        count = len(before) - 1 - self._start
        if 0 <= count <= len(self._states) and self._waiting.startswith(before[self._start : -1]):
            del self._states[count:]
        else:
            self._start, self._states = len(before) - 1, []
