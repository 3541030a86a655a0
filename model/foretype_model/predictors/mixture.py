"""The mixture of several predictors' next-byte distributions into one.

The first predictor whose row sums to 1 is the base. The others are layered over it in their order:

    p <- w q + (1 - w) p,    odds(w) = c / (1 - c) * exp(weight[set])

where q is the predictor's normalised distribution and c its confidence: the probability that it
assigns in all (a predictor that knows much assigns much, see `Predictor.predict`). As in PAQ's
mixers, a weight set is selected by bins, here of c and of the probability that the layers below
give to the predictor's first choice. Its weight is learnt online, by gradient descent on the
logarithmic loss of each typed byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import current_thread, main_thread
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from foretype_model.errors import PredictorError, error_message
from foretype_model.predictor import (
    VOCABULARY,
    Explainer,
    Learner,
    LogProbabilities,
    Observer,
    Predictor,
    Source,
    State,
)
from foretype_model.predictors.stopwatch import MAX_SLOW_CALLS, SLOW_SECONDS, Stopwatch
from foretype_model.text.rope import Rope

MAX_LOG_PROBABILITY: Final = 1e-3
"""The largest logarithm of a probability: 0, and some rounding."""

FULL_MASS: Final = 0.9995
"""The sum from which a row counts as whole: it does not show how much its predictor knows."""

PRIOR_CLAIM: Final = 0.5
"""Confidence of a whole row above the base, as a factor of its highest probability."""

CONFIDENCE_BINS: Final = np.array([0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97])
BASE_PROBABILITY_BINS: Final = np.array([0.001, 0.01, 0.05, 0.2, 0.5, 0.8])
"""Borders of the bins that select a weight set."""

WEIGHT_SETS: Final = (len(CONFIDENCE_BINS) + 1) * (len(BASE_PROBABILITY_BINS) + 1)

MIXER_LEARNING_RATE: Final = 0.3
"""Learning rate of the weights. In nine kinds of text, 0.15 to 0.4 took the fewest bits; at 0.02,
novels took 0.8 % more than the network alone.
"""

MAX_OBSERVATIONS: Final = 200
"""Most times that a document is shown again to members that ask for more of it."""

Floats = NDArray[np.float32]

MixerWeights = dict[str, Floats]
"""By predictor: the addend to its log odds in each weight set, shape (WEIGHT_SETS,)."""


class PredictorFailed(Exception):
    """The error of a predictor: it raised, was too slow, or did not answer with a distribution."""

    def __init__(self, name: str, cause: Exception) -> None:
        super().__init__(f"{name}: {error_message(cause)}")
        self.name, self.cause = name, cause


class _Guarded:
    """A context that turns every exception into a `PredictorFailed` with the predictor's name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, SystemExit):  # raised by a plugin; must not end the server
            error = PredictorError("sys.exit was called", error)
        # Ctrl+C reaches the main thread alone; elsewhere, a plugin raised it.
        if isinstance(error, KeyboardInterrupt) and current_thread() is not main_thread():
            error = PredictorError("KeyboardInterrupt was raised")
        if isinstance(error, Exception):
            raise PredictorFailed(self._name, error) from error


class _Layer(NamedTuple):
    """One predictor over the layers below, for several rows.

    Attributes:
        name: of the predictor.
        q: its distributions, shape (rows, 256).
        below: the mixture of the layers below, shape (rows, 256).
        weight: w, shape (rows, 1).
        weight_set: index of each row's weight, shape (rows,); the base has w = 1 and no weight.
    """

    name: str
    q: Floats
    below: Floats
    weight: Floats
    weight_set: NDArray[np.int64]


