"""Why a text is offered: its probability, the predictors' shares in it, and its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from foretype_model.cancellation import Cancelled, IsCancelled, never
from foretype_model.predictor import Source
from foretype_model.predictors.mixture import Mixture, MixtureState

MAX_EXPLAINED_CHARACTERS: Final = 256
"""Characters of a text that are explained (0.6 ms a byte). Ghost text has at most 60 bytes, so all
offers are explained whole; a text of 20 kB took 12 s.
"""


@dataclass(frozen=True)
class Explanation:
    """Why `text` is offered.

    Attributes:
        text: the explained text, or the beginning of a long one.
        probability: of `text` coming next.
        shares: each predictor's share in the probability of its first byte, by name; they sum to 1.
        sources: earlier occurrences, those with the longest common context first.
    """

    text: str
    probability: float
    shares: Mapping[str, float]
    sources: Sequence[Source]


def explain(
    mixture: Mixture,
    state: MixtureState,
    text: str,
    limit: int,
    is_cancelled: IsCancelled = never,
) -> Explanation:
    """Explain `text`, which is not empty, after the text that `state` has read.

    Only the first `MAX_EXPLAINED_CHARACTERS` characters are explained. Each predictor gives at most
    `limit` sources. `is_cancelled` is called before each byte. Raises Cancelled once it returns
    true.
    """
    text = text[:MAX_EXPLAINED_CHARACTERS]
    following = text.encode()
    log_p, states = 0.0, [state]
    for byte in following:
        if is_cancelled():
            raise Cancelled
        log_p += float(mixture.predict(states)[0, byte])
        states = mixture.step(states, [byte])
    shares = {name: float(share[following[0]]) for name, share in mixture.shares(state).items()}
    return Explanation(text, float(np.exp(log_p)), shares, mixture.sources(state, following, limit))
