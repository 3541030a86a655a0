"""Selection of the few candidates that save the most keys together."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Final, NamedTuple

WORTH_EXPONENT: Final = 0.25
"""The worth of a right text is its length to this power. A text that is not offered now is offered
after its next key, whatever its length, so a long one is worth little more than a short one. On six
held-out texts, 0.25 saves as many keys as 1, and 23 % of the next words are among the first five
items instead of 19 %.
"""


class Choice(NamedTuple):
    """A text that could be offered, and the probability that the user's text continues with it."""

    text: str
    probability: float


def select_most_saving(choices: Sequence[Choice], count: int) -> list[Choice]:
    """Return at most `count` choices that are worth the most together, the most worthy first.

    A user accepts the longest right text. So an extension of another choice adds only the worth of
    its additional length, and a prefix of another choice adds to it only if that choice is wrong.
    The expected worth of a set is submodular: adding the best choice each time reaches at least
    1 - 1/e of the best set's worth (Nemhauser, Wolsey and Fisher 1978). A gain only falls as
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


def worth(length: int) -> float:
    """Return the worth of a right text of `length` characters."""
    return float(length**WORTH_EXPONENT)


def _gain(choice: Choice, chosen: Sequence[Choice]) -> float:
    """Return the expected worth that `choice` adds to the chosen ones."""
    text, probability = choice
    extensions = [one for one in chosen if one.text.startswith(text)]
    # The extensions that extend no other extension: at most one of them is right.
    shortest = [
        one
        for one in extensions
        if not any(one.text.startswith(two.text) for two in extensions if two is not one)
    ]
    # The length that the user gets without `choice`: that of the longest chosen prefix.
    instead = max((len(one.text) for one in chosen if text.startswith(one.text)), default=0)
    is_right = probability - sum(one.probability for one in shortest)
    return is_right * (worth(len(text)) - worth(instead))