class Mixture:
    """The mixture of some members, itself a `Predictor`; a state is the tuple of their states."""

    def __init__(
        self, members: Mapping[str, Predictor], mixer_weights: MixerWeights | None = None
    ) -> None:
        """Learn in `mixer_weights`, which the mixtures of several documents may share."""
        self.members = dict(members)
        self._mixer_weights: MixerWeights = {} if mixer_weights is None else mixer_weights
        for name in members:
            self._mixer_weights.setdefault(name, np.zeros(WEIGHT_SETS, np.float32))
        # Computed once: isinstance() with a protocol takes 10 us.
        self._kinds: dict[type, list[tuple[int, str, Any]]] = {
            kind: _of_kind(members, kind) for kind in (object, Observer, Learner, Explainer)
        }
        self._slow_calls: Counter[tuple[str, str]] = Counter()
        # A cache: each kind of candidate asks for the state at the cursor, and so does learning the
        # next key.
        self._latest: tuple[tuple[State, ...], NDArray[np.float32]] | None = None

    def start(self) -> tuple[State, ...]:
        return tuple(self._each(lambda _, member: member.start()))

    def feed(self, state: tuple[State, ...], text: bytes) -> tuple[State, ...]:
        return tuple(self._each(lambda i, member: member.feed(state[i], text)))

    def step(
        self, states: Sequence[tuple[State, ...]], following: Sequence[int]
    ) -> list[tuple[State, ...]]:
        columns = self._each(
            lambda i, member: _counted(
                member.step([state[i] for state in states], following), len(states)
            ),
            timed="step",
        )
        return list(zip(*columns, strict=True))

    def predict(self, states: Sequence[tuple[State, ...]]) -> LogProbabilities:
        predictions = self.predictions(states)
        rows = np.exp(predictions)
        bases = _bases(rows.sum(2))
        if len(set(bases)) == 1:
            return self._mixed(predictions, rows, bases[0])
        # Group the rows by base: a row's prediction must not depend on the other rows.
        answer = np.empty(predictions.shape[1:], np.float32)
        for base in set(bases):
            some = [one == base for one in bases]
            answer[some] = self._mixed(predictions[:, some], rows[:, some], base)
        return answer

    def _mixed(self, predictions: Floats, rows: Floats, base: int | None) -> LogProbabilities:
        # A single whole member passes through: exactly, and at no cost.
        if len(predictions) == 1 and base is not None:
            return cast(LogProbabilities, predictions[0])
        with np.errstate(divide="ignore"):
            return np.log(self._stacked(rows, base)[0])

    def predictions(self, states: Sequence[tuple[State, ...]]) -> NDArray[np.float32]:
        """Return each member's log-probabilities, shape (members, len(states), 256)."""
        if len(states) == 1 and self._latest and self._latest[0] is states[0]:
            return self._latest[1]
        rows = self._each(
            lambda i, member: _checked(member.predict([state[i] for state in states]), len(states)),
            timed="predict",
        )
        predictions = np.stack(rows)
        if len(states) == 1:
            self._latest = states[0], predictions
        return predictions

    def shares(self, state: tuple[State, ...]) -> dict[str, Floats]:
        """Return each member's share in the probability of each next byte, shape (256,) each.

        The shares sum to 1; to less if no member is whole, as the rest is spread evenly.
        """
        p, layers = self._stacked_at(state)
        shares, rest = {}, np.ones_like(p)
        # From the top down: a layer's part is w q, of the (1 - w) that the layers above leave.
        for layer in reversed(layers):
            share = rest * layer.weight * layer.q
            shares[layer.name] = (share / np.maximum(p, 1e-30))[0]
            rest = rest * (1 - layer.weight)
        return shares

    def sources(self, state: tuple[State, ...], text: bytes, limit: int) -> list[Source]:
        """Return the sources of `text` from each `Explainer`, at most `limit` from each."""
        found = self._each(lambda i, one: one.sources(state[i], text, limit), Explainer)
        return [source for sources in found for source in sources]

    def observe(self, uri: str, before: Rope, after: Rope) -> bool:
        """Show a document, split at the cursor, to each `Observer`.

        Return whether one of them asks to be shown it again.
        """
        self.invalidate()
        return any(self._each(lambda _, member: member.observe(uri, before, after), Observer))

    def invalidate(self) -> None:
        """Drop the cached prediction, since the members may now predict otherwise."""
        self._latest = None

    def learn(self, state: tuple[State, ...], following: int) -> None:
        """Learn from the typed byte `following`: the mixer weights, then each `Learner`.

        The gradient of log p with respect to a layer's weight is w (1 - w) (q - below) / p, times
        the (1 - w) of each layer above.
        """
        p, layers = self._stacked_at(state)
        # From the top down: `gradient` is d log p / d (output of the layer).
        gradient = 1.0 / max(float(p[0, following]), 1e-6)
        for layer in reversed(layers):
            w, q, below = (
                float(layer.weight[0, 0]),
                float(layer.q[0, following]),
                float(layer.below[0, following]),
            )
            self._mixer_weights[layer.name][layer.weight_set[0]] += (
                MIXER_LEARNING_RATE * gradient * w * (1 - w) * (q - below)
            )
            gradient *= 1 - w
        self._each(lambda i, member: member.learn(state[i], following), Learner)
        self.invalidate()

    def _stacked_at(self, state: tuple[State, ...]) -> tuple[Floats, list[_Layer]]:
        rows = np.exp(self.predictions([state]))
        return self._stacked(rows, _bases(rows.sum(2))[0])

    def _stacked(self, rows: Floats, base: int | None) -> tuple[Floats, list[_Layer]]:
        """Return the mixture, shape (rows, 256), and its layers from the base up.

        Args:
            rows: each member's probabilities, shape (members, rows, 256).
            base: index of the base; None if no member is whole, and p starts uniform.
        """
        names = list(self.members)
        p = np.full(rows.shape[1:], 1 / VOCABULARY, np.float32)
        layers = []
        for i in sorted(range(len(names)), key=lambda i: i != base):
            layer = self._layer(names[i], rows[i], p, is_base=i == base)
            layers.append(layer)
            p = layer.weight * layer.q + (1 - layer.weight) * p
        return p, layers

    def _layer(self, name: str, rows: Floats, below: Floats, is_base: bool) -> _Layer:
        """Return the layer of one predictor, from its probabilities, shape (rows, 256)."""
        # 1. Normalise: q sums to 1, and the mass shows how much the predictor knows.
        mass = rows.sum(1)
        q = rows / np.maximum(mass, 1e-9)[:, np.newaxis]
        if is_base:
            return _Layer(
                name, q, below, np.ones((len(q), 1), np.float32), np.zeros(len(q), np.int64)
            )
        # 2. Confidence c: the mass, or the highest probability of a whole row, reduced.
        best = q.argmax(1)
        rows_index = np.arange(len(q))
        confidence = np.where(mass >= FULL_MASS, PRIOR_CLAIM * q[rows_index, best], mass)
        # 3. Select the weight set: by c, and by the layers below at the predictor's first choice.
        weight_set = np.searchsorted(CONFIDENCE_BINS, confidence) * (
            len(BASE_PROBABILITY_BINS) + 1
        ) + np.searchsorted(BASE_PROBABILITY_BINS, below[rows_index, best])
        # 4. The weight w, from the odds of c corrected by the learnt weight.
        odds = (
            confidence
            / np.maximum(1 - confidence, 1e-3)
            * np.exp(self._mixer_weights[name][weight_set])
        )
        weight = odds / (1 + odds)
        return _Layer(name, q, below, weight[:, np.newaxis].astype(np.float32), weight_set)

    def _each(
        self, call: Callable[[int, Any], Any], kind: type = object, timed: str = ""
    ) -> list[Any]:
        """Return the results of `call` with the index and predictor of each member of a kind.

        Raises:
            PredictorFailed: a call raised, or calls of the method `timed` are too slow.
        """
        results = []
        for i, name, member in self._kinds[kind]:
            with _Guarded(name):
                watch = Stopwatch() if timed else None
                results.append(call(i, member))
                if watch:
                    self._watch((name, timed), watch.is_slow())
        return results

    def _watch(self, call: tuple[str, str], is_slow: bool) -> None:
        # One count for each method: a fast method does not make up for a slow one.
        self._slow_calls[call] = self._slow_calls[call] + 1 if is_slow else 0
        if self._slow_calls[call] >= MAX_SLOW_CALLS:
            raise PredictorError(
                f"too slow: over {1000 * SLOW_SECONDS:.0f} ms, {MAX_SLOW_CALLS} times"
            )


