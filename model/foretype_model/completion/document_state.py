"""Follows the text of one document: its states, and learning from typed bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from foretype_model.cancellation import IsCancelled, never
from foretype_model.completion.deferred_learning import DeferredLearning
from foretype_model.predictor import State
from foretype_model.predictors.mixture import MAX_OBSERVATIONS, Mixture
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.states.anchored_states import AnchoredStates
from foretype_model.text.input_method import MAX_COMPOSED_BYTES, is_composition
from foretype_model.text.rope import Rope

CATCH_UP_BYTES: Final = 64
"""Bytes read in the background in one go, while a request may be waiting (2 ms at 768 units)."""

MAX_TYPED_BYTES: Final = 64
"""Bytes of one edit that are learnt from, at most (0.4 ms each). A longer edit is a paste."""

MAX_IDLE_STATES: Final = 16
"""States kept for a document without requests (4 kB each at 768 units)."""


class Cursor(NamedTuple):
    """The text on both sides of a cursor."""

    before: Rope
    after: Rope


class TextStates(Protocol):
    """The states along one text, for one predictor."""

    def at(self, text: Rope, is_cancelled: IsCancelled = never) -> State:
        """Return the state at the end of `text`. Raises Cancelled once `is_cancelled()` is true."""
        ...

    def adopt(self, text: Rope, start: int, states: Sequence[State]) -> None:
        """Take over states that were computed elsewhere: the one at byte `start`, and the states
        after each byte that follows.
        """
        ...


class DocumentState:
    """The states along one document's text, and learning from its typed bytes.

    Attributes:
        mixture: the predictors that read the document.
        uri: of the document.
        learning: the typed bytes that wait to be learnt from.
    """

    def __init__(
        self,
        mixture: Mixture,
        uri: str,
        states: TextStates,
        policy: LearningPolicy | None = None,
    ) -> None:
        """`policy` decides which typed bytes are learnt from, see `DeferredLearning`."""
        self.mixture, self.uri = mixture, uri
        self.learning = DeferredLearning(mixture, uri, policy)
        self._states = states

    def at(self, text: Rope, is_cancelled: IsCancelled = never) -> State:
        """Return the state at the end of `text`. Raises Cancelled once `is_cancelled()` is true."""
        return self._states.at(text, is_cancelled)

    def adopt(self, text: Rope, start: int, states: Sequence[State]) -> None:
        """Take over states that were computed elsewhere, see `TextStates.adopt`."""
        self._states.adopt(text, start, states)


class LiveDocumentState(DocumentState):
    """A document in an editor, followed from one request to the next, and caught up in between."""

    def __init__(
        self, mixture: Mixture, uri: str, memory: int, policy: LearningPolicy | None = None
    ) -> None:
        """The states take about `memory` bytes at most."""
        self._memory, self._policy = memory, policy
        self._anchored = AnchoredStates(mixture, memory)
        super().__init__(mixture, uri, self._anchored, policy)
        self._latest: Cursor | None = None
        self._observations_left = 0
        self._is_behind = False

    def restart(self, mixture: Mixture) -> None:
        """Go on with another mixture, from no states."""
        self.mixture = mixture
        self.learning = DeferredLearning(mixture, self.uri, self._policy)
        self._states = self._anchored = AnchoredStates(mixture, self._memory)

    @property
    def start(self) -> int:
        """The byte from which the text was read for the state returned last."""
        return self._anchored.start

    def is_at(self, text: Rope) -> bool:
        """Return whether the last request had the same text before its cursor."""
        return self._latest is not None and text == self._latest.before

    def follow(self, cursor: Cursor) -> None:
        """Learn from the bytes typed since the last request, then show the document to the
        predictors.
        """
        earlier, self._latest = self._latest, cursor
        if earlier and cursor.before == earlier.before:
            return
        if earlier and not _has_moved(cursor, earlier):
            start = _typed_from(cursor.before, earlier.before)
            if start is not None:
                self._learn(cursor, start)
        wants_more = self.mixture.observe(self.uri, *cursor)
        self._observations_left = MAX_OBSERVATIONS if wants_more else 0

    def _learn(self, cursor: Cursor, start: int) -> None:
        """Learn from the bytes between `start` and the cursor."""
        for end in range(start, len(cursor.before)):
            self.learning.typed(
                cursor.before.upto(end + 1), cursor.after, self.at(cursor.before.upto(end))
            )

    def at(self, text: Rope, is_cancelled: IsCancelled = never) -> State:
        """Return the state at the end of `text`: exact, or until enough has been read, the state
        after the text nearest to it.

        Raises Cancelled once `is_cancelled()` is true.
        """
        state = self.peek(text, is_cancelled)
        self._is_behind = not self._anchored.is_exact
        return state

    def peek(self, text: Rope, is_cancelled: IsCancelled = never) -> State:
        """Return the state that `at` returns, for a text that `catch_up` is not to read."""
        return super().at(text, is_cancelled)

    def is_caught_up(self) -> bool:
        """Return whether `catch_up` has nothing to do."""
        return self._latest is None or not (self._observations_left or self._is_behind)

    def catch_up(self) -> bool:
        """Do a slice of the work that the last answer went without. Return whether all is done.

        Only the text of the last request is read: reading two texts in turn, each would undo the
        progress of the other.
        """
        if self._latest and self._observations_left:
            wants_more = self.mixture.observe(self.uri, *self._latest)
            self._observations_left = self._observations_left - 1 if wants_more else 0
        elif self._latest and self._is_behind:
            self._is_behind = not self._anchored.catch_up(self._latest.before, CATCH_UP_BYTES)
        return self.is_caught_up()

    def release_memory(self) -> None:
        """Release most of the memory. The next answer takes a little longer, and is the same."""
        self._anchored.release_memory(MAX_IDLE_STATES)


def _has_moved(cursor: Cursor, earlier: Cursor) -> bool:
    """Return whether the cursor has moved on in a text that is the same."""
    count = len(cursor.before) - len(earlier.before)
    return (
        count > 0
        and earlier.after[:count] == cursor.before[-count:]
        and cursor.after == earlier.after.since(count)
    )


def _typed_from(text: Rope, earlier: Rope) -> int | None:
    """Return the byte from which `text` was typed after `earlier`: its end, or the start of the
    composition there that an input method has replaced. None if the user has done something else.
    """
    if is_typed_after(text, earlier):
        return len(earlier)
    start = text.common_prefix(earlier)
    replaced = len(earlier) - start
    if replaced > MAX_COMPOSED_BYTES or len(text) - start > MAX_TYPED_BYTES:
        return None
    return start if is_composition(earlier[start:], text[start:]) else None


def is_typed_after(text: Rope, earlier: Rope) -> bool:
    """Return whether `text` is `earlier` and at most `MAX_TYPED_BYTES` bytes more."""
    return 0 <= len(text) - len(earlier) <= MAX_TYPED_BYTES and text.startswith(earlier)
