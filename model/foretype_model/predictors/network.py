"""The recurrent network as a predictor: what it has learnt from its training, and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foretype_model.errors import PredictorError
from foretype_model.predictor import Context, LogProbabilities
from foretype_model.runtime import Network, NetworkState


class NetworkPredictor:
    """A `Network` behind the `Predictor` door."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._start = network.start()

    def start(self) -> NetworkState:
        return self._start

    def feed(self, state: NetworkState, text: bytes) -> NetworkState:
        return self.network.feed(state, text)

    def step(self, states: Sequence[NetworkState], following: Sequence[int]) -> list[NetworkState]:
        return self.network.step(states, following)

    def predict(self, states: Sequence[NetworkState]) -> LogProbabilities:
        return np.stack([state.log_probabilities for state in states])


def create(context: Context) -> NetworkPredictor:
    """The entry point: the model file that the context names."""
    if context.model is None:
        raise PredictorError("the network predictor needs a model: see 'foretype models list'")
    return NetworkPredictor(Network.open(context.model))
