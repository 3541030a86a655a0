"""From next-byte distributions to what is offered: next characters, distinct next words, ghost text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Options:
    """How candidates are made; the settings of the same names, under ``foretype``.

    Attributes:
        temperature: 0 offers the most probable; above it, draws without replacement from p^(1/temperature).
        top_k: keep the k most probable bytes at each step; 0 keeps all.
        top_p: keep the smallest set of bytes whose probabilities sum to at least this.
        seed: the same text, options and seed give the same candidates.
        max_items: at most this many next words (and as many next characters).
        min_confidence: ghost text is offered, and goes on, while its probability is at least this.
        max_lines: ghost text spans at most this many lines.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    max_items: int = 10
    min_confidence: float = 0.3
    max_lines: int = 1


@dataclass(frozen=True)
class Candidate:
    """One way the text may go on.

    Attributes:
        text: what would be inserted at the cursor: whole graphemes, never empty.
        probability: of the text going on exactly so.
        shares: each predictor's part in that probability, by name; they sum to 1.
    """

    text: str
    probability: float
    kind: Literal["word", "character", "ghost"]
    shares: Mapping[str, float] = field(default_factory=dict)
