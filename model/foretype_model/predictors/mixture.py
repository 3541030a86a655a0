"""Several predictors' next-byte distributions into one.

The first predictor that answers for the whole of the probability is the base. The others speak in
their order, each over what there is so far: p <- w q + (1 - w) p. The weight w starts from the part
of the probability that the predictor itself assigns (one that knows much assigns much, see
`Predictor.predict`), and is corrected by what has been learnt from the text as it was typed: by
classes of that part, and of how probable the predictor's first choice already was.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import current_thread, main_thread
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

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
from foretype_model.text.rope import Rope

MAX_LOG_PROBABILITY: Final = 1e-3
"""A logarithm of a probability at most; it is 0 but for rounding."""

FULL_MASS: Final = 0.9995
"""A row that sums to this says nothing of how much its predictor knows. One that does should assign
less.
"""

PRIOR_CLAIM: Final = 0.5
"""What such a row counts for beside others, before anything is learnt: this much of its highest
probability.
"""

CONFIDENCE_BINS: Final = np.array([0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97])
BASE_PROBABILITY_BINS: Final = np.array([0.001, 0.01, 0.05, 0.2, 0.5, 0.8])
"""Borders of the classes that have a correction each."""

WEIGHT_SETS: Final = (len(CONFIDENCE_BINS) + 1) * (len(BASE_PROBABILITY_BINS) + 1)

MIXER_LEARNING_RATE: Final = 0.3
"""Of learning the corrections, by gradient descent on the logarithm of what was typed. In nine
kinds of text 0.15 to 0.4 took the fewest bits; at 0.02, novels took 0.8 % more than the network
alone.
"""

MAX_OBSERVATIONS: Final = 200
"""Times that a document is shown again to members that want more of it: one that never has enough
is not waited for.
"""

SLOW_SECONDS: Final = 0.1
MAX_SLOW_CALLS: Final = 3
"""Seconds, and how many calls of a method in a row may take longer, before a predictor is dropped
as too slow.
"""

Floats = NDArray[np.float32]

MixerWeights = dict[str, Floats]
"""By predictor: what is added to the logarithm of its odds, in each class, shape (CELLS,)."""


class PredictorFailed(Exception):
    """A predictor raised, or answered with something that is no distribution, or too late."""

    def __init__(self, name: str, cause: Exception) -> None:
        super().__init__(f"{name}: {error_message(cause)}")
        self.name, self.cause = name, cause


class _Guarded:
    """Names the predictor in whatever goes wrong inside it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, SystemExit):  # a plugin's, which must not be the server's
            error = PredictorError("sys.exit was called", error)
        if (
            isinstance(error, KeyboardInterrupt) and current_thread() is not main_thread()
        ):  # nor is this the user's
            error = PredictorError("KeyboardInterrupt was raised")
        if isinstance(error, Exception):
            raise PredictorFailed(self._name, error) from error


class _Stopwatch:
    """Whether a call took too long; by the processor's time alone where this thread had to leave it
    to others.
    """

    def __init__(self) -> None:
        self._wall, self._own, self._context_switches = (
            time.perf_counter(),
            time.thread_time(),
            _context_switches(),
        )

    def is_slow(self) -> bool:
        """Whether more than `SLOW_SECONDS` seconds have passed since it was made."""
        # Asked first, as it is cheap, and nearly always the answer.
        if time.perf_counter() - self._wall <= SLOW_SECONDS:
            return False
        waited, preempted = (
            now - before
            for now, before in zip(_context_switches(), self._context_switches, strict=True)
        )
        # What waits by itself, for a file or another thread, is slow by itself.
        return waited > 0 or not preempted or time.thread_time() - self._own > SLOW_SECONDS


def _context_switches() -> tuple[int, int]:
    """How often this thread has left its processor: by itself, and to others."""
    if not hasattr(resource, "RUSAGE_THREAD"):
        return 0, 0
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return used.ru_nvcsw, used.ru_nivcsw


class _Layer(NamedTuple):
    """One predictor over those before it, for several rows.

    Attributes:
        name: of the predictor.
        q: its distributions, shape (rows, 256).
        below: the distributions before it, likewise.
        weight: w, shape (rows, 1).
        cell: the class of each row's correction, shape (rows,); the base is not corrected.
    """

    name: str
    q: Floats
    below: Floats
    weight: Floats
    weight_set: NDArray[np.int64]


