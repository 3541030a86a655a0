"""What is offered at a cursor: warm states, mixture and candidates of one open document."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from foretype_model.cancellation import Deadline, IsCancelled, never
from foretype_model.completion import candidates, explain
from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.deferred_learning import DeferredLearning
from foretype_model.completion.explain import Explanation
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.search import Hypothesis
from foretype_model.predictor import Predictor, State
from foretype_model.predictors.mixture import (
    MAX_OBSERVATIONS,
    Floats,
    MixerWeights,
    Mixture,
    PredictorFailed,
)
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.states.anchored_states import AnchoredStates
from foretype_model.states.state_cache import MAX_STATE_BYTES
from foretype_model.text import prose, utf8
from foretype_model.text.rope import Rope, to_lf

CATCH_UP_BYTES: Final = 64
"""Bytes read in the background in one go, while a request may be waiting (2 ms at 768 units)."""

MAX_TYPED_BYTES: Final = 64
"""Bytes that one edit may add for all of them to be learnt from (0.4 ms each); more is pasted."""

MAX_IDLE_STATES: Final = 16
"""States that are kept of a document which nobody asks about (4 kB each at 768 units)."""

MAX_SEARCHES: Final = 32
"""Searches kept: the list and the ghost text of one place share theirs, and backspace finds the
last ones again.
"""

BEFORE_BYTES: Final = 64
AFTER_BYTES: Final = 1024
"""Bytes around the cursor that candidates are made to fit to."""

T = TypeVar("T")


class _Cursor(NamedTuple):
    """Around the cursor."""

    before: Rope
    after: Rope


class Completer:
    """Completes one document. Not for use by two threads at once.

    `before` is the document's text up to the cursor, `after` what follows it (a few lines are
    enough), in UTF-8. A predictor that raises is dropped, for this document and for good, after one
    call of `on_drop` with its name.
    """

    def __init__(
        self,
        predictors: Mapping[str, Predictor],
        on_drop: Callable[[str, Exception], None],
        document: str = "",
        mixer_weights: MixerWeights | None = None,
        memory: int = MAX_STATE_BYTES,
        *,
        policy: LearningPolicy | None = None,
    ) -> None:
        """`document` is its URI; documents that share `mixer_weights` learn together how far to
        trust each predictor.

        The states along the text take about `memory` bytes at the most. What is typed is learnt
        from with the `policy` alone, as `DeferredLearning` has it.
        """
        self._on_drop = on_drop
        self._document = document
        self._policy = policy
        self._memory = memory
        self._mixer_weights: MixerWeights = {} if mixer_weights is None else mixer_weights
        self._typed: Rope | None = None
        self._shares: tuple[State, Mapping[str, Floats]] = None, {}
        self._searches: OrderedDict[tuple[Rope, Options, int], list[Hypothesis]] = OrderedDict()
        self._mixture = Mixture(predictors, self._mixer_weights)
        self._learning = DeferredLearning(self._mixture, document, self._policy)
        self._states: AnchoredStates | None = None
        self._states_start = 0
        self._lookahead: tuple[Rope, LookaheadCache] | None = None
        self._ghost_word: tuple[Rope, bytes] | None = None
        self._latest = _Cursor(Rope(()), Rope(()))
        self._unobserved = 0
        self._is_behind = False

    def next_words(
        self,
        before: Rope | bytes,
        after: Rope | bytes,
        options: Options,
        is_cancelled: IsCancelled = never,
    ) -> list[Candidate]:
        """Distinct next words, best first. Raises Cancelled once `is_cancelled()` is true."""
        cursor = _cursor(before, after)

        def words() -> list[Candidate]:
            deadline = _deadline(options, is_cancelled)
            self._follow(cursor)
            found = self._find_words(cursor, options, 1, deadline)
            lookahead = self._lookahead_at(cursor.before, is_cancelled)
            return self._with_shares(
                lookahead.state, candidates.next_words(lookahead, found, options, deadline)
            )

        return self._guarded(words, [])

    def next_characters(
        self, before: Rope | bytes, after: Rope | bytes, options: Options
    ) -> list[Candidate]:
        """The next code points, best first."""
        cursor = _cursor(before, after)

        def characters() -> list[Candidate]:
            self._follow(cursor)
            lookahead, tail = self._lookahead_at(cursor.before), cursor.before[-BEFORE_BYTES:]
            return self._with_shares(
                lookahead.state, candidates.next_characters(lookahead, tail, options)
            )

        return self._guarded(characters, [])

    def ghost_text(
        self,
        before: Rope | bytes,
        after: Rope | bytes,
        options: Options,
        is_cancelled: IsCancelled = never,
    ) -> Candidate | None:
        """The text that goes on after the cursor, where that is sure enough. Raises Cancelled as
        `next_words` does.
        """
        cursor = _cursor(before, after)
        ahead = cursor.after[:AFTER_BYTES]
        # In mid-line, a line break would tear apart what stands there.
        within_line = ahead.split(b"\n", 1)[0].strip()
        how = replace(options, max_lines=1) if within_line else options

        def ghost() -> Candidate | None:
            deadline = _deadline(how, is_cancelled)
            self._follow(cursor)
            found = self._typed_through(cursor, how, is_cancelled) or self._find_words(
                cursor, how, how.max_lines, deadline
            )
            lookahead = self._lookahead_at(cursor.before, is_cancelled)
            offered = candidates.ghost_text(
                lookahead, found, (cursor.before[-BEFORE_BYTES:], ahead), how, deadline
            )
            self._ghost_word = (cursor.before, found[0].text) if offered else None
            return self._with_shares(lookahead.state, [offered])[0] if offered else None

        return self._guarded(ghost, None)

    def explain(
        self, before: Rope | bytes, text: str, limit: int, is_cancelled: IsCancelled = never
    ) -> Explanation | None:
        """Why `text` is offered after `before`, with at most so many sources; None where nothing
        predicts any more. Raises Cancelled once `is_cancelled()` is true.
        """
        read = _as_rope(before)
        # Not by way of `_state`: what is still to be read is what was asked about last.
        return self._guarded(
            lambda: explain.explain(
                self._mixture, self._document_states().at(read), text, limit, is_cancelled
            ),
            None,
        )

    def _typed_through(
        self, cursor: _Cursor, options: Options, is_cancelled: IsCancelled
    ) -> list[Hypothesis]:
        """The word that the ghost text began with, where the user is typing it and it is still
        sure: without a search.

        Of the words that begin so it was the likeliest before, and would be found again, but for
        what was learnt since.
        """
        earlier, word = self._ghost_word or (cursor.before, b"")
        if (
            options.temperature > 0
            or options.prose
            or not self._goes_on_from(cursor.before, earlier)
        ):
            return []
        typed = cursor.before[len(earlier) :]
        rest = word[len(typed) :]
        if not typed or not rest or not word.startswith(typed) or not utf8.START_BYTES[rest[0]]:
            return []
        found = candidates.score_word(
            self._lookahead_at(cursor.before, is_cancelled), rest, options.max_lines
        )
        return [found] if math.exp(found.log_p) >= options.min_confidence else []

    def _find_words(
        self, cursor: _Cursor, options: Options, lines: int, deadline: Deadline
    ) -> list[Hypothesis]:
        """The words that the text at the cursor may go on with."""
        before = cursor.before[-BEFORE_BYTES:]
        if options.prose and prose.is_inside_word(before, cursor.after[:AFTER_BYTES]):
            return []
        key = cursor.before, options, lines
        if key in self._searches:
            self._searches.move_to_end(key)
            return self._searches[key]
        lookahead = self._lookahead_at(cursor.before, deadline.is_cancelled)
        found, complete = candidates.find_words(lookahead, before, options, lines, deadline)
        if complete:
            self._searches[key] = found
            while len(self._searches) > MAX_SEARCHES:
                self._searches.popitem(last=False)
        return found

    def _with_shares(self, state: State, offered: list[Candidate]) -> list[Candidate]:
        """Each predictor's part, at the first byte of each candidate."""
        if self._shares[0] is not state:
            self._shares = state, self._mixture.shares(state)
        first = [one.text.encode()[0] for one in offered]
        return [
            replace(
                one, shares={name: float(share[byte]) for name, share in self._shares[1].items()}
            )
            for one, byte in zip(offered, first, strict=True)
        ]

    def _follow(self, cursor: _Cursor) -> None:
        """Learn from what was typed since the last question, then show the document to the
        predictors.
        """
        typed, self._typed, self._latest = self._typed, cursor.before, cursor
        if cursor.before == typed:
            return
        self._adopt(cursor.before)
        if (
            typed is not None
            and len(cursor.before) - len(typed) <= MAX_TYPED_BYTES
            and cursor.before.startswith(typed)
        ):
            self._learn(cursor, len(typed))
        self._unobserved = MAX_OBSERVATIONS if self._mixture.observe(self._document, *cursor) else 0

    def _adopt(self, text: Rope) -> None:
        """Take the states after what was typed from where they were looked at ahead, as far as they
        were.
        """
        if self._lookahead and self._goes_on_from(text, self._lookahead[0]):
            start = len(self._lookahead[0])
            self._document_states().adopt(
                text, start, self._lookahead[1].states_along(text[start:])
            )

    def _learn(self, cursor: _Cursor, start: int) -> None:
        for end in range(start, len(cursor.before)):
            self._learning.typed(
                cursor.before.upto(end + 1), cursor.after, self._state(cursor.before.upto(end))
            )

    def catch_up(self) -> bool:
        """Do a slice of what the last answer did without; whether there is nothing left.

        Only the text asked about last is read: reading two in turn, each would undo what the other
        had read.
        """

        def catch_up() -> bool:
            if not (self._unobserved or self._is_behind):
                return True
            if self._unobserved:
                more = self._mixture.observe(self._document, *self._latest)
                self._unobserved = self._unobserved - 1 if more else 0
            else:
                self._is_behind = not self._document_states().catch_up(
                    self._latest.before, CATCH_UP_BYTES
                )
            if self._unobserved or self._is_behind:
                return False
            self.invalidate()
            return True

        return self._guarded(catch_up, True)

    def invalidate(self) -> None:
        """Answer by what the predictors know now, where an answer is kept of what they knew
        before.
        """
        self._lookahead, self._ghost_word = None, None
        self._shares = None, {}
        self._searches.clear()
        self._mixture.invalidate()

    def release_memory(self) -> None:
        """Give back most of the memory; the next question takes a little longer, and has the same
        answer.
        """
        self.invalidate()
        if self._states:
            self._states.release_memory(MAX_IDLE_STATES)

    def _state(self, text: Rope, is_cancelled: IsCancelled = never) -> State:
        """The state after a text: exact, or while that is still to be read, from the text nearest
        to it.
        """
        state = self._document_states().at(text, is_cancelled)
        self._is_behind = not self._document_states().is_exact
        return state

    def _lookahead_at(self, text: Rope, is_cancelled: IsCancelled = never) -> LookaheadCache:
        """What lies beyond the cursor, as far as it was looked at: from here, or from where the
        user has come from.
        """
        state = self._state(text, is_cancelled)
        if self._document_states().start != self._states_start:
            # What was looked at before goes on from a state of which less had been read.
            self.invalidate()
            self._states_start = self._document_states().start
        if self._lookahead is None or not self._goes_on_from(text, self._lookahead[0]):
            self._lookahead = text, LookaheadCache(self._mixture, state)
        elif state is not self._lookahead[1].state:
            self._lookahead[1].advance(text[len(self._lookahead[0]) :], state)
            self._lookahead = text, self._lookahead[1]
        return self._lookahead[1]

    def _goes_on_from(self, text: Rope, earlier: Rope) -> bool:
        """Whether it was typed after the earlier one."""
        return 0 <= len(text) - len(earlier) <= MAX_TYPED_BYTES and text.startswith(earlier)

    def _document_states(self) -> AnchoredStates:
        if self._states is None:
            self._states = AnchoredStates(self._mixture, self._memory)
        return self._states

    def _guarded(self, offer: Callable[[], T], nothing: T) -> T:
        """Whatever `offer` returns, with the predictors that raise in it dropped one after the
        other.
        """
        while self._mixture.members:
            try:
                return offer()
            except PredictorFailed as failure:
                members = {
                    name: one for name, one in self._mixture.members.items() if name != failure.name
                }
                self._mixture = Mixture(members, self._mixer_weights)
                self._learning = DeferredLearning(self._mixture, self._document, self._policy)
                self._states = None
                self.invalidate()
                self._on_drop(failure.name, failure.cause)
        return nothing


def _cursor(before: Rope | bytes, after: Rope | bytes) -> _Cursor:
    return _Cursor(_as_rope(before), _as_rope(after))


def _as_rope(text: Rope | bytes) -> Rope:
    """With LF line ends, the only ones that predictors see; those of a rope are so already."""
    return text if isinstance(text, Rope) else Rope.of(to_lf(text))


def _deadline(options: Options, is_cancelled: IsCancelled) -> Deadline:
    return Deadline(is_cancelled, time.perf_counter() + options.budget)