def _of_kind(members: Mapping[str, Predictor], kind: type) -> list[tuple[int, str, Any]]:
    """Return the index, name and predictor of each member of a kind."""
    return [
        (i, name, member)
        for i, (name, member) in enumerate(members.items())
        if isinstance(member, kind)
    ]


def _bases(mass: Floats) -> list[int | None]:
    """Return the base of each row: the first whole member, or None.

    Args:
        mass: the sums of the members' rows, shape (members, rows).
    """
    whole = mass >= FULL_MASS
    return [
        base if some else None
        for base, some in zip(whole.argmax(0).tolist(), whole.sum(0).tolist(), strict=True)
    ]


def _counted(states: list[State], rows: int) -> list[State]:
    """Return `states`; raise PredictorError if their number is wrong."""
    if len(states) != rows:
        raise PredictorError(
            f"step must return {rows} states, one for each argument, not {len(states)}"
        )
    return states


def _checked(log_probabilities: LogProbabilities, rows: int) -> LogProbabilities:
    """Return `log_probabilities`; raise PredictorError if they are malformed."""
    whole = isinstance(log_probabilities, np.ndarray) and log_probabilities.shape == (
        rows,
        VOCABULARY,
    )
    # The comparison is false for NaN; infinity and plain probabilities exceed the limit.
    if not whole or not log_probabilities.max() <= MAX_LOG_PROBABILITY:
        raise PredictorError(
            f"predict must return logarithms of probabilities, shape ({rows}, {VOCABULARY}), "
            f"without NaN"
        )
    return log_probabilities
