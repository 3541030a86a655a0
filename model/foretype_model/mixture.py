"""Several predictors' next-byte distributions into one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import VOCABULARY, LogProbabilities, Predictor, State

MOST: Final = 1e-3
"""A logarithm of a probability at most; it is 0 but for rounding."""


class PredictorFailed(Exception):
    """A predictor raised, or answered with something that is no distribution."""

    def __init__(self, name: str, cause: Exception) -> None:
        super().__init__(f"{name}: {type(cause).__name__}: {cause}")
        self.name, self.cause = name, cause


class _Guarded:
    """Names the predictor in whatever goes wrong inside it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, SystemExit):  # a plugin's, which must not be the server's
            error = RuntimeError(f"sys.exit was called: {error}")
        if isinstance(error, Exception):
            raise PredictorFailed(self._name, error) from error


class Mixture:
    """The arithmetic mean of its members' probabilities; itself a `Predictor`.

    A state is the tuple of the members' states, in their order.
    """

    def __init__(self, members: Mapping[str, Predictor]) -> None:
        self.members = dict(members)

    def start(self) -> tuple[State, ...]:
        return tuple(self._each(lambda _, member: member.start()))

    def feed(self, state: tuple[State, ...], text: bytes) -> tuple[State, ...]:
        return tuple(self._each(lambda i, member: member.feed(state[i], text)))

    def step(self, states: Sequence[tuple[State, ...]], following: Sequence[int]) -> list[tuple[State, ...]]:
        columns = self._each(
            lambda i, member: _counted(member.step([state[i] for state in states], following), len(states))
        )
        return list(zip(*columns, strict=True))

    def predict(self, states: Sequence[tuple[State, ...]]) -> LogProbabilities:
        parts = self.parts(states)
        # One member is passed through untouched: exact, and the usual case costs nothing.
        if len(parts) == 1:
            return cast(LogProbabilities, parts[0])
        return cast(LogProbabilities, np.logaddexp.reduce(parts, axis=0) - np.float32(np.log(len(parts))))

    def parts(self, states: Sequence[tuple[State, ...]]) -> NDArray[np.float32]:
        """Each member's log-probabilities, shape (members, len(states), 256)."""
        rows = self._each(lambda i, member: _checked(member.predict([state[i] for state in states]), len(states)))
        return np.stack(rows)

    def _each(self, call: Callable[[int, Predictor], Any]) -> list[Any]:
        results = []
        for i, (name, member) in enumerate(self.members.items()):
            with _Guarded(name):
                results.append(call(i, member))
        return results


def _counted(states: list[State], rows: int) -> list[State]:
    if len(states) != rows:
        raise ValueError(f"step must answer {rows} states, one for each that it was given, not {len(states)}")
    return states


def _checked(log_probabilities: LogProbabilities, rows: int) -> LogProbabilities:
    whole = isinstance(log_probabilities, np.ndarray) and log_probabilities.shape == (rows, VOCABULARY)
    # NaN is at most nothing, and infinity and probabilities that are no logarithms are above it.
    if not whole or not log_probabilities.max() <= MOST:
        raise ValueError(f"predict must answer logarithms of probabilities, shape ({rows}, {VOCABULARY}), without NaN")
    return log_probabilities
