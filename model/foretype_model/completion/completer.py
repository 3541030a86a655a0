"""What is offered at a cursor: warm states, mixture and candidates of one open document."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from foretype_model.cancellation import Patience, Stale, never
from foretype_model.completion import candidates, explain
from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.deferred_learning import Lessons
from foretype_model.completion.explain import Explanation
from foretype_model.completion.lookahead import Outlook
from foretype_model.completion.search import Found
from foretype_model.predictor import Predictor, State
from foretype_model.predictors.mixture import SHOWN, Corrections, Floats, Mixture, PredictorFailed
from foretype_model.privacy.learning_policy import Consent
from foretype_model.states.anchored_states import LongText
from foretype_model.states.state_cache import MEMORY
from foretype_model.text import prose, utf8
from foretype_model.text.rope import Rope, unix

SLICE: Final = 64
"""Bytes read in the background in one go, while a request may be waiting (2 ms at 768 units)."""

MOST_TYPED: Final = 64
"""Bytes that one edit may add for all of them to be learnt from (0.4 ms each); more is pasted."""

RESTING: Final = 16
"""States that are kept of a document which nobody asks about (4 kB each at 768 units)."""

REMEMBERED: Final = 32
"""Searches kept: the list and the ghost text of one place share theirs, and backspace finds the
last ones again.
"""

LOOK_BACK: Final = 64
LOOK_AHEAD: Final = 1024
"""Bytes around the cursor that candidates are made to fit to."""

T = TypeVar("T")


class _Place(NamedTuple):
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
        corrections: Corrections | None = None,
        memory: int = MEMORY,
        *,
        consent: Consent | None = None,
    ) -> None:
        """`document` is its URI; documents that share `corrections` learn together how far to trust
        each predictor.

        The states along the text take about `memory` bytes at the most. What is typed is learnt
        from with the `consent` alone, as `Lessons` has it.
        """
        self._on_drop = on_drop
        self._document = document
        self._consent = consent
        self._memory = memory
        self._corrections: Corrections = {} if corrections is None else corrections
        self._typed: Rope | None = None
        self._shares: tuple[State, Mapping[str, Floats]] = None, {}
        self._searches: OrderedDict[tuple[Rope, Options, int], list[Found]] = OrderedDict()
        self._mixture = Mixture(predictors, self._corrections)
        self._lessons = Lessons(self._mixture, document, self._consent)
        self._states: LongText | None = None
        self._read_from = 0
        self._outlook: tuple[Rope, Outlook] | None = None
        self._begun: tuple[Rope, bytes] | None = None
        self._latest = _Place(Rope(()), Rope(()))
        self._unobserved = 0
        self._behind = False

    def next_words(
        self, before: Rope | bytes, after: Rope | bytes, options: Options, stale: Stale = never
    ) -> list[Candidate]:
        """Distinct next words, best first. Raises Superseded once `stale()` is true."""
        place = _place(before, after)

        def words() -> list[Candidate]:
            patience = _patience(options, stale)
            self._follow(place)
            found = self._find_words(place, options, 1, patience)
            outlook = self._look(place.before, stale)
            return self._with_shares(
                outlook.state, candidates.next_words(outlook, found, options, patience)
            )

        return self._guarded(words, [])

    def next_characters(
        self, before: Rope | bytes, after: Rope | bytes, options: Options
    ) -> list[Candidate]:
        """The next code points, best first."""
        place = _place(before, after)

        def characters() -> list[Candidate]:
            self._follow(place)
            outlook, tail = self._look(place.before), place.before[-LOOK_BACK:]
            return self._with_shares(
                outlook.state, candidates.next_characters(outlook, tail, options)
            )

        return self._guarded(characters, [])

    def ghost_text(
        self, before: Rope | bytes, after: Rope | bytes, options: Options, stale: Stale = never
    ) -> Candidate | None:
        """The text that goes on after the cursor, where that is sure enough. Raises Superseded as
        `next_words` does.
        """
        place = _place(before, after)
        ahead = place.after[:LOOK_AHEAD]
        # In mid-line, a line break would tear apart what stands there.
        within_line = ahead.split(b"\n", 1)[0].strip()
        how = replace(options, max_lines=1) if within_line else options

        def ghost() -> Candidate | None:
            patience = _patience(how, stale)
            self._follow(place)
            found = self._goes_on(place, how, stale) or self._find_words(
                place, how, how.max_lines, patience
            )
            outlook = self._look(place.before, stale)
            offered = candidates.ghost_text(
                outlook, found, (place.before[-LOOK_BACK:], ahead), how, patience
            )
            self._begun = (place.before, found[0].text) if offered else None
            return self._with_shares(outlook.state, [offered])[0] if offered else None

        return self._guarded(ghost, None)

    def explain(self, before: Rope | bytes, text: str, most: int) -> Explanation | None:
        """Why `text` is offered after `before`, with at most so many sources; None where nothing
        predicts any more.
        """
        read = _as_rope(before)
        # Not by way of `_state`: what is still to be read is what was asked about last.
        return self._guarded(
            lambda: explain.explain(self._mixture, self._read().at(read), text, most), None
        )

    def _goes_on(self, place: _Place, options: Options, stale: Stale) -> list[Found]:
        """The word that the ghost text began with, where the user is typing it and it is still
        sure: without a search.

        Of the words that begin so it was the likeliest before, and would be found again, but for
        what was learnt since.
        """
        earlier, word = self._begun or (place.before, b"")
        if options.temperature > 0 or options.prose or not self._follows(place.before, earlier):
            return []
        typed = place.before[len(earlier) :]
        rest = word[len(typed) :]
        if not typed or not rest or not word.startswith(typed) or not utf8.STARTS[rest[0]]:
            return []
        found = candidates.known_word(self._look(place.before, stale), rest, options.max_lines)
        return [found] if math.exp(found.log_p) >= options.min_confidence else []

    def _find_words(
        self, place: _Place, options: Options, lines: int, patience: Patience
    ) -> list[Found]:
        """The words that the text at the cursor may go on with."""
        before = place.before[-LOOK_BACK:]
        if options.prose and prose.is_inside_word(before, place.after[:LOOK_AHEAD]):
            return []
        key = place.before, options, lines
        if key in self._searches:
            self._searches.move_to_end(key)
            return self._searches[key]
        outlook = self._look(place.before, patience.stale)
        found, complete = candidates.find_words(outlook, before, options, lines, patience)
        if complete:
            self._searches[key] = found
            while len(self._searches) > REMEMBERED:
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

    def _follow(self, place: _Place) -> None:
        """Learn from what was typed since the last question, then show the document to the
        predictors.
        """
        typed, self._typed, self._latest = self._typed, place.before, place
        if place.before == typed:
            return
        self._adopt(place.before)
        if (
            typed is not None
            and len(place.before) - len(typed) <= MOST_TYPED
            and place.before.startswith(typed)
        ):
            self._learn(place, len(typed))
        self._unobserved = SHOWN if self._mixture.observe(self._document, *place) else 0

    def _adopt(self, text: Rope) -> None:
        """Take the states after what was typed from where they were looked at ahead, as far as they
        were.
        """
        if self._outlook and self._follows(text, self._outlook[0]):
            start = len(self._outlook[0])
            self._read().adopt(text, start, self._outlook[1].states_along(text[start:]))

    def _learn(self, place: _Place, start: int) -> None:
        for end in range(start, len(place.before)):
            self._lessons.typed(
                place.before.upto(end + 1), place.after, self._state(place.before.upto(end))
            )

    def catch_up(self) -> bool:
        """Do a slice of what the last answer did without; whether there is nothing left.

        Only the text asked about last is read: reading two in turn, each would undo what the other
        had read.
        """

        def catch_up() -> bool:
            if not (self._unobserved or self._behind):
                return True
            if self._unobserved:
                more = self._mixture.observe(self._document, *self._latest)
                self._unobserved = self._unobserved - 1 if more else 0
            else:
                self._behind = not self._read().catch_up(self._latest.before, SLICE)
            if self._unobserved or self._behind:
                return False
            self.think_anew()
            return True

        return self._guarded(catch_up, True)

    def think_anew(self) -> None:
        """Answer by what the predictors know now, where an answer is kept of what they knew
        before.
        """
        self._outlook, self._begun = None, None
        self._shares = None, {}
        self._searches.clear()
        self._mixture.ask_anew()

    def rest(self) -> None:
        """Give back most of the memory; the next question takes a little longer, and has the same
        answer.
        """
        self.think_anew()
        if self._states:
            self._states.rest(RESTING)

    def _state(self, text: Rope, stale: Stale = never) -> State:
        """The state after a text: exact, or while that is still to be read, from the text nearest
        to it.
        """
        state = self._read().at(text, stale)
        self._behind = not self._read().is_exact
        return state

    def _look(self, text: Rope, stale: Stale = never) -> Outlook:
        """What lies beyond the cursor, as far as it was looked at: from here, or from where the
        user has come from.
        """
        state = self._state(text, stale)
        if self._read().start != self._read_from:
            # What was looked at before goes on from a state of which less had been read.
            self.think_anew()
            self._read_from = self._read().start
        if self._outlook is None or not self._follows(text, self._outlook[0]):
            self._outlook = text, Outlook(self._mixture, state)
        elif state is not self._outlook[1].state:
            self._outlook[1].follow(text[len(self._outlook[0]) :], state)
            self._outlook = text, self._outlook[1]
        return self._outlook[1]

    def _follows(self, text: Rope, earlier: Rope) -> bool:
        """Whether it was typed after the earlier one."""
        return 0 <= len(text) - len(earlier) <= MOST_TYPED and text.startswith(earlier)

    def _read(self) -> LongText:
        if self._states is None:
            self._states = LongText(self._mixture, self._memory)
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
                self._mixture = Mixture(members, self._corrections)
                self._lessons = Lessons(self._mixture, self._document, self._consent)
                self._states = None
                self.think_anew()
                self._on_drop(failure.name, failure.cause)
        return nothing


def _place(before: Rope | bytes, after: Rope | bytes) -> _Place:
    return _Place(_as_rope(before), _as_rope(after))


def _as_rope(text: Rope | bytes) -> Rope:
    """With LF line ends, the only ones that predictors see; those of a rope are so already."""
    return text if isinstance(text, Rope) else Rope.of(unix(text))


def _patience(options: Options, stale: Stale) -> Patience:
    return Patience(stale, time.perf_counter() + options.budget)
