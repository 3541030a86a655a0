"""Scores a text as it is typed: the probability of each character before it was known, and the
characters that may come next.

Predictors that have read a text expect it: asked afterwards, `copy` finds each word at its own
place. So a `SurprisalTracker` has predictors of its own, which are shown the text byte by byte,
each byte after its prediction. Its figures are those of an evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from foretype_model.cancellation import Cancelled, IsCancelled, never
from foretype_model.completion import menu
from foretype_model.completion.candidates import BEFORE_BYTES, Options
from foretype_model.completion.deferred_learning import DeferredLearning
from foretype_model.completion.document_state import MAX_TYPED_BYTES, DocumentState
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.offers import presentable
from foretype_model.completion.search import Sampler
from foretype_model.completion.unread_runs import Run, UnreadRuns
from foretype_model.predictor import State
from foretype_model.predictors.log_mixer import Floats
from foretype_model.predictors.mixture import MAX_OBSERVATIONS, Mixture
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.states.nearby_states import NearbyStates
from foretype_model.text.rope import Rope

MAX_BYTES_PER_CALL: Final = 128
"""Bytes that are scored for one answer, at most (some 100 ms), so that waiting requests do not wait
long.
"""


@dataclass(frozen=True)
class CharacterScore:
    """A character of the text.

    Attributes:
        probability: before the character was known; None if it was not scored then.
        shares: each predictor's share in the probability of its first byte, by name.
    """

    text: str
    probability: float | None
    shares: Mapping[str, float]


@dataclass(frozen=True)
class NextCharacter:
    """A character that may come next.

    Attributes:
        probability: of the character coming next.
        drawn: the probability of drawing it at the temperature and within top-k and top-p.
        shares: as in `CharacterScore`.
    """

    text: str
    probability: float
    drawn: float
    shares: Mapping[str, float]


class _ByteScore(NamedTuple):
    """The log-probability of a byte, and each predictor's share in it."""

    log_p: float
    shares: Mapping[str, float]


_NOT_SCORED: Final = _ByteScore(math.nan, {})
"""The score of a byte that is unread, or was passed over."""


def replay(
    mixture: Mixture,
    uri: str,
    state: State,
    text: bytes,
    around: tuple[Rope | bytes, Rope | bytes],
    *,
    learning: DeferredLearning | None,
) -> Iterator[State]:
    """Yield the state before each byte of `text`, which comes between the two texts `around`;
    `state` is the first one.

    A byte is read, learnt from (unless `learning` is None) and shown to the predictors only when
    the next state is asked for.
    """
    before, after = map(Rope.of, around)
    _observe_whole(mixture, uri, before, after)
    for byte in text:
        yield state
        # A rope shares its unchanged pieces. Copying and comparing bytes took 15 ms a byte in 2 MB.
        before += bytes((byte,))
        if learning:
            learning.typed(before, after, state)
        state = mixture.step([state], [byte])[0]
        mixture.observe(uri, before, after)


def _observe_whole(mixture: Mixture, uri: str, before: Rope, after: Rope) -> None:
    """Show a document until the predictors want no more of it."""
    for _ in range(MAX_OBSERVATIONS):
        if not mixture.observe(uri, before, after):
            break


