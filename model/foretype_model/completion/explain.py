"""Why something is offered: how probable it is, what each predictor has in it, and where it has
stood before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foretype_model.cancellation import Cancelled, IsCancelled, never
from foretype_model.predictor import Source, State
from foretype_model.predictors.mixture import Mixture


@dataclass(frozen=True)
class Explanation:
    """Why `text` is offered.

    Attributes:
        probability: of the text going on with it.
        shares: each predictor's part in the probability of its first byte, by name; they sum to 1.
        sources: where it has stood before, the most alike first.
    """

    text: str
    probability: float
    shares: Mapping[str, float]
    sources: Sequence[Source]


def explain(
    mixture: Mixture,
    state: tuple[State, ...],
    text: str,
    limit: int,
    is_cancelled: IsCancelled = never,
) -> Explanation:
    """Explain `text`, which is not empty, after what `state` has read; with at most so many
    sources. Raises Cancelled once `is_cancelled()` is true.
    """
    following = text.encode()
    log_p, states = 0.0, [state]
    for byte in following:
        if is_cancelled():
            raise Cancelled
        log_p += float(mixture.predict(states)[0, byte])
        states = mixture.step(states, [byte])
    shares = {name: float(share[following[0]]) for name, share in mixture.shares(state).items()}
    return Explanation(text, float(np.exp(log_p)), shares, mixture.sources(state, following, limit))