class Mixture:
    """The members stacked upon each other; itself a `Predictor`. A state is the tuple of the
    members' states.
    """

    def __init__(
        self, members: Mapping[str, Predictor], mixer_weights: MixerWeights | None = None
    ) -> None:
        """`mixer_weights` is where to learn on, as several documents do together."""
        self.members = dict(members)
        self._mixer_weights: MixerWeights = {} if mixer_weights is None else mixer_weights
        for name in members:
            self._mixer_weights.setdefault(name, np.zeros(WEIGHT_SETS, np.float32))
        # Asked for once: whether something has the methods of a protocol takes 10 us to find out.
        self._kinds: dict[type, list[tuple[int, str, Any]]] = {
            kind: _of_kind(members, kind) for kind in (object, Observer, Learner, Explainer)
        }
        self._slow_calls: Counter[tuple[str, str]] = Counter()
        # The state at the cursor is asked for by each kind of offer, and once more when the next
        # key is learnt from.
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
        # By row, and not once for all: a prediction does not depend on what else is asked for along
        # with it.
        answer = np.empty(predictions.shape[1:], np.float32)
        for base in set(bases):
            some = [one == base for one in bases]
            answer[some] = self._mixed(predictions[:, some], rows[:, some], base)
        return answer

    def _mixed(self, predictions: Floats, rows: Floats, base: int | None) -> LogProbabilities:
        # One member that answers for the whole is passed through untouched: exact, and it costs
        # nothing.
        if len(predictions) == 1 and base is not None:
            return cast(LogProbabilities, predictions[0])
        with np.errstate(divide="ignore"):
            return np.log(self._stacked(rows, base)[0])

    def predictions(self, states: Sequence[tuple[State, ...]]) -> NDArray[np.float32]:
        """Each member's log-probabilities, shape (members, len(states), 256)."""
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
        """Each member's share in the probability of each next byte, shape (256,) each.

        They sum to 1; to less where no member answers for the whole, and the rest is spread evenly.
        """
        p, layers = self._stacked_at(state)
        shares, rest = {}, np.ones_like(p)
        for layer in reversed(layers):
            share = rest * layer.weight * layer.q
            shares[layer.name] = (share / np.maximum(p, 1e-30))[0]
            rest = rest * (1 - layer.weight)
        return shares

    def sources(self, state: tuple[State, ...], text: bytes, limit: int) -> list[Source]:
        """Where the members that can tell know `text` from, at most so many places from each."""
        found = self._each(lambda i, one: one.sources(state[i], text, limit), Explainer)
        return [source for sources in found for source in sources]

    def observe(self, document: str, before: Rope, after: Rope) -> bool:
        """Show a document, as it stands around the cursor, to the members that want to see it.

        Whether one of them has more to take in of it, and wants to be shown it again.
        """
        self.invalidate()
        return any(self._each(lambda _, member: member.observe(document, before, after), Observer))

    def invalidate(self) -> None:
        """What the members have said of the state at the cursor is not what they would say now."""
        self._latest = None

    def learn(self, state: tuple[State, ...], following: int) -> None:
        """Learn that the user went on with the byte `following`: how far to trust each member, and
        they themselves.
        """
        p, layers = self._stacked_at(state)
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
        """The mixture, shape (rows, 256), and its layers from the base up.

        Args:
            rows: each member's probabilities, shape (members, rows, 256).
            base: which of them answers for the whole of each row.
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
        mass = rows.sum(1)
        q = rows / np.maximum(mass, 1e-9)[:, np.newaxis]
        if is_base:
            return _Layer(
                name, q, below, np.ones((len(q), 1), np.float32), np.zeros(len(q), np.int64)
            )
        best = q.argmax(1)
        rows_index = np.arange(len(q))
        confidence = np.where(mass >= FULL_MASS, PRIOR_CLAIM * q[rows_index, best], mass)
        weight_set = np.searchsorted(CONFIDENCE_BINS, confidence) * (
            len(BASE_PROBABILITY_BINS) + 1
        ) + np.searchsorted(BASE_PROBABILITY_BINS, below[rows_index, best])
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
        results = []
        for i, name, member in self._kinds[kind]:
            with _Guarded(name):
                watch = _Stopwatch() if timed else None
                results.append(call(i, member))
                if watch:
                    self._watch((name, timed), watch.is_slow())
        return results

    def _watch(self, call: tuple[str, str], is_slow: bool) -> None:
        # Each method has a count of its own: one that is quick does not make up for another.
        self._slow_calls[call] = self._slow_calls[call] + 1 if is_slow else 0
        if self._slow_calls[call] >= MAX_SLOW_CALLS:
            raise PredictorError(
                f"too slow: over {1000 * SLOW_SECONDS:.0f} ms, {MAX_SLOW_CALLS} times"
            )


def _of_kind(members: Mapping[str, Predictor], kind: type) -> list[tuple[int, str, Any]]:
    """Number, name and predictor of each that is of that kind."""
    return [
        (i, name, member)
        for i, (name, member) in enumerate(members.items())
        if isinstance(member, kind)
    ]


def _bases(mass: Floats) -> list[int | None]:
    """For each row the first member that answers for the whole of it, or None; `mass` of shape
    (members, rows).
    """
    whole = mass >= FULL_MASS
    return [
        base if some else None
        for base, some in zip(whole.argmax(0).tolist(), whole.sum(0).tolist(), strict=True)
    ]


def _counted(states: list[State], rows: int) -> list[State]:
    if len(states) != rows:
        raise PredictorError(
            f"step must answer {rows} states, one for each that it was given, not {len(states)}"
        )
    return states


def _checked(log_probabilities: LogProbabilities, rows: int) -> LogProbabilities:
    whole = isinstance(log_probabilities, np.ndarray) and log_probabilities.shape == (
        rows,
        VOCABULARY,
    )
    # NaN is at most nothing, and infinity and probabilities that are no logarithms are above it.
    if not whole or not log_probabilities.max() <= MAX_LOG_PROBABILITY:
        raise PredictorError(
            f"predict must answer logarithms of probabilities, shape ({rows}, {VOCABULARY}), "
            f"without NaN"
        )
    return log_probabilities