class SurprisalTracker:
    """The scores of one text that grows and is edited. Its lines end in LF. Typed bytes are learnt
    from, as in a `Completer`.

    A method raises PredictorFailed if a predictor fails. The tracker is unusable then.
    """

    def __init__(self, mixture: Mixture, uri: str, policy: LearningPolicy | None = None) -> None:
        """The members of `mixture` have not seen the document at `uri`, and see it here alone.

        `policy` decides which typed bytes are learnt from, see `DeferredLearning`.
        """
        self._document = DocumentState(mixture, uri, NearbyStates(mixture), policy)
        self._text = Rope(())
        self._scores: list[_ByteScore] = []
        self._unread = UnreadRuns()
        self._begun = False

    def follow(self, text: Rope | bytes) -> None:
        """Set the text. Its parts that an edit left at the beginning and the end keep their scores.

        A rope that shares pieces with the last one costs a comparison of the pieces.
        """
        text = Rope.of(text)
        start = self._text.common_prefix(text)
        kept = min(self._text.common_suffix(text), min(len(self._text), len(text)) - start)
        count = len(text) - start - kept
        is_typed = self._begun and count <= MAX_TYPED_BYTES
        end = len(self._text) - kept
        self._scores[start:end] = [_NOT_SCORED] * count
        self._unread.replace(start, end, count, is_typed=is_typed)
        self._text, self._begun = text, True

    def read(self, start: int, end: int, is_cancelled: IsCancelled = never) -> list[CharacterScore]:
        """Return the scores of the characters from byte `start` up to `end`, or of the first
        `MAX_BYTES_PER_CALL` unread bytes among them.

        Unread bytes before `start` are passed over, and stay without a score. The costs depend on
        the bytes that are read, and not on the length of the text. Raises Cancelled once
        `is_cancelled()` is true. The scores computed by then are kept.
        """
        first, end = self._character_start(start), self._character_start(end)
        at, budget = first, MAX_BYTES_PER_CALL
        while at < end and budget > 0:
            run = self._unread.next_from(at)
            if run is None or run.start > at:
                at = min(run.start, end) if run else end
                continue
            stop = self._character_start(min(run.end, end, at + budget))
            self._score(Run(at, stop, run.is_typed), is_cancelled)
            at, budget = stop, budget - (stop - at)
        return list(self._scored(first, at))

    def end_of_passed_over(self, start: int) -> int:
        """Return the first byte from `start` on that is not passed over: it is unread, or has a
        score.
        """
        at = self._character_start(start)
        run = self._unread.next_from(at)
        limit = run.start if run else len(self._text)
        while at < limit and math.isnan(self._scores[at].log_p):
            at += 1
        return at

    def next_characters(
        self, at: int, options: Options, is_cancelled: IsCancelled = never
    ) -> list[NextCharacter]:
        """Return the characters that may come at byte `at`, the most probable first, each with its
        probability of being drawn by `options`.

        Raises Cancelled once `is_cancelled()` is true.
        """
        before, mixture = self._text.upto(at), self._document.mixture
        lookahead = LookaheadCache(mixture, self._document.at(before, is_cancelled))
        tail = before[-BEFORE_BYTES:]
        likely = menu.next_characters(lookahead, tail, replace(options, temperature=0.0))
        found = presentable(likely, tail, options)
        shares, sampler = mixture.shares(lookahead.state), options.sampler(tail)
        texts = [one.text.encode() for one in found]
        return [
            NextCharacter(
                one.text,
                one.probability,
                _sampling_probability(lookahead, sampler, text),
                _shares_of(shares, text[0]),
            )
            for one, text in zip(found, texts, strict=True)
        ]

    def _score(self, run: Run, is_cancelled: IsCancelled) -> None:
        """Score the bytes of a run, which begins at an unread byte."""
        self._unread.discard_before(run.start)
        text, states = self._text[run.start : run.end], list[State]()
        first = self._document.at(self._text.upto(run.start), is_cancelled)
        mixture, uri = self._document.mixture, self._document.uri
        learning = self._document.learning if run.is_typed else None
        around = self._text.upto(run.start), self._read_text_after(run.end)
        try:
            for state in replay(mixture, uri, first, text, around, learning=learning):
                if is_cancelled():
                    raise Cancelled
                byte = text[len(states)]
                log_p = float(mixture.predict([state])[0, byte])
                shares = _shares_of(mixture.shares(state), byte)
                self._scores[run.start + len(states)] = _ByteScore(log_p, shares)
                states.append(state)
        finally:
            self._unread.discard_before(run.start + len(states))
            self._document.adopt(self._text, run.start, states)

    def _read_text_after(self, at: int) -> Rope:
        """Return the nearest text after byte `at` that the predictors may see: up to the next
        unread byte, past the unread bytes that stand right at `at`.
        """
        start = self._unread.end_of_unread(at)
        run = self._unread.next_from(start)
        return self._text.upto(run.start if run else len(self._text)).since(start)

    def _character_start(self, at: int) -> int:
        """Return the first border of characters from byte `at` on."""
        while at < len(self._text) and self._text[at : at + 1][0] & 0xC0 == 0x80:
            at += 1
        return min(at, len(self._text))

    def _scored(self, start: int, end: int) -> Iterator[CharacterScore]:
        """Yield the scores of the characters between two bytes, all of which have been read."""
        for character in self._text[start:end].decode():
            length = len(character.encode())
            scores = self._scores[start : start + length]
            p = math.exp(sum(score.log_p for score in scores))
            yield CharacterScore(character, None if math.isnan(p) else p, scores[0].shares)
            start += length


def _sampling_probability(lookahead: LookaheadCache, sampler: Sampler, text: bytes) -> float:
    """Return the probability of drawing the bytes of `text` one after the other."""
    rows = sampler.adjusted(lookahead.predict([text[:end] for end in range(len(text))]))
    return math.exp(float(rows[range(len(text)), list(text)].sum()))


def _shares_of(shares: Mapping[str, Floats], byte: int) -> dict[str, float]:
    return {name: float(share[byte]) for name, share in shares.items()}
