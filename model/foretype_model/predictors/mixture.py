"""The mixture of several predictors' next-byte distributions into one (see `log_mixer`)."""

from __future__ import annotations

import math
import sys
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
    Proposer,
    Source,
    State,
)
from foretype_model.predictors import mixer_context
from foretype_model.predictors.log_mixer import (
    Floats,
    LogMixer,
    Mixed,
    MixerWeights,
    bases_of,
    shares,
)
from foretype_model.predictors.stopwatch import MAX_SLOW_CALLS, SLOW_SECONDS, Stopwatch
from foretype_model.text.rope import Rope

MAX_LOG_PROBABILITY: Final = 1e-3
"""The largest logarithm of a probability: 0, and some rounding."""

MIN_LOG_PROBABILITY: Final = math.log(sys.float_info.min)
"""A word that is less probable than this has probability 0: products of its probability round to 0,
which has no logarithm.
"""

MAX_OBSERVATIONS: Final = 200
"""Most times that a document is shown again to members that ask for more of it."""


class Proposal(NamedTuple):
    """A word that may follow.

    Attributes:
        text: its bytes.
        log_p: its log-probability by the predictor that knows it best.
        own: its probability by the user's texts; 0 if they lack it.
    """

    text: bytes
    log_p: float
    own: float


class MixtureState(NamedTuple):
    """The states of the members, and the end of the text (see `mixer_context`)."""

    members: tuple[State, ...]
    context: int = mixer_context.START


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


