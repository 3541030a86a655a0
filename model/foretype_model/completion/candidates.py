"""Candidates for completion, and the options that they are found with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from foretype_model.completion.after_cursor import AroundCursor
from foretype_model.completion.search import Sampler

BEFORE_BYTES: Final = 64
"""Bytes before the cursor to which candidates are fitted: graphemes, and the noise of draws."""


@dataclass(frozen=True)
class Options:
    """Options for candidates: the settings of the same names, under ``foretype``.

    Attributes:
        temperature: at 0 the most probable candidates are chosen; above 0 candidates are drawn
            without replacement from p^(1/temperature).
        top_k: keep the k most probable bytes at each step; 0 keeps all.
        top_p: keep the smallest set of bytes whose probabilities sum to at least this.
        seed: the same text, options and seed give the same candidates.
        max_items: the number of next words, and of next characters, at most.
        min_confidence: ghost text is offered, and extended, while its probability is at least this.
        max_lines: the lines of ghost text, at most.
        prose: offer only words and sentences, and no ending for a word that is likely complete.
        is_code: rank words of the user's texts before other words, in the menu.
        replace_after_cursor: offer texts that replace closing marks after the cursor.
        smart_space: an offer may end with the space that is likely after it; the client takes it
            back when punctuation follows.
        min_character_probability: next characters are offered if they are at least this likely.
        budget: seconds after which the search ends early, with at least the best candidate.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    max_items: int = 10
    min_confidence: float = 0.1
    max_lines: int = 1
    prose: bool = False
    is_code: bool = False
    replace_after_cursor: bool = False
    smart_space: bool = False
    min_character_probability: float = 0.0
    budget: float = field(
        default=math.inf, compare=False
    )  # a complete search does not depend on it

    def sampler(self, before: bytes) -> Sampler:
        """Return the sampler for a search after `before`."""
        return Sampler(self.temperature, self.top_k, self.top_p, self.seed, before[-BEFORE_BYTES:])


@dataclass(frozen=True)
class Candidate:
    """One continuation of the text.

    Attributes:
        text: the text to insert at the cursor: whole graphemes, never empty.
        probability: of exactly this continuation.
        shares: each predictor's share in the probability of its first byte, by name. They sum to 1,
            or to less if no predictor answers for the whole probability.
        replaces_after: the closing marks right after the cursor that the text replaces, see `Fit`.
    """

    text: str
    probability: float
    kind: Literal["word", "character", "ghost"]
    shares: Mapping[str, float] = field(default_factory=dict)
    replaces_after: int = 0


def fitted(
    texts: Mapping[bytes, float], around: AroundCursor, kind: Literal["word", "ghost"]
) -> dict[str, Candidate]:
    """Return the candidates for texts with their log-probabilities, by their fitted texts; the most
    probable one if several become equal.

    The text after the cursor is not meant once more: if a text only repeats that, its beginnings
    lose its probability.
    """
    fits = {text: around.fit(text.decode()) for text in texts}
    repeated = {text: math.exp(texts[text]) for text, fit in fits.items() if fit is None}
    found: dict[str, Candidate] = {}
    for text, fit in fits.items():
        p = math.exp(texts[text]) - max(
            (its for longer, its in repeated.items() if longer.startswith(text)), default=0.0
        )
        if fit and p > 0 and (fit.text not in found or found[fit.text].probability < p):
            found[fit.text] = Candidate(fit.text, p, kind, replaces_after=fit.replaces_after)
    return found
