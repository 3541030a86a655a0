"""The recurrent network as a predictor, trained once and adapted to the user's typing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path

import numpy as np

from foretype_model.errors import PredictorError
from foretype_model.predictor import LogProbabilities, PredictorConfig, Removed
from foretype_model.predictors.network.dynamic_evaluation import FILE_PREFIX, Adaptation, reset
from foretype_model.predictors.network.runtime import Network, NetworkState


class NetworkPredictor:
    """A `Network` as a `Predictor`; with an `Adaptation`, it learns from the user's typing."""

    def __init__(
        self,
        network: Network,
        adaptation: Adaptation | None = None,
        config: PredictorConfig | None = None,
    ) -> None:
        """Keep `config` to make the predictor of another model."""
        self.network = network
        self._adaptation = adaptation
        self._config = config or PredictorConfig()
        self._start = network.start()

    def start(self) -> NetworkState:
        return self._start

    def feed(self, state: NetworkState, text: bytes) -> NetworkState:
        return self.network.feed(state, text)

    def step(self, states: Sequence[NetworkState], following: Sequence[int]) -> list[NetworkState]:
        return self.network.step(states, following)

    def predict(self, states: Sequence[NetworkState]) -> LogProbabilities:
        trained = np.array([state.log_probabilities for state in states])
        if self._adaptation is None:
            return trained
        return self._adaptation.corrected(
            trained, np.array([self.network.last_hidden(state) for state in states])
        )

    def with_model(self, model: Path) -> NetworkPredictor:
        """Return the predictor of another model, with its own adaptation to this workspace."""
        return create(replace(self._config, model=model))

    def learn(self, state: NetworkState, following: int) -> None:
        """Adapt to the byte `following`."""
        if self._adaptation:
            self._adaptation.learn(
                self.predict([state])[0], self.network.last_hidden(state), following
            )

    def save(self) -> None:
        """Save the adaptation."""
        if self._adaptation:
            self._adaptation.save()

    def forget(self, _path: Path | None, _word: str | None) -> Removed:
        """Unlearn all typing: an adaptation does not keep apart the texts that it comes from."""
        if self._adaptation:
            self._adaptation.forget()
        if self._config.state_folder:
            reset(self._config.state_folder)
        return Removed()


def create(config: PredictorConfig) -> NetworkPredictor:
    """Make the predictor (the entry point) of the model in `config`, adapted to its workspace.

    The option ``learn``, true by default, is whether to learn while the user types.
    """
    if config.model is None:
        raise PredictorError("the network predictor needs a model: see 'foretype models list'")
    network = Network.open(config.model)
    if not config.options.get("learn", True):
        return NetworkPredictor(network, None, config)
    return NetworkPredictor(
        network, Adaptation(network.metadata.hidden, _adaptation_path(config, config.model)), config
    )


def _adaptation_path(config: PredictorConfig, model: Path) -> Path | None:
    """Return the file of the adaptation of this model to this workspace."""
    if config.state_folder is None:
        return None
    with model.open("rb") as file:
        network = file_digest(file, "sha256").hexdigest()[:16]
    return config.state_folder / f"{FILE_PREFIX}{network}-{config.workspace_name()}.npy"
