"""The calibration of the probabilities: of the suggestions offered at 70 %, seven in ten should be
right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

BINS: Final = 10


class Guess(NamedTuple):
    """The probability of a suggestion, and whether it was right."""

    probability: float
    right: bool


class Bin(NamedTuple):
    """The guesses with a probability in one tenth of 0 to 1.

    Attributes:
        guesses: their number.
        probability: their mean probability.
        right: the share of them that was right.
    """

    guesses: int
    probability: float
    right: float


def bins(guesses: Sequence[Guess]) -> list[Bin]:
    """Return the bins of equal width that contain a guess, in rising order."""
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
    """Return the mean distance between a bin's probability and its share of right guesses, weighted
    by the number of guesses (Guo et al. 2017, equation 3), or None without any guess.
    """
    if not guesses:
        return None
    distances = (one.guesses * abs(one.probability - one.right) for one in bins(guesses))
    return sum(distances) / len(guesses)
