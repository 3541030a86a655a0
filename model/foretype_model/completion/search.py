"""The search over continuations: best first, or draws without replacement, many continuations a
step.

With temperature above 0 this is Gumbel top-k over a tree (Kool et al. 2019, "Stochastic Beams and
Where to Find Them"): each node's key is its log-probability plus Gumbel noise, conditioned on the
largest of its children's keys being its own, so the k leaves with the largest keys are k draws
without replacement from p^(1/temperature). As the temperature falls to 0 it becomes best-first
search by log-probability.
"""

from __future__ import annotations

import heapq
import math
import zlib
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

import numpy as np

from foretype_model import sampling
from foretype_model.cancellation import ENDLESS, Patience
from foretype_model.completion.lookahead import Outlook
from foretype_model.predictor import LogProbabilities
from foretype_model.text.grammar import Grammar

WIDTH: Final = 8
"""Continuations in one step: 8 rows cost 2.2 times one row at 512 units."""

MOST_STEPS: Final = 20
"""Steps of one search at most; few reach it."""

FLOOR: Final = math.log(2e-3)
"""Nothing less probable is looked at. It would seldom be among the first ten: at 0.001 a search
takes 8 % longer, and the first five save as many keys.
"""

UNLIKELY: Final = math.log(2e-2)
FEW: Final = 3
"""What is less probable than this waits, and is looked at only where fewer candidates than this
were found without: half of the rows, and the first five save as many keys. At a temperature above 0
the draws decide.
"""


@dataclass(frozen=True)
class Draw:
    """How a search chooses: see `Options`, whose fields these are. `text` before the cursor makes
    noise repeat.
    """

    temperature: float
    top_k: int
    top_p: float
    seed: int
    text: bytes

    def noise(self, continuation: bytes) -> np.random.Generator:
        """Drawn from the text itself, so that the same text gives the same draw, and a
        typed-through one its like.
        """
        tail = (self.text + continuation)[-64:]
        return np.random.default_rng((self.seed & 0xFFFFFFFF, zlib.crc32(tail)))

    def one(self, continuation: bytes, row: LogProbabilities) -> int:
        """The byte after `continuation`: the most probable, or at a temperature above 0 a draw
        (Gumbel-max).
        """
        if self.temperature == 0:
            return int(row.argmax())
        return int(sampling.gumbel(self.noise(continuation), self.adjusted(row)).argmax())

    def adjusted(self, row: LogProbabilities) -> sampling.Floats:
        return sampling.adjusted(row, self.temperature, self.top_k, self.top_p)


@dataclass(frozen=True)
class Found:
    """A complete candidate.

    Attributes:
        log_p: of the text going on with `text` and then ending there.
        log_prefix: of the text going on with `text`, whatever follows.
        key: what it is ranked by: log_p, or the draw's perturbed log-probability.
    """

    text: bytes
    log_p: float
    log_prefix: float
    key: float


class _Node(NamedTuple):
    """A prefix of candidates, its last byte not yet read.

    Nodes stand in a heap: they are compared by `minus_key`, and on a tie by `text`, which no two
    have in common.
    """

    minus_key: float
    text: bytes
    log_p: float
    log_q: float


class Search:
    """One search from one place."""

    def __init__(self, outlook: Outlook, grammar: Grammar, draw: Draw, count: int) -> None:
        self._outlook, self._grammar, self._draw, self._count = outlook, grammar, draw, count
        self._frontier: list[_Node] = []
        self._waiting: list[_Node] = []
        self._found: list[Found] = []
        self._bar = -math.inf

    def run(self, patience: Patience = ENDLESS) -> tuple[list[Found], bool]:
        """The `count` best candidates, best first; and whether the patience lasted to the end.

        Whenever that is lost, the best one is there: a wrong answer is no use to anybody, however
        soon it comes. Raises Superseded.
        """
        self._expand([_Node(0.0, b"", 0.0, 0.0)])
        for _ in range(MOST_STEPS):
            batch = self._batch()
            if not batch:
                break
            if patience.is_over() and self._best_is_known(batch):
                return self._best(), False
            self._expand(batch)
        return self._best(), True

    def _best(self) -> list[Found]:
        return heapq.nlargest(self._count, self._found, key=lambda found: found.key)

    def _best_is_known(self, batch: list[_Node]) -> bool:
        return bool(self._found) and self._best()[0].key >= -batch[0].minus_key

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

    def _expand(self, nodes: list[_Node]) -> None:
        """Put the nodes' children on the frontier, and a node itself among the found where it may
        end.
        """
        rows = self._outlook.rows([node.text for node in nodes])
        rows_q = rows if self._draw.temperature == 0 else self._draw.adjusted(rows)
        p, q = np.exp(rows), np.exp(rows_q)
        rules = [self._grammar.rules(node.text) for node in nodes]
        ends = np.stack([rule.end for rule in rules])
        p_end, q_end = (p * ends).sum(1).tolist(), (q * ends).sum(1).tolist()
        # All rows at once: numpy takes ten times as long for each in turn.
        least = np.exp(FLOOR - np.array([node.log_p for node in nodes]))[:, np.newaxis]
        which, bytes_ = np.nonzero(np.stack([rule.go_on for rule in rules]) & (p > least) & (q > 0))
        all_bytes, all_p, all_q = (
            bytes_.tolist(),
            rows[which, bytes_].tolist(),
            rows_q[which, bytes_].tolist(),
        )
        bounds = np.searchsorted(which, np.arange(len(nodes) + 1)).tolist()
        for i, node in enumerate(nodes):
            its = slice(bounds[i], bounds[i + 1])
            its_bytes, log_p, log_q = all_bytes[its], all_p[its], all_q[its]
            keys = self._keys(node, [*log_q, _log(q_end[i])])
            self._push(node, keys, its_bytes, log_p, log_q)
            if q_end[i] > 0:
                self._found.append(
                    Found(node.text, node.log_p + _log(p_end[i]), node.log_p, keys[-1])
                )

    def _push(
        self,
        node: _Node,
        keys: list[float],
        its_bytes: list[int],
        log_p: list[float],
        log_q: list[float],
    ) -> None:
        for key, byte, more_p, more_q in zip(keys, its_bytes, log_p, log_q, strict=False):
            if key > self._bar:
                child = _Node(
                    -key, node.text + bytes((byte,)), node.log_p + more_p, node.log_q + more_q
                )
                if child.log_p < UNLIKELY and self._draw.temperature == 0:
                    self._waiting.append(child)
                else:
                    heapq.heappush(self._frontier, child)

    def _keys(self, node: _Node, log_q: list[float]) -> list[float]:
        """What the node's children, and last its end, are ranked by."""
        if self._draw.temperature == 0:
            return [node.log_q + more for more in log_q]
        perturbed = sampling.gumbel(self._draw.noise(node.text), node.log_q + np.array(log_q))
        return cast(list[float], sampling.gumbel_below(perturbed, -node.minus_key).tolist())


def _log(p: float) -> float:
    return math.log(p) if p > 0 else -math.inf
