"""Scores one system on one passage, and combines the scores of several passages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from foretype_model.completion.deferred_learning import DeferredLearning
from foretype_model.completion.scoring import replay
from foretype_model.errors import PredictorError
from foretype_model.evaluation.calibration import Guess, bins, expected_calibration_error
from foretype_model.evaluation.next_word import (
    NextWords,
    Vocabulary,
    WordStart,
    accuracy,
    distinct_words,
    fragment_share,
    guess_words,
    offer_next_words,
)
from foretype_model.evaluation.passage import Passage
from foretype_model.evaluation.systems import System, TypingSession, new_uri
from foretype_model.evaluation.typist import KeystrokeCounts, Mode, type_passage
from foretype_model.predictors.mixture import PredictorFailed

Advance = Callable[[int], None]
"""Called with a number of characters each time that one of the scores has progressed by them."""


@dataclass(frozen=True)
class SystemScore:
    """The scores of one system.

    Attributes:
        characters: code points that were scored.
        bits: -log2 of their probability; None if the system has no probabilities.
        starts: the suggestions at the starts of words.
        typing: the keystrokes by mode; without "inline" if the system has no ghost text.
    """

    characters: int
    bits: float | None
    starts: Sequence[WordStart]
    typing: dict[Mode, KeystrokeCounts]

    @property
    def bits_per_character(self) -> float | None:
        """The bits of all bytes, by the chain rule, divided by the number of characters."""
        return None if self.bits is None else self.bits / max(1, self.characters)

    @property
    def menus(self) -> list[NextWords]:
        """The menu at each word of letters after a space."""
        return [one.menu for one in self.starts if one.menu]

    def top(self, among: int) -> float | None:
        """Return the share of words that were among the first `among` different ones offered."""
        return accuracy(self.menus, among)

    @property
    def distinct(self) -> float | None:
        """The mean number of different words among the first items of a menu."""
        return distinct_words(self.menus)

    @property
    def fragments(self) -> float | None:
        """The share of the offered words that are no words; None if none was offered."""
        return fragment_share(self.menus)

    @property
    def words(self) -> list[Guess]:
        """The most probable word at each start of a word, if the system has probabilities."""
        return [one.first for one in self.starts if one.first]

    @property
    def ghosts(self) -> list[Guess]:
        """The ghost text at each start of a word, if the system has probabilities."""
        return [one.ghost for one in self.starts if one.ghost]

    def figures(self) -> dict[str, Any]:
        """Return the scores as values for JSON; None if the system has no such score."""
        guesses = {"word": self.words, "ghost": self.ghosts}
        return {
            "characters": self.characters,
            "bits_per_character": self.bits_per_character,
            "top_1": self.top(1),
            "top_3": self.top(3),
            "top_5": self.top(5),
            "words": len(self.menus),
            "distinct": self.distinct,
            "fragments": self.fragments,
            "calibration_error": {
                kind: expected_calibration_error(some) for kind, some in guesses.items()
            },
            "reliability": {
                kind: [one._asdict() for one in bins(some)] for kind, some in guesses.items()
            },
            "typing": {
                mode: {
                    "savings": tally.savings,
                    "precision": tally.precision,
                    "milliseconds": tally.milliseconds,
                    **asdict(tally),
                }
                for mode, tally in self.typing.items()
            },
        }


def combine(scores: Sequence[SystemScore]) -> SystemScore:
    """Return the scores of one system on all passages, from those on each (at least one)."""
    bits = [one.bits for one in scores if one.bits is not None]
    return SystemScore(
        sum(one.characters for one in scores),
        math.fsum(bits) if bits else None,
        list(chain.from_iterable(one.starts for one in scores)),
        {
            mode: sum((one.typing[mode] for one in scores), KeystrokeCounts())
            for mode in scores[0].typing
        },
    )


class Scorer:
    """A scorer of one system on one passage after another, as a user writes one text after another.

    Each kind of score has its own session, so that a text typed for one is still new to the others.
    """

    def __init__(self, system: System, modes: Sequence[Mode], known: Vocabulary = ()) -> None:
        """Start the sessions. Offered words that are not `known` are fragments.

        Raises:
            PredictorError: a predictor cannot be made.
        """
        self._known = known
        self._modes: list[Mode] = [mode for mode in modes if system.predicts or mode != "inline"]
        self._typing = {mode: system.start() for mode in self._modes}
        self._bits: TypingSession | None = system.start() if system.predicts else None
        self._words = system.start()
        self._ask = guess_words if system.predicts else offer_next_words

    def score(self, passage: Passage, advance: Advance) -> SystemScore:
        """Score a passage; `advance` is called with `work(passage)` characters in all.

        Raises:
            PredictorError: a predictor failed.
        """
        return SystemScore(
            len(passage.typed),
            bits_needed(self._bits, passage, advance) if self._bits else None,
            self._ask(self._words, passage, advance, self._known),
            {
                mode: type_passage(session, passage, mode, advance)
                for mode, session in self._typing.items()
            },
        )

    def work(self, passage: Passage) -> int:
        """Return the number of characters that `score` reports to `advance`."""
        return len(passage.typed) * (len(self._modes) + (2 if self._bits else 1))


def bits_needed(session: TypingSession, passage: Passage, advance: Advance) -> float:
    """Return the sum of -log2 p over the bytes typed, each given all bytes before it.

    The text before the passage is read and not learnt.
    """
    mixture, uri, nats = session.mixture(), new_uri(), 0.0
    before, text, after = (part.encode() for part in (passage.before, passage.typed, passage.after))
    try:
        first = mixture.feed(mixture.start(), before)
        learning = DeferredLearning(mixture, uri)
        states = replay(mixture, uri, first, text, (before, after), learning=learning)
        for state, byte in zip(states, text, strict=True):
            nats -= float(mixture.predict([state])[0, byte])
            if byte & 0xC0 != 0x80:  # the first byte of a character
                advance(1)
    except PredictorFailed as failure:
        raise PredictorError(f"no scores, because a predictor failed: {failure}") from failure
    return nats / math.log(2)