class Mixture:
    """The mixture of some members, itself a `Predictor`.

    Attributes:
        steps: the bytes that it has been fed or stepped over so far.
    """

    def __init__(
        self, members: Mapping[str, Predictor], mixer_weights: MixerWeights | None = None
    ) -> None:
        """Learn in `mixer_weights`, which the mixtures of several documents may share."""
        self.members = dict(members)
        self.steps = 0
        self._mixer = LogMixer(
            list(members), MixerWeights() if mixer_weights is None else mixer_weights
        )
        # Computed once: isinstance() with a protocol takes 10 us.
        self._kinds: dict[type, list[tuple[int, str, Any]]] = {
            kind: _of_kind(members, kind)
            for kind in (object, Observer, Learner, Explainer, Proposer)
        }
        self._slow_calls: Counter[tuple[str, str]] = Counter()
        # Caches: each kind of candidate asks for the state at the cursor, and so do shares and
        # learning the next key.
        self._latest: tuple[MixtureState, NDArray[np.float32]] | None = None
        self._latest_mixed: tuple[MixtureState, int, Mixed] | None = None

    def start(self) -> MixtureState:
        return MixtureState(tuple(self._each(lambda _, member: member.start())))

    def feed(self, state: MixtureState, text: bytes) -> MixtureState:
        self.steps += len(text)
        members = self._each(lambda i, member: member.feed(state.members[i], text))
        return MixtureState(tuple(members), mixer_context.after_text(state.context, text))

    def step(self, states: Sequence[MixtureState], following: Sequence[int]) -> list[MixtureState]:
        self.steps += len(states)
        columns = self._each(
            lambda i, member: _counted(
                member.step([state.members[i] for state in states], following), len(states)
            ),
            timed="step",
        )
        contexts = [
            mixer_context.after(state.context, byte)
            for state, byte in zip(states, following, strict=True)
        ]
        return list(map(MixtureState, zip(*columns, strict=True), contexts))

    def predict(self, states: Sequence[MixtureState]) -> LogProbabilities:
        if len(states) == 1 and len(self.members) > 1 and not self._mixer.has_kernel:
            # Without the kernel, mixing takes long: `shares` and `learn` take the same mixture.
            return self._mixed_at(states[0]).log_p
        predictions = self.predictions(states)
        whole = _whole_rows(predictions) if len(predictions) == 1 else []
        if whole and all(whole):  # a single member passes through: exactly, and at no cost
            return cast(LogProbabilities, predictions[0])
        mixed = self._mixer.log_p(predictions, [state.context for state in states])
        if whole:  # a row does not depend on the rows beside it
            mixed[whole] = predictions[0, whole]
        return mixed

    def predictions(self, states: Sequence[MixtureState]) -> NDArray[np.float32]:
        """Return each member's log-probabilities, shape (members, len(states), 256)."""
        if len(states) == 1 and self._latest and self._latest[0] is states[0]:
            return self._latest[1]
        rows = self._each(
            lambda i, member: _checked(
                member.predict([state.members[i] for state in states]), len(states)
            ),
            timed="predict",
        )
        predictions = np.array(rows)
        if len(states) == 1:
            self._latest = states[0], predictions
        return predictions

    def shares(self, state: MixtureState) -> dict[str, Floats]:
        """Return each member's share in the probability of each next byte, shape (256,) each.

        The shares sum to 1; to less if no member is whole, as the rest is spread evenly.
        """
        return shares(self._mixed_at(state))

    def sources(self, state: MixtureState, text: bytes, limit: int) -> list[Source]:
        """Return the sources of `text` from each `Explainer`, at most `limit` from each."""
        found = self._each(lambda i, one: one.sources(state.members[i], text, limit), Explainer)
        return [source for sources in found for source in sources]

    def propose(self, state: MixtureState, limit: int) -> list[Proposal]:
        """Return the words of each `Proposer`, at most `limit` from each, the most probable first.

        Of a word that several propose, the highest log-probability counts.
        """
        found: dict[bytes, Proposal] = {}
        lists = self._each(
            lambda i, one: _checked_words(one.propose(state.members[i], limit)), Proposer
        )
        explainers = {i for i, _, _ in self._kinds[Explainer]}
        for (i, _, _), words in zip(self._kinds[Proposer], lists, strict=True):
            # Only a predictor that copies the user's texts knows the sources of its words.
            is_own = i in explainers
            for word, log_p in words:
                one = Proposal(word, log_p, math.exp(log_p) if is_own else 0.0)
                if earlier := found.get(word):
                    best = max(one.log_p, earlier.log_p), max(one.own, earlier.own)
                    one = Proposal(word, *best)
                found[word] = one
        return sorted(found.values(), key=lambda one: -one.log_p)

    def observe(self, uri: str, before: Rope, after: Rope) -> bool:
        """Show a document, split at the cursor, to each `Observer`.

        Return whether one of them asks to be shown it again.
        """
        self.invalidate()
        return any(self._each(lambda _, member: member.observe(uri, before, after), Observer))

    def invalidate(self) -> None:
        """Drop the cached prediction, since the members may now predict otherwise."""
        self._latest, self._latest_mixed = None, None

    def learn(self, state: MixtureState, following: int) -> None:
        """Learn from the typed byte `following`: the mixer weights, then each `Learner`."""
        mixed = self._mixed_at(state)
        if len(mixed.layers) > 1:  # a single whole member passes through
            self._mixer.learn(mixed, following)
        self._each(lambda i, member: member.learn(state.members[i], following), Learner)
        self.invalidate()

    def _mixed_at(self, state: MixtureState) -> Mixed:
        # Other documents may have learnt in the shared weights since.
        steps = self._mixer.steps
        if self._latest_mixed and self._latest_mixed[0] is state and self._latest_mixed[1] == steps:
            return self._latest_mixed[2]
        rows = np.exp(self.predictions([state]))
        mixed = self._mixer.mix(rows, bases_of(rows)[0], [state.context])
        self._latest_mixed = state, steps, mixed
        return mixed

    def _each(
        self, call: Callable[[int, Any], Any], kind: type = object, timed: str = ""
    ) -> list[Any]:
        """Return the results of `call` with the index and predictor of each member of a kind.

        Raises:
            PredictorFailed: a call raised, or calls of the method `timed` are too slow.
        """
        results = []
        watch = Stopwatch() if timed else None
        for i, name, member in self._kinds[kind]:
            with _Guarded(name):
                results.append(call(i, member))
                if watch:
                    self._watch((name, timed), watch.lap_is_slow())
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


def _whole_rows(predictions: Floats) -> list[bool]:
    """Return whether each row has a whole member: see `log_mixer.bases_of`."""
    return [base is not None for base in bases_of(np.exp(predictions))]


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


def _checked_words(proposed: object) -> list[tuple[bytes, float]]:
    """Return the proposed words with a probability above 0; raise PredictorError if they are
    malformed.
    """
    if isinstance(proposed, Sequence) and all(map(_is_proposal, proposed)):
        return [(word, float(log_p)) for word, log_p in proposed if log_p >= MIN_LOG_PROBABILITY]
    raise PredictorError(
        "propose must return a list of texts, each as bytes that are not empty and the logarithm "
        "of their probability, without NaN"
    )


def _is_proposal(pair: object) -> bool:
    match pair:
        case [bytes() as word, float() | int() | np.floating() as log_p]:
            return bool(word) and bool(log_p <= MAX_LOG_PROBABILITY)  # false for NaN
    return False
