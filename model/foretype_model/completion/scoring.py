"""A text read as it comes: how probable each character was before anybody knew it, and what may
come next.

What has read a text expects it: asked afterwards, `copy` finds each word where it stands. So a
reading has predictors of its own, to which the text is shown byte by byte, each after it was
predicted; its figures are an evaluation's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, NamedTuple

from foretype_model.cancellation import Cancelled, IsCancelled, never
from foretype_model.completion import candidates
from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import MAX_TYPED_BYTES
from foretype_model.completion.deferred_learning import DeferredLearning
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.search import Sampler
from foretype_model.predictor import State
from foretype_model.predictors.mixture import MAX_OBSERVATIONS, Floats, Mixture
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.states.state_cache import StateCache
from foretype_model.text.rope import Rope, common_prefix

MAX_UNREAD_BYTES: Final = 4096
"""Bytes that are read for one answer at most (0.1 s); where there are more, the nearest have to do.
"""

NEARBY_BYTES: Final = 2048
"""Bytes of the nearest text."""

MAX_BYTES_PER_CALL: Final = 128
"""Bytes that are read for one answer at most (some 100 ms): what waits behind it is not to wait
long.
"""


@dataclass(frozen=True)
class CharacterScore:
    """A character of the text.

    Attributes:
        probability: that it had when it came; None where it was not read then, and is known by now.
        shares: each predictor's part in the probability of its first byte, by name.
    """

    text: str
    probability: float | None
    shares: Mapping[str, float]


@dataclass(frozen=True)
class NextCharacter:
    """A character that may come next.

    Attributes:
        probability: that it does.
        drawn: the probability of its being drawn, at a temperature and within top-k and top-p.
        shares: as in `CharacterScore`.
    """

    text: str
    probability: float
    drawn: float
    shares: Mapping[str, float]


class _ByteScore(NamedTuple):
    """Of a byte."""

    log_p: float
    shares: Mapping[str, float]


class _Unread(Enum):
    """A byte that has not been read yet."""

    TYPED = auto()
    PASTED = auto()


_SKIPPED: Final = _ByteScore(math.nan, {})
"""Of a byte that was there before anybody asked for it."""


def replay(
    mixture: Mixture,
    document: str,
    state: State,
    text: bytes,
    around: tuple[bytes, bytes],
    *,
    learning: DeferredLearning | None,
) -> Iterator[State]:
    """The state before each byte of `text`, which comes between the two texts `around`; `state` is
    the first one.

    Only when the next one is asked for, the byte is read, learnt from (unless there are no
    `learning`) and shown to the predictors.
    """
    before, after = map(Rope.of, around)
    observe_whole(mixture, document, before, after)
    for byte in text:
        yield state
        # Of a rope what is as it was is neither copied nor compared: 15 ms a byte in 2 MB.
        before += bytes((byte,))
        if learning:
            learning.typed(before, after, state)
        state = mixture.step([state], [byte])[0]
        mixture.observe(document, before, after)


def observe_whole(mixture: Mixture, document: str, before: Rope, after: Rope) -> None:
    """Show a document until all of it that is wanted has been taken in."""
    for _ in range(MAX_OBSERVATIONS):
        if not mixture.observe(document, before, after):
            break


class SurprisalTracker:
    """One text that grows and is edited. Its lines end in LF. What is typed is learnt from, as a
    `Completer` does.

    Raises PredictorFailed wherever a predictor fails; it is of no use then.
    """

    def __init__(
        self, mixture: Mixture, document: str, policy: LearningPolicy | None = None
    ) -> None:
        """The members of `mixture` have not seen the `document` of this URI, and see it here alone.

        What is typed is learnt from with the `policy` alone, as `DeferredLearning` has it.
        """
        self._mixture = mixture
        self._learning = DeferredLearning(mixture, document, policy)
        self._document = document
        self._text = b""
        self._scores: list[_ByteScore | _Unread] = []
        self._begun = False
        self._skipped_until = 0
        self._cache = StateCache(mixture)
        self._base = 0

    def follow(self, text: bytes) -> None:
        """The text is now `text`: what is left of it, at its beginning and its end, keeps its
        scores.
        """
        same = common_prefix(self._text, text)
        rest = common_prefix(self._text[same:][::-1], text[same:][::-1])
        count = len(text) - same - rest
        kind = _Unread.TYPED if self._begun and count <= MAX_TYPED_BYTES else _Unread.PASTED
        self._scores[same : len(self._scores) - rest] = [kind] * count
        self._text, self._begun, self._skipped_until = text, True, min(self._skipped_until, same)

    def read(self, start: int, end: int, is_cancelled: IsCancelled = never) -> list[CharacterScore]:
        """The characters from byte `start` up to `end`, or as many of them as can be read in one
        go.

        What stands before `start` and has not been read by then is missed. Raises Cancelled once
        `is_cancelled()` is true; what was read by then is kept.
        """
        first, end = self._character_start(start), self._character_start(end)
        at, budget = first, MAX_BYTES_PER_CALL
        while at < end and budget > 0:
            stop = at + 1
            if isinstance(self._scores[at], _Unread):
                stop = self._character_start(min(self._run_end(at), end, at + budget))
                self._score_run(at, stop, is_cancelled)
                budget -= stop - at
            at = stop
        return list(self._scored(first, at))

    def next_characters(
        self, at: int, options: Options, is_cancelled: IsCancelled = never
    ) -> list[NextCharacter]:
        """What may come at byte `at`, the most probable first; `options` say how that would be
        drawn.

        Raises Cancelled as `read` does.
        """
        lookahead = LookaheadCache(self._mixture, self._state(at, is_cancelled))
        found = candidates.next_characters(
            lookahead, self._text[:at], replace(options, temperature=0.0)
        )
        shares = self._mixture.shares(lookahead.state)
        sampler = options.sampler(self._text[:at])
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

    def _score_run(self, start: int, end: int, is_cancelled: IsCancelled) -> None:
        """Score the bytes from `start` to `end`, which are new in the same way."""
        self._skip(start)
        text, typed, states = (
            self._text[start:end],
            self._scores[start] is _Unread.TYPED,
            list[State](),
        )
        known = self._find_byte(end, new=False)
        around = self._text[:start], self._text[known : self._find_byte(known, new=True)]
        first = self._state(start, is_cancelled)
        try:
            learning = self._learning if typed else None
            for state in replay(
                self._mixture, self._document, first, text, around, learning=learning
            ):
                if is_cancelled():
                    raise Cancelled
                byte = text[len(states)]
                log_p = float(self._mixture.predict([state])[0, byte])
                self._scores[start + len(states)] = _ByteScore(
                    log_p, _shares_of(self._mixture.shares(state), byte)
                )
                states.append(state)
        finally:
            self._cache.adopt(Rope.of(self._text[self._base :]), start - self._base, states)

    def _skip(self, end: int) -> None:
        """What is new before `end` is passed over."""
        for at in range(self._skipped_until, end):
            if isinstance(self._scores[at], _Unread):
                self._scores[at] = _SKIPPED
        self._skipped_until = max(self._skipped_until, end)

    def _state(self, at: int, is_cancelled: IsCancelled) -> State:
        """After the text before `at`; where much of that is unread, after its last lines."""
        if (
            at < self._base
            or self._cache.unread_bytes(Rope.of(self._text[self._base : at])) > MAX_UNREAD_BYTES
        ):
            cut = self._text.rfind(b"\n", 0, max(0, at - NEARBY_BYTES)) + 1
            self._base, self._cache = max(cut, at - MAX_UNREAD_BYTES, 0), StateCache(self._mixture)
        return self._cache.at(Rope.of(self._text[self._base : at]), is_cancelled)

    def _find_byte(self, at: int, *, new: bool) -> int:
        """The first byte from `at` on that is new, or that is not."""
        every = range(at, len(self._scores))
        return next(
            (i for i in every if isinstance(self._scores[i], _Unread) == new), len(self._scores)
        )

    def _run_end(self, at: int) -> int:
        """The first byte after `at` that is not new in the same way."""
        kind = self._scores[at]
        return next(
            (i for i in range(at, len(self._scores)) if self._scores[i] is not kind),
            len(self._scores),
        )

    def _character_start(self, at: int) -> int:
        """The first border of characters from `at` on."""
        while at < len(self._text) and self._text[at] & 0xC0 == 0x80:
            at += 1
        return min(at, len(self._text))

    def _scored(self, start: int, end: int) -> Iterator[CharacterScore]:
        for character in self._text[start:end].decode():
            length = len(character.encode())
            scores = [
                score
                for score in self._scores[start : start + length]
                if isinstance(score, _ByteScore)
            ]
            p = math.exp(sum(score.log_p for score in scores))
            yield CharacterScore(character, None if math.isnan(p) else p, scores[0].shares)
            start += length


def _sampling_probability(lookahead: LookaheadCache, sampler: Sampler, text: bytes) -> float:
    """The probability that the bytes of `text` are drawn one after the other."""
    rows = sampler.adjusted(lookahead.predict([text[:end] for end in range(len(text))]))
    return math.exp(float(rows[range(len(text)), list(text)].sum()))


def _shares_of(shares: Mapping[str, Floats], byte: int) -> dict[str, float]:
    return {name: float(share[byte]) for name, share in shares.items()}
