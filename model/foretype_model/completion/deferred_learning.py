"""Learning from typed bytes once they are surely no part of a secret, which is known only after the
secret's end.
"""

from __future__ import annotations

from foretype_model.predictor import State
from foretype_model.predictors.mixture import Mixture
from foretype_model.privacy import forgotten_words
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.privacy.secret_scanner import SCAN_BYTES, redact_around
from foretype_model.text.rope import Rope


class DeferredLearning:
    """The bytes typed in one document that wait to be learnt from: seldom more than a word."""

    def __init__(self, mixture: Mixture, uri: str, policy: LearningPolicy | None = None) -> None:
        """`policy` decides whether the document at `uri` is learnt from. By default it is, except
        for secrets.
        """
        self._mixture = mixture
        self._uri, self._policy = uri, policy or LearningPolicy()
        self._start = 0
        self._waiting = b""
        self._states: list[State] = []

    def typed(self, before: Rope, after: Rope, state: State) -> None:
        """Add the last byte of `before`, typed after `state`, and learn from the bytes that it
        shows to be no part of a secret.
        """
        if not self._policy.allows(self._uri):
            return
        self._discard_unless_adjacent(before)
        self._states.append(state)
        words = self._policy.words()
        end = max(self._start, forgotten_words.learnable_end(before, len(before), words))
        if end > self._start:
            near, low = redact_around(before + after[:SCAN_BYTES], self._start, end)
            for first, last in forgotten_words.unredacted_spans(
                near, self._start - low, end - low, words
            ):
                for at in range(low + first, low + last):
                    self._mixture.learn(self._states[at - self._start], before[at : at + 1][0])
        del self._states[: end - self._start]
        self._start, self._waiting = end, before[end:]

    def _discard_unless_adjacent(self, before: Rope) -> None:
        """Discard waiting bytes that were typed elsewhere, or have been deleted."""
        count = len(before) - 1 - self._start
        if 0 <= count <= len(self._states) and self._waiting.startswith(before[self._start : -1]):
            del self._states[count:]
        else:
            self._start, self._states = len(before) - 1, []
