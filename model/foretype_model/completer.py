"""What is offered at a cursor: warm states, mixture and candidates of one open document."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Final, TypeVar

from foretype_model import candidates, prose, provenance
from foretype_model.candidates import Candidate, Options
from foretype_model.lessons import Lessons
from foretype_model.mixture import Corrections, Floats, Mixture, PredictorFailed
from foretype_model.outlook import Outlook
from foretype_model.predictor import Predictor, State
from foretype_model.provenance import Explanation
from foretype_model.search import Found
from foretype_model.staleness import Stale, never
from foretype_model.warm import WarmStates

FAR: Final = 4096
"""Bytes that are read at once, and waited for (0.2 s at 512 units); beyond, an answer comes from the nearest text."""

NEAR: Final = 2048
"""Bytes of the nearest text: a network of 512 units has forgotten nearly all that was before."""

SLICE: Final = 512
"""Bytes read in the background in one go, while a request may be waiting (20 ms at 512 units)."""

MOST_TYPED: Final = 200
"""Bytes that one edit may add for all of them to be learnt from (0.4 ms each); more is pasted."""

RESTING: Final = 16
"""States that are kept of a document which nobody asks about (4 kB each at 768 units)."""

REMEMBERED: Final = 32
"""Searches kept: the list and the ghost text of one place share theirs, and backspace finds the last ones again."""

T = TypeVar("T")


class Completer:
    """Completes one document. Not for use by two threads at once.

    `before` is the document's text up to the cursor, `after` what follows it (a few lines are enough), in UTF-8.
    A predictor that raises is dropped, for this document and for good, after one call of `on_drop` with its name.
    """

    def __init__(
        self,
        predictors: Mapping[str, Predictor],
        on_drop: Callable[[str, Exception], None],
        document: str = "",
        corrections: Corrections | None = None,
    ) -> None:
        """`document` is its URI; documents that share `corrections` learn together how far to trust each predictor."""
        self._on_drop = on_drop
        self._document = document
        self._corrections: Corrections = {} if corrections is None else corrections
        self._typed: bytes | None = None
        self._shares: tuple[State, Mapping[str, Floats]] = None, {}
        self._searches: OrderedDict[tuple[bytes, Options, int], list[Found]] = OrderedDict()
        self._mixture = Mixture(predictors, self._corrections)
        self._lessons = Lessons(self._mixture, document)
        self._warm: WarmStates | None = None
        self._near: tuple[bytes, WarmStates] | None = None
        self._outlook: tuple[bytes, Outlook] | None = None
        self._latest = b""

    def next_words(self, before: bytes, after: bytes, options: Options, stale: Stale = never) -> list[Candidate]:
        """Distinct next words, best first. Raises Superseded once `stale()` is true."""

        def words() -> list[Candidate]:
            self._follow(before, after)
            found = self._find_words(before, after, options, 1, stale)
            outlook = self._look(before, stale)
            return self._with_shares(outlook.state, candidates.next_words(outlook, found, options))

        return self._guarded(words, [])

    def next_characters(self, before: bytes, options: Options) -> list[Candidate]:
        """The next code points, best first."""

        def characters() -> list[Candidate]:
            outlook = self._look(before)
            return self._with_shares(outlook.state, candidates.next_characters(outlook, before, options))

        return self._guarded(characters, [])

    def ghost_text(self, before: bytes, after: bytes, options: Options, stale: Stale = never) -> Candidate | None:
        """The text that goes on after the cursor, where that is sure enough. Raises Superseded as `next_words` does."""
        # In mid-line, a line break would tear apart what stands there.
        within_line = after.split(b"\n", 1)[0].strip()
        how = replace(options, max_lines=1) if within_line else options

        def ghost() -> Candidate | None:
            self._follow(before, after)
            found = self._find_words(before, after, how, how.max_lines, stale)
            outlook = self._look(before, stale)
            offered = candidates.ghost_text(outlook, found, before, after, how)
            return self._with_shares(outlook.state, [offered])[0] if offered else None

        return self._guarded(ghost, None)

    def explain(self, before: bytes, text: str, most: int) -> Explanation | None:
        """Why `text` is offered after `before`, with at most so many sources; None where nothing predicts any more."""
        return self._guarded(lambda: provenance.explain(self._mixture, self._state(before), text, most), None)

    def _find_words(self, before: bytes, after: bytes, options: Options, lines: int, stale: Stale) -> list[Found]:
        """The words that the text at the cursor may go on with."""
        self._latest = before
        if options.prose and prose.is_inside_word(before, after):
            return []
        # A digest: 32 copies of a text of 10 MB would not be small.
        key = (blake2b(before, digest_size=16).digest(), options, lines)
        if key not in self._searches:
            outlook = self._look(before, stale)
            self._searches[key] = candidates.find_words(outlook, before, options, lines=lines, stale=stale)
        self._searches.move_to_end(key)
        while len(self._searches) > REMEMBERED:
            self._searches.popitem(last=False)
        return self._searches[key]

    def _with_shares(self, state: State, offered: list[Candidate]) -> list[Candidate]:
        """Each predictor's part, at the first byte of each candidate."""
        if self._shares[0] is not state:
            self._shares = state, self._mixture.shares(state)
        first = [one.text.encode()[0] for one in offered]
        return [
            replace(one, shares={name: float(share[byte]) for name, share in self._shares[1].items()})
            for one, byte in zip(offered, first, strict=True)
        ]

    def _follow(self, before: bytes, after: bytes) -> None:
        """Learn from what was typed since the last question, then show the document to the predictors."""
        typed, self._typed = self._typed, before
        if before == typed:
            return
        text = unix(before)
        self._adopt(text)
        if typed is not None and before.startswith(typed) and len(before) - len(typed) <= MOST_TYPED:
            self._learn(text, len(unix(typed)), unix(after))
        self._mixture.observe(self._document, text, unix(after))

    def _adopt(self, text: bytes) -> None:
        """Take the states after what was typed from where they were looked at ahead, as far as they were."""
        if self._outlook is None or self._near or not text.startswith(self._outlook[0]):
            return
        start = len(self._outlook[0])
        self._states().adopt(text, start, self._outlook[1].states_along(text[start:]))

    def _learn(self, text: bytes, start: int, after: bytes) -> None:
        if self._states().behind(text[:start]):
            return
        for end in range(start, len(text)):
            self._lessons.typed(text[: end + 1], after, self._states().at(text[:end]))

    def catch_up(self, before: bytes) -> bool:
        """Read a slice of a long text that the last answer did without; whether there is nothing left to read.

        Only the text asked about last is read: reading two in turn, each would undo what the other had read.
        """

        def read() -> bool:
            if not self._near or before != self._latest:
                return True
            done = self._states().catch_up(unix(before), SLICE)
            if done:
                self._near = None
                self._searches.clear()
                self._outlook = None
            return done

        return self._guarded(read, True)

    def think_anew(self) -> None:
        """Answer by what the predictors know now, where an answer is kept of what they knew before."""
        self._near, self._outlook = None, None
        self._shares = None, {}
        self._searches.clear()

    def rest(self) -> None:
        """Give back most of the memory; the next question takes a little longer, and has the same answer."""
        self.think_anew()
        if self._warm:
            self._warm.rest(RESTING)

    def _state(self, before: bytes, stale: Stale = never) -> State:
        """The state at the cursor: exact, or while a long text is still to be read, from the text nearest to it."""
        self._latest, text = before, unix(before)
        if self._states().behind(text) <= FAR:
            self._near = None
            return self._states().at(text, stale)
        if not self._near or not text.startswith(self._near[0]) or len(text) - len(self._near[0]) > 2 * FAR:
            cut = text.rfind(b"\n", 0, -NEAR) + 1
            self._near = (text[: cut if cut > len(text) - FAR else len(text) - NEAR], WarmStates(self._mixture))
        head, near = self._near
        return near.at(text[len(head) :], stale)

    def _look(self, before: bytes, stale: Stale = never) -> Outlook:
        """What lies beyond the cursor, as far as it was looked at: from here, or from where the user has come from."""
        state, text = self._state(before, stale), unix(before)
        if self._outlook is None or not text.startswith(self._outlook[0]):
            self._outlook = text, Outlook(self._mixture, state)
        elif state is not self._outlook[1].state:
            self._outlook[1].follow(text[len(self._outlook[0]) :], state)
            self._outlook = text, self._outlook[1]
        return self._outlook[1]

    def _states(self) -> WarmStates:
        if self._warm is None:
            self._warm = WarmStates(self._mixture)
        return self._warm

    def _guarded(self, offer: Callable[[], T], nothing: T) -> T:
        """Whatever `offer` returns, with the predictors that raise in it dropped one after the other."""
        while self._mixture.members:
            try:
                return offer()
            except PredictorFailed as failure:
                members = {name: one for name, one in self._mixture.members.items() if name != failure.name}
                self._mixture = Mixture(members, self._corrections)
                self._lessons = Lessons(self._mixture, self._document)
                self._warm = None
                self.think_anew()
                self._on_drop(failure.name, failure.cause)
        return nothing


def unix(text: bytes) -> bytes:
    """With LF line ends, the only ones that predictors see."""
    return text.replace(b"\r\n", b"\n")
