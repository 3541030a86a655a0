"""Which few of many candidates save the most keys together."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple


class Choice(NamedTuple):
    """Something that could be offered: a text, and the probability that the user's text goes on
    with it.
    """

    text: str
    probability: float


def select_most_saving(choices: Sequence[Choice], count: int) -> list[Choice]:
    """The `count` choices, or fewer, that save the most keys in expectation, the most saving first.

    Who is offered several texts takes the longest that is right, for one key. So a text that goes
    on from another one saves what it is longer, and one that another goes on from saves something
    only where that one is wrong. The expected savings of a set are submodular: taking the best
    addition each time comes within 1 - 1/e of the best set (Nemhauser, Wolsey and Fisher 1978), and
    what an addition saves only falls as others are taken, so that few need to be looked at again
    (Minoux 1978).
    """
    chosen: list[Choice] = []
    queue = [(-_gain(choice, chosen), i) for i, choice in enumerate(choices)]
    heapq.heapify(queue)
    while queue and len(chosen) < count:
        _, i = heapq.heappop(queue)
        gain = _gain(choices[i], chosen)
        if queue and gain < -queue[0][0]:
            heapq.heappush(queue, (-gain, i))
        elif gain > 0:
            chosen.append(choices[i])
    return chosen


def _gain(choice: Choice, chosen: Sequence[Choice]) -> float:
    """Keys that are saved, in expectation, by offering `choice` beside those chosen already."""
    text, probability = choice
    longer = [one for one in chosen if one.text.startswith(text)]
    # Of those that go on from the text, the ones that go on from no other: of these at most one is
    # right.
    first = [
        one
        for one in longer
        if not any(one.text.startswith(two.text) for two in longer if two is not one)
    ]
    instead = max((len(one.text) for one in chosen if text.startswith(one.text)), default=1)
    return (probability - sum(one.probability for one in first)) * (len(text) - instead)
