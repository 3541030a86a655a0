"""Can the probabilities be believed? Of what is offered at 70 %, seven in ten should be right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

BINS: Final = 10


class Guess(NamedTuple):
    """Something offered: its probability, and whether it was right."""

    probability: float
    right: bool


class Bin(NamedTuple):
    """The guesses whose probabilities lie in one tenth of 0 to 1: how many, their mean probability,
    the share right.
    """

    guesses: int
    probability: float
    right: float


def bins(guesses: Sequence[Guess]) -> list[Bin]:
    """The bins, of equal width, that hold any guess."""
    held: dict[int, list[Guess]] = {}
    for guess in guesses:
        held.setdefault(min(int(guess.probability * BINS), BINS - 1), []).append(guess)
    return [
        Bin(
            len(one),
            sum(g.probability for g in one) / len(one),
            sum(g.right for g in one) / len(one),
        )
        for _, one in sorted(held.items())
    ]


def expected_calibration_error(guesses: Sequence[Guess]) -> float | None:
    """How far the probabilities are from the shares that were right, on average over the guesses
    (Guo et al. 2017).
    """
    if not guesses:
        return None
    return sum(one.guesses * abs(one.probability - one.right) for one in bins(guesses)) / len(
        guesses
    )
