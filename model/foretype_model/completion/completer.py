"""Candidates at a cursor, from the predictors' states in one open document."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from foretype_model.cancellation import Deadline, IsCancelled, never
from foretype_model.completion import alternatives, explain, ghost_text, menu, word_search
from foretype_model.completion.after_cursor import AroundCursor, Fit
from foretype_model.completion.candidates import BEFORE_BYTES, Candidate, Options
from foretype_model.completion.document_state import Cursor, LiveDocumentState, is_typed_after
from foretype_model.completion.explain import Explanation
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.offers import presentable
from foretype_model.completion.search import Hypothesis
from foretype_model.predictor import Predictor, State
from foretype_model.predictors.log_mixer import Floats, MixerWeights
from foretype_model.predictors.mixture import Mixture, PredictorFailed
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.states.state_cache import MAX_STATE_BYTES
from foretype_model.text import prose, utf8
from foretype_model.text.rope import Rope, to_lf

MAX_SEARCHES: Final = 32
"""Searches kept. The list and the ghost text of one place share a search, and after a backspace the
earlier searches are used again.
"""

AROUND_BYTES: Final = 1024
"""Bytes on each side of the cursor to which candidates are fitted."""

T = TypeVar("T")


class Completer:
    """Candidates for one document. Not safe for use by two threads at once.

    `before` is the document's text up to the cursor, `after` the text that follows it (a few lines
    are enough), in UTF-8. A predictor that raises is dropped from this document for good, after one
    call of `on_drop` with its name and its error.
    """

    def __init__(
        self,
        predictors: Mapping[str, Predictor],
        on_drop: Callable[[str, Exception], None],
        uri: str = "",
        mixer_weights: MixerWeights | None = None,
        memory: int = MAX_STATE_BYTES,
        *,
        policy: LearningPolicy | None = None,
    ) -> None:
        """Create a completer for the document at `uri`.

        Documents that share `mixer_weights` learn together how far to trust each predictor. The
        states along the text take about `memory` bytes at most. `policy` decides which typed bytes
        are learnt from, see `DeferredLearning`.
        """
        self._on_drop = on_drop
        self._mixer_weights = MixerWeights() if mixer_weights is None else mixer_weights
        mixture = Mixture(predictors, self._mixer_weights)
        self._document = LiveDocumentState(mixture, uri, memory, policy)
        self._start = 0
        self._shares: tuple[State, Mapping[str, Floats]] = None, {}
        self._searches: OrderedDict[tuple[Rope, Options, int], list[Hypothesis]] = OrderedDict()
        self._lookahead: tuple[Rope, LookaheadCache] | None = None
        self._ghost_word: tuple[Rope, bytes] | None = None

    @property
    def steps(self) -> int:
        """The bytes that the predictors have read or tried so far, see `Mixture.steps`."""
        return self._document.mixture.steps

    def next_words(
        self,
        before: Rope | bytes,
        after: Rope | bytes,
        options: Options,
        is_cancelled: IsCancelled = never,
    ) -> list[Candidate]:
        """Return distinct next words, best first.

        Raises Cancelled once `is_cancelled()` is true.
        """
        cursor = _cursor(before, after)

        def words() -> list[Candidate]:
            deadline = _deadline(options, is_cancelled)
            self._follow(cursor)
            found = self._find_words(cursor, options, 1, deadline)
            lookahead = self._lookahead_at(cursor.before, is_cancelled)
            around = _around(cursor, options)
            offered = menu.next_words(lookahead, found, around, options, deadline)
            tail = cursor.before[-BEFORE_BYTES:]
            return self._with_shares(lookahead.state, presentable(offered, tail, options))

        return self._dropping_failures(words, [])

    def next_characters(
        self, before: Rope | bytes, after: Rope | bytes, options: Options
    ) -> list[Candidate]:
        """Return the next code points, best first."""
        cursor = _cursor(before, after)

        def characters() -> list[Candidate]:
            self._follow(cursor)
            lookahead, tail = self._lookahead_at(cursor.before), cursor.before[-BEFORE_BYTES:]
            around = _around(cursor, options)
            found = menu.next_characters(lookahead, tail, options)
            offered = presentable(
                [one for one in found if around.fit(one.text) == Fit(one.text)], tail, options
            )
            likely = [
                one for one in offered if one.probability >= options.min_character_probability
            ]
            return self._with_shares(lookahead.state, likely)

        return self._dropping_failures(characters, [])

    def ghost_text(
        self,
        before: Rope | bytes,
        after: Rope | bytes,
        options: Options,
        is_cancelled: IsCancelled = never,
    ) -> Candidate | None:
        """Return the continuation after the cursor, or None if none is sure enough. Raises
        Cancelled once `is_cancelled()` is true.
        """
        return next(iter(self.ghost_texts(before, after, options, 1, is_cancelled)), None)

    def ghost_texts(
        self,
        before: Rope | bytes,
        after: Rope | bytes,
        options: Options,
        count: int,
        is_cancelled: IsCancelled = never,
    ) -> list[Candidate]:
        """Return up to `count` continuations after the cursor that differ in their first words: the
        one that `ghost_text` returns, then those of the next best words.

        More than one is for a user who asks: the least confidence then falls with each word's
        probability. Raises Cancelled once `is_cancelled()` is true.
        """
        cursor = _cursor(before, after)
        how = _within_line(options, cursor.after)

        def ghosts() -> list[Candidate]:
            self._follow(cursor)
            found = self._typed_through(cursor, how, is_cancelled)
            if not found or count > 1:
                deadline = _deadline(how, is_cancelled)
                found = alternatives.merge(
                    found, self._find_words(cursor, how, how.max_lines, deadline)
                )
            lookahead = self._lookahead_at(cursor.before, is_cancelled)
            offered = self._extend_words(lookahead, found, cursor, (how, count), is_cancelled)
            is_first = offered and offered[0].text.encode().startswith(found[0].text)
            self._ghost_word = (cursor.before, found[0].text) if is_first else None
            return self._with_shares(lookahead.state, offered)

        return self._dropping_failures(ghosts, [])

    def ghost_text_beyond(
        self,
        before: Rope | bytes,
        after: Rope | bytes,
        options: Options,
        is_cancelled: IsCancelled = never,
    ) -> Candidate | None:
        """Return the ghost text of a text that the document may become, such as with the selected
        item of a menu. Nothing is learnt from it.

        Raises Cancelled once `is_cancelled()` is true.
        """
        cursor = _cursor(before, after)
        how = _within_line(options, cursor.after)

        def ghost() -> Candidate | None:
            state = self._document.peek(cursor.before, is_cancelled)
            lookahead = LookaheadCache(self._document.mixture, state)
            found, _ = word_search.find_words(
                lookahead,
                cursor.before[-BEFORE_BYTES:],
                how,
                how.max_lines,
                _deadline(how, is_cancelled),
            )
            offered = self._extend_words(lookahead, found, cursor, (how, 1), is_cancelled)
            return offered[0] if offered else None

        return self._dropping_failures(ghost, None)

    def _extend_words(
        self,
        lookahead: LookaheadCache,
        found: list[Hypothesis],
        cursor: Cursor,
        how: tuple[Options, int],
        is_cancelled: IsCancelled,
    ) -> list[Candidate]:
        """Return ghost texts that begin with the words `found`, by options and up to a count."""
        options, count = how
        around, tail = _around(cursor, options), cursor.before[-BEFORE_BYTES:]
        offered: list[Candidate] = []
        for word, its_options in alternatives.least_confidences(found, options, count):
            # Each has the whole time: the user has asked for more than one.
            deadline = _deadline(options, is_cancelled)
            ghost = ghost_text.extend(lookahead, word, around, its_options, deadline)
            shown = presentable([ghost] if ghost else [], tail, options)
            offered = alternatives.distinct([*offered, *shown])
            if len(offered) == count:
                break
        return offered

    def explain(
        self, before: Rope | bytes, text: str, limit: int, is_cancelled: IsCancelled = never
    ) -> Explanation | None:
        """Return the reasons for offering `text` after `before`, with at most `limit` sources; None
        if no predictor is left.

        A long `text` is explained by its beginning, see `explain.explain`. Raises Cancelled once
        `is_cancelled()` is true.
        """
        read = _as_rope(before)

        def explanation() -> Explanation:
            state = self._document.peek(read, is_cancelled)
            return explain.explain(self._document.mixture, state, text, limit, is_cancelled)

        return self._dropping_failures(explanation, None)

    def catch_up(self) -> bool:
        """Do a slice of the work that the last answer went without. Return whether all is done."""

        def catch_up() -> bool:
            if self._document.is_caught_up():
                return True
            done = self._document.catch_up()
            if done:
                self.invalidate()
            return done

        return self._dropping_failures(catch_up, True)

    def invalidate(self) -> None:
        """Discard cached answers: the predictors have learnt something since."""
        self._lookahead, self._ghost_word = None, None
        self._shares = None, {}
        self._searches.clear()
        self._document.mixture.invalidate()

    def release_memory(self) -> None:
        """Release most of the memory. The next answer takes a little longer, and is the same."""
        self.invalidate()
        self._document.release_memory()

    def _typed_through(
        self, cursor: Cursor, options: Options, is_cancelled: IsCancelled
    ) -> list[Hypothesis]:
        """Return the rest of the last ghost text's first word while the user types through it and
        it stays above `min_confidence`, without a search.

        It was the likeliest of the words that begin so. A search would find it again, unless the
        predictors have learnt otherwise since.
        """
        earlier, word = self._ghost_word or (cursor.before, b"")
        if options.temperature > 0 or options.prose or not is_typed_after(cursor.before, earlier):
            return []
        typed = cursor.before[len(earlier) :]
        rest = word[len(typed) :]
        if not typed or not rest or not word.startswith(typed) or not utf8.START_BYTES[rest[0]]:
            return []
        found = word_search.score_word(
            self._lookahead_at(cursor.before, is_cancelled), rest, options.max_lines
        )
        return [found] if math.exp(found.log_p) >= options.min_confidence else []

    def _find_words(
        self, cursor: Cursor, options: Options, lines: int, deadline: Deadline
    ) -> list[Hypothesis]:
        """Return the words that may follow the cursor, from an earlier search if possible."""
        before = cursor.before[-BEFORE_BYTES:]
        if options.prose and prose.is_inside_word(before, cursor.after[:AROUND_BYTES]):
            return []
        key = cursor.before, options, lines
        if key in self._searches:
            self._searches.move_to_end(key)
            return self._searches[key]
        lookahead = self._lookahead_at(cursor.before, deadline.is_cancelled)
        found, complete = word_search.find_words(lookahead, before, options, lines, deadline)
        if complete:
            self._searches[key] = found
            while len(self._searches) > MAX_SEARCHES:
                self._searches.popitem(last=False)
        return found

    def _with_shares(self, state: State, offered: list[Candidate]) -> list[Candidate]:
        """Return the candidates with each predictor's share in their first bytes."""
        if self._shares[0] is not state:
            self._shares = state, self._document.mixture.shares(state)
        first = [one.text.encode()[0] for one in offered]
        return [
            replace(
                one, shares={name: float(share[byte]) for name, share in self._shares[1].items()}
            )
            for one, byte in zip(offered, first, strict=True)
        ]

    def _follow(self, cursor: Cursor) -> None:
        """Follow the document to a new request, with the states that the lookahead computed."""
        lookahead, text = self._lookahead, cursor.before
        if lookahead and not self._document.is_at(text) and is_typed_after(text, lookahead[0]):
            start = len(lookahead[0])
            self._document.adopt(text, start, lookahead[1].states_along(text[start:]))
        self._document.follow(cursor)

    def _lookahead_at(self, text: Rope, is_cancelled: IsCancelled = never) -> LookaheadCache:
        """Return the predictions beyond the end of `text`, with those that were made from an
        earlier cursor if the user has typed on from there.
        """
        state = self._document.at(text, is_cancelled)
        if self._document.start != self._start:
            # The earlier predictions go on from a state that had read less.
            self.invalidate()
            self._start = self._document.start
        if self._lookahead is None or not is_typed_after(text, self._lookahead[0]):
            self._lookahead = text, LookaheadCache(self._document.mixture, state)
        elif state is not self._lookahead[1].state:
            self._lookahead[1].advance(text[len(self._lookahead[0]) :], state)
            self._lookahead = text, self._lookahead[1]
        return self._lookahead[1]

    def _dropping_failures(self, answer: Callable[[], T], nothing: T) -> T:
        """Return `answer()`, repeated without each predictor that fails in it; `nothing` if no
        predictor is left.
        """
        while members := self._document.mixture.members:
            try:
                return answer()
            except PredictorFailed as failure:
                left = {name: one for name, one in members.items() if name != failure.name}
                self._document.restart(Mixture(left, self._mixer_weights))
                self.invalidate()
                self._on_drop(failure.name, failure.cause)
        return nothing


def _cursor(before: Rope | bytes, after: Rope | bytes) -> Cursor:
    return Cursor(_as_rope(before), _as_rope(after))


def _around(cursor: Cursor, options: Options) -> AroundCursor:
    before = cursor.before[-AROUND_BYTES:].decode(errors="ignore")
    after = cursor.after[:AROUND_BYTES].decode(errors="ignore")
    return AroundCursor(before, after, options.replace_after_cursor)


def _as_rope(text: Rope | bytes) -> Rope:
    """Return the text with the LF line ends that predictors see. A rope has LF already."""
    return text if isinstance(text, Rope) else Rope.of(to_lf(text))


def _within_line(options: Options, after: Rope) -> Options:
    """Return the options before the text `after`: in mid-line, a line break would tear the rest of
    the line apart.
    """
    rest = after[:AROUND_BYTES].split(b"\n", 1)[0].strip()
    return replace(options, max_lines=1) if rest else options


def _deadline(options: Options, is_cancelled: IsCancelled) -> Deadline:
    return Deadline(is_cancelled, time.perf_counter() + options.budget)
