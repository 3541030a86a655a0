"""The search over continuations: best first, or draws without replacement, many continuations a step.

With temperature above 0 this is Gumbel top-k over a tree (Kool et al. 2019, "Stochastic Beams and Where to Find
Them"): each node's key is its log-probability plus Gumbel noise, conditioned on the largest of its children's keys
being its own, so the k leaves with the largest keys are k draws without replacement from p^(1/temperature). As the
temperature falls to 0 it becomes best-first search by log-probability.
"""

from __future__ import annotations

import heapq
import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from foretype_model import sample
from foretype_model.grammar import Grammar
from foretype_model.predictor import LogProbabilities, Predictor, State
from foretype_model.staleness import Stale, Superseded, never

WIDTH: Final = 8
"""Continuations in one step: 8 rows cost 2.2 times one row at 512 units."""

MOST_STEPS: Final = 20
"""Steps of one search at most; few reach it."""

FLOOR: Final = math.log(2e-3)
"""Nothing less probable is looked at. It would seldom be among the first ten: at 0.001 a search takes 8 % longer, and
the first five save as many keys."""

UNLIKELY: Final = math.log(2e-2)
FEW: Final = 3
"""What is less probable than this waits, and is looked at only where fewer candidates than this were found without:
half of the rows, and the first five save as many keys. At a temperature above 0 the draws decide."""


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


class _Node(NamedTuple):
    """A prefix of candidates, its last byte not yet read: `state` is the one before it.

    Nodes stand in a heap: they are compared by `minus_key`, and on a tie by `text`, which no two have in common.
    """

    minus_key: float
    text: bytes
    log_p: float
    log_q: float
    state: State


class Search:
    """One search from one state."""

    def __init__(self, predictor: Predictor, grammar: Grammar, draw: Draw, count: int) -> None:
        self._predictor, self._grammar, self._draw, self._count = predictor, grammar, draw, count
        self._frontier: list[_Node] = []
        self._waiting: list[_Node] = []
        self._found: list[Found] = []
        self._bar = -math.inf

    def run(self, state: State, stale: Stale = never) -> list[Found]:
        """The `count` best candidates from `state` on, best first. Raises Superseded once `stale()` is true."""
        self._expand([_Node(0.0, b"", 0.0, 0.0, state)], [state])
        for _ in range(MOST_STEPS):
            batch = self._batch()
            if not batch:
                break
            if stale():
                raise Superseded
            self._expand(batch, self._predictor.step([node.state for node in batch], [node.text[-1] for node in batch]))
        return self._best()

    def _best(self) -> list[Found]:
        return heapq.nlargest(self._count, self._found, key=lambda found: found.key)

    def _batch(self) -> list[_Node]:
        """The most promising nodes, of those whose key still beats the candidates there are."""
        best = self._best()
        self._bar = best[-1].key if len(best) == self._count else -math.inf
        if not self._frontier and len(best) < FEW:
            self._frontier, self._waiting = self._waiting, []
            heapq.heapify(self._frontier)
        batch: list[_Node] = []
        while self._frontier and len(batch) < WIDTH and -self._frontier[0].minus_key > self._bar:
            batch.append(heapq.heappop(self._frontier))
        return batch

    def _expand(self, nodes: list[_Node], states: list[State]) -> None:
        """Put the nodes' children on the frontier, and a node itself among the found where it may end."""
        rows = self._predictor.predict(states)
        rows_q = rows if self._draw.temperature == 0 else self._draw.adjusted(rows)
        # Exponentials once for the whole batch: adding up logarithms row by row took half the time of a search.
        for i, (p, q) in enumerate(zip(np.exp(rows), np.exp(rows_q), strict=True)):
            node, rules = nodes[i], self._grammar.rules(nodes[i].text)
            bytes_ = np.flatnonzero(rules.go_on & (p > math.exp(FLOOR - node.log_p)) & (q > 0))
            ends_q, ends = _log(q @ rules.end), _log(p @ rules.end)
            choices = np.append(rows_q[i, bytes_], ends_q) + node.log_q
            keys = (choices if self._draw.temperature == 0 else self._perturbed(node, choices)).tolist()
            log_p = (rows[i, bytes_] + node.log_p).tolist()
            self._push(node, states[i], zip(keys, bytes_.tolist(), log_p, choices.tolist(), strict=False))
            if ends_q > -math.inf:
                self._found.append(Found(node.text, node.log_p + ends, node.log_p, keys[-1], states[i], rows[i]))

    def _push(self, node: _Node, state: State, children: Iterable[tuple[float, int, float, float]]) -> None:
        for key, byte, log_p, log_q in children:
            if key > self._bar:
                child = _Node(-key, node.text + bytes((byte,)), log_p, log_q, state)
                if log_p < UNLIKELY and self._draw.temperature == 0:
                    self._waiting.append(child)
                else:
                    heapq.heappush(self._frontier, child)

    def _perturbed(self, node: _Node, choices: sample.Floats) -> sample.Floats:
        return sample.gumbel_below(sample.gumbel(self._draw.noise(node.text), choices), -node.minus_key)


def _log(p: float) -> float:
    return math.log(p) if p > 0 else -math.inf
