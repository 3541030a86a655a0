"""The search over continuations: best first, or draws without replacement, many continuations a step.

With temperature above 0 this is Gumbel top-k over a tree (Kool et al. 2019, "Stochastic Beams and Where to Find
Them"): each node's key is its log-probability plus Gumbel noise, conditioned on the largest of its children's keys
being its own, so the k leaves with the largest keys are k draws without replacement from p^(1/temperature). As the
temperature falls to 0 it becomes best-first search by log-probability.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from foretype_model import sample
from foretype_model.grammar import Grammar
from foretype_model.predictor import LogProbabilities, Predictor, State

WIDTH: Final = 8
"""Continuations in one step: 8 rows cost 2.2 times one row at 512 units."""

MOST_STEPS: Final = 20
"""Steps of one search at most; few reach it."""

FLOOR: Final = float(np.log(1e-3))
"""Nothing less probable is looked at: it would not be among the first ten."""


class Superseded(Exception):
    """Nobody waits for this answer any more."""


def never() -> bool:
    """The staleness of a request that nothing supersedes."""
    return False


@dataclass(frozen=True)
class Draw:
    """How a search chooses: see `Options`, whose fields these are. `text` before the cursor makes noise repeat."""

    temperature: float
    top_k: int
    top_p: float
    seed: int
    text: bytes

    def noise(self, continuation: bytes) -> np.random.Generator:
        """Drawn from the text itself, so that the same text gives the same draw, and a typed-through one its like."""
        tail = (self.text + continuation)[-64:]
        return np.random.default_rng((self.seed & 0xFFFFFFFF, zlib.crc32(tail)))

    def one(self, continuation: bytes, row: LogProbabilities) -> int:
        """The byte after `continuation`: the most probable, or at a temperature above 0 a draw (Gumbel-max)."""
        if self.temperature == 0:
            return int(row.argmax())
        return int(sample.gumbel(self.noise(continuation), self.adjusted(row)).argmax())

    def adjusted(self, row: LogProbabilities) -> sample.Floats:
        return sample.adjusted(row, self.temperature, self.top_k, self.top_p)


@dataclass(frozen=True)
class Found:
    """A complete candidate.

    Attributes:
        log_p: of the text going on with `text` and then ending there.
        log_prefix: of the text going on with `text`, whatever follows.
        key: what it is ranked by: log_p, or the draw's perturbed log-probability.
        state: after its last byte.
        row: next-byte log-probabilities there, shape (256,).
    """

    text: bytes
    log_p: float
    log_prefix: float
    key: float
    state: State
    row: LogProbabilities


@dataclass(order=True)
class _Node:
    """A prefix of candidates, its last byte not yet read: `state` is the one before it."""

    minus_key: float
    text: bytes
    log_p: float = field(compare=False)
    log_q: float = field(compare=False)
    state: State = field(compare=False)


class Search:
    """One search from one state."""

    def __init__(self, predictor: Predictor, grammar: Grammar, draw: Draw, count: int) -> None:
        self._predictor, self._grammar, self._draw, self._count = predictor, grammar, draw, count
        self._frontier: list[_Node] = []
        self._found: list[Found] = []

    def run(self, state: State, stale: Callable[[], bool] = never) -> list[Found]:
        """The `count` best candidates from `state` on, best first. Raises Superseded once `stale()` is true."""
        root = _Node(0.0, b"", 0.0, 0.0, state)
        self._expand(root, state, self._predictor.predict([state])[0])
        for _ in range(MOST_STEPS):
            batch = self._batch()
            if not batch:
                break
            if stale():
                raise Superseded
            states = self._predictor.step([node.state for node in batch], [node.text[-1] for node in batch])
            for node, after, row in zip(batch, states, self._predictor.predict(states), strict=True):
                self._expand(node, after, row)
        return self._best()

    def _best(self) -> list[Found]:
        return heapq.nlargest(self._count, self._found, key=lambda found: found.key)

    def _bar(self) -> float:
        """The key that a node must beat to matter."""
        best = self._best()
        return best[-1].key if len(best) == self._count else -np.inf

    def _batch(self) -> list[_Node]:
        bar = self._bar()
        batch: list[_Node] = []
        while self._frontier and len(batch) < WIDTH and -self._frontier[0].minus_key > bar:
            batch.append(heapq.heappop(self._frontier))
        return batch

    def _expand(self, node: _Node, state: State, row: LogProbabilities) -> None:
        """Put the node's children on the frontier, and the node itself among the found where it may end."""
        rules = self._grammar.rules(node.text)
        log_q = row if self._draw.temperature == 0 else self._draw.adjusted(row)
        bytes_ = np.flatnonzero(rules.go_on & (node.log_p + row > FLOOR) & (log_q > -np.inf))
        ends = float(np.logaddexp.reduce(log_q[rules.end])) if rules.end.any() else -np.inf
        choices = node.log_q + np.append(log_q[bytes_], ends)
        keys = choices if self._draw.temperature == 0 else self._perturbed(node, choices)
        for byte, key, q in zip(bytes_, keys, choices, strict=False):
            child = _Node(-float(key), node.text + bytes([byte]), node.log_p + float(row[byte]), float(q), state)
            heapq.heappush(self._frontier, child)
        if keys[-1] > -np.inf:
            log_p = node.log_p + float(np.logaddexp.reduce(row[rules.end]))
            self._found.append(Found(node.text, log_p, node.log_p, float(keys[-1]), state, row))

    def _perturbed(self, node: _Node, choices: sample.Floats) -> sample.Floats:
        return sample.gumbel_below(sample.gumbel(self._draw.noise(node.text), choices), -node.minus_key)
