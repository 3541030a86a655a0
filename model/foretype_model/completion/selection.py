"""Selection of the few candidates that save the most keys together."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Final, NamedTuple

BESIDE_ITS_WORD: Final = 0.5
"""Factor of the gain of a choice that begins with the same word as a better one: people want
different words to choose from.
"""


class Choice(NamedTuple):
    """A text that could be offered.

    Attributes:
        text: the text.
        probability: that the user's text continues with it.
        word: the number of its first word.
    """

    text: str
    probability: float
    word: int


def select_most_saving(choices: Sequence[Choice], count: int) -> list[Choice]:
    """Return at most `count` choices that save the most keys in expectation, the most saving first.

    A user accepts the longest right text, for one key. So an extension of another choice saves only
    its additional length, and a prefix of another choice saves keys only if that choice is wrong.
    The expected savings of a set are submodular: adding the best choice each time reaches at least
    1 - 1/e of the best set's savings (Nemhauser, Wolsey and Fisher 1978). A gain only falls as
    other choices are added, so few gains need to be computed again (Minoux 1978).
    """
    chosen: list[Choice] = []
    # Heap of (negative gain, index); a gain in it is an upper bound once others were chosen.
    queue = [(-_gain(choice, chosen), i) for i, choice in enumerate(choices)]
    heapq.heapify(queue)
    while queue and len(chosen) < count:
        _, i = heapq.heappop(queue)
        gain = _gain(choices[i], chosen)
        if queue and gain < -queue[0][0]:
            heapq.heappush(queue, (-gain, i))  # no longer the best: back with its new gain
        elif gain > 0:
            chosen.append(choices[i])
    return chosen


def _gain(choice: Choice, chosen: Sequence[Choice]) -> float:
    """Return the expected number of keys that `choice` saves in addition to the chosen ones."""
    text, probability, word = choice
    extensions = [one for one in chosen if one.text.startswith(text)]
    # The extensions that extend no other extension: at most one of them is right.
    shortest = [
        one
        for one in extensions
        if not any(one.text.startswith(two.text) for two in extensions if two is not one)
    ]
    # The length that the user gets without `choice`: the longest chosen prefix, or the key itself.
    instead = max((len(one.text) for one in chosen if text.startswith(one.text)), default=1)
    gain = (probability - sum(one.probability for one in shortest)) * (len(text) - instead)
    return gain * BESIDE_ITS_WORD if any(one.word == word for one in chosen) else gain
