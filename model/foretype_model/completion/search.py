"""The search over continuations: best first, or draws without replacement, many continuations a
step.

With temperature above 0 this is Gumbel top-k over a tree (Kool et al. 2019, "Stochastic Beams and
Where to Find Them"). The key G of a node is its log-probability phi plus Gumbel noise, and the
noise of its children is conditioned on the largest of their keys being G. So the k leaves with the
largest keys are k draws without replacement from p^(1/temperature). As the temperature falls to 0,
the search becomes best-first search by log-probability.
"""

from __future__ import annotations

import heapq
import math
import zlib
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

import numpy as np

from foretype_model import sampling
from foretype_model.cancellation import NO_DEADLINE, Deadline
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.proposals import Proposals
from foretype_model.predictor import LogProbabilities
from foretype_model.text.grammar import Grammar

BATCH_SIZE: Final = 8
"""Continuations in one step. 8 rows cost 2.2 times as much as one row at 512 units."""

MAX_STEPS: Final = 20
"""Steps of one search, at most. Few searches reach it."""

MIN_LOG_P: Final = math.log(2e-3)
"""Continuations less probable than this are not searched. They would seldom be among the first ten:
at 0.001 a search takes 8 % longer, and the first five save as many keys.
"""

DEFERRED_LOG_P: Final = math.log(2e-2)
"""Continuations less probable than this are deferred, and searched only if too few candidates were
found without them. It halves the rows, and the first five save as many keys. At a temperature above
0 the draws decide.
"""

MIN_CANDIDATES: Final = 3
ENOUGH_PROBABILITY: Final = 0.6
"""Candidates are enough if there are so many, or if they are so probable together. At 0.8, the menu
had fragments such as "tomorrow_x" beside "tomorrow", and saved no more keys.
"""


@dataclass(frozen=True)
class Sampler:
    """The choice of bytes and candidates, by fields of `Options`. The noise is seeded by `seed` and
    by `text`, the text before the cursor.
    """

    temperature: float
    top_k: int
    top_p: float
    seed: int
    text: bytes

    def rng(self, continuation: bytes) -> np.random.Generator:
        """Return a generator seeded by the text, so that the same text gets the same noise, also
        after the user has typed through a part of it.
        """
        tail = (self.text + continuation)[-64:]
        return np.random.default_rng((self.seed & 0xFFFFFFFF, zlib.crc32(tail)))

    def sample(self, continuation: bytes, row: LogProbabilities) -> int:
        """Return the byte after `continuation`: the most probable one, or a draw (Gumbel-max)."""
        if self.temperature == 0:
            return int(row.argmax())
        return int(sampling.gumbel(self.rng(continuation), self.adjusted(row)).argmax())

    def adjusted(self, row: LogProbabilities) -> sampling.Floats:
        """Return log q, the log-probabilities of a draw: by temperature, top-k and top-p."""
        return sampling.adjusted(row, self.temperature, self.top_k, self.top_p)


@dataclass(frozen=True)
class Hypothesis:
    """A complete candidate.

    Attributes:
        text: its bytes.
        log_p: the log-probability of `text` and then its end.
        log_prefix: the log-probability of `text` with any continuation.
        key: the rank: log_p, or at a temperature above 0 the perturbed log-probability G.
        is_wanted: whether the search was to find `text` (see `Proposals`).
    """

    text: bytes
    log_p: float
    log_prefix: float
    key: float
    is_wanted: bool = False


class _Node(NamedTuple):
    """A prefix of candidates, whose children are not yet known.

    Nodes are in a heap, which compares them by `negated_key`, and on a tie by `text`, which is
    distinct.

    Attributes:
        negated_key: -G.
        text: the bytes of the prefix.
        log_p: its log-probability.
        log_q: its log-probability phi in a draw, see `Sampler.adjusted`.
    """

    negated_key: float
    text: bytes
    log_p: float
    log_q: float


class Search:
    """One search, from one place in a text."""

    def __init__(
        self,
        lookahead: LookaheadCache,
        grammar: Grammar,
        sampler: Sampler,
        count: int,
        proposals: Proposals | None = None,
    ) -> None:
        """Search for `count` candidates of `grammar`, guided by the words that go into
        `proposals`.
        """
        self._lookahead, self._grammar = lookahead, grammar
        self._sampler, self._count = sampler, count
        self._proposals = proposals
        self._frontier: list[_Node] = []  # a heap, the largest key first
        self._deferred: list[_Node] = []
        self._wanted: list[_Node] = []  # prefixes of wanted words, which are searched in any case
        self._finished: list[Hypothesis] = []
        self._fragments: list[Hypothesis] = []
        self._threshold = -math.inf  # the key of the last of `count` candidates

    def run(self, deadline: Deadline = NO_DEADLINE) -> tuple[list[Hypothesis], bool]:
        """Return the `count` best candidates, best first, and whether the search ended before the
        deadline.

        After the deadline the search goes on until the best candidate is known, as a wrong answer
        is useless however early it comes. Raises Cancelled.
        """
        self._expand([_Node(0.0, b"", 0.0, 0.0)])
        for _ in range(MAX_STEPS):
            batch = self._batch()
            if not batch:
                break
            if deadline.has_passed() and self._best_is_known(batch):
                return self._found(), False
            self._expand(batch)
        while self._wanted:  # longer than the steps
            if deadline.has_passed():
                return self._found(), False
            batch, self._wanted = self._wanted, []
            self._expand(batch)
        return self._found(), True

    def _found(self) -> list[Hypothesis]:
        """Return the best candidates, and the wanted ones."""
        best = self._best()
        wanted = [one for one in self._finished if one.is_wanted and one not in best]
        return [*best, *wanted]

    def _best(self) -> list[Hypothesis]:
        """Return the best candidates: whole words, and fragments where hardly a word is likely."""
        found = self._finished if self._are_enough() else self._finished + self._fragments
        return heapq.nlargest(self._count, found, key=lambda hypothesis: hypothesis.key)

    def _are_enough(self) -> bool:
        """Return whether whole candidates leave little for others to be meant."""
        if len(self._finished) >= MIN_CANDIDATES:
            return True
        return sum(math.exp(one.log_p) for one in self._finished) >= ENOUGH_PROBABILITY

    def _best_is_known(self, batch: list[_Node]) -> bool:
        """Return whether no continuation of a node can beat the best candidate."""
        return bool(self._finished) and self._best()[0].key >= -batch[0].negated_key

    def _batch(self) -> list[_Node]:
        """Take the nodes with the largest keys, if these still beat the candidates found."""
        best = self._best()
        self._threshold = best[-1].key if len(best) == self._count else -math.inf
        if not self._frontier and not self._are_enough():
            self._frontier, self._deferred = self._deferred, []
            heapq.heapify(self._frontier)
        batch, self._wanted = self._wanted, []
        while (
            self._frontier
            and len(batch) < BATCH_SIZE
            and -self._frontier[0].negated_key > self._threshold
        ):
            batch.append(heapq.heappop(self._frontier))
        return batch

    def _expand(self, nodes: list[_Node]) -> None:
        """Put the nodes' children on the frontier, and the nodes that may end among the finished.

        Arrays have n = len(nodes) rows and 256 columns; flat arrays have an item for each child.
        """
        # log p, and log q of a draw: shape (n, 256)
        rows = self._lookahead.predict([node.text for node in nodes])
        self._propose(nodes)
        rows_q = rows if self._sampler.temperature == 0 else self._sampler.adjusted(rows)
        p, q = np.exp(rows), np.exp(rows_q)
        # The probability of ending at a node: the sum over the bytes before which it is complete.
        masks = [self._grammar.masks(node.text) for node in nodes]
        ends = np.array([mask.ends for mask in masks])
        p_end, q_end = (p * ends).sum(1).tolist(), (q * ends).sum(1).tolist()
        # The children: bytes of the grammar that are probable enough, in the order of the nodes.
        # All rows at once, as numpy takes ten times as long for each row in turn.
        min_p = np.exp(MIN_LOG_P - np.array([node.log_p for node in nodes]))[:, np.newaxis]
        continues = np.array([mask.continues for mask in masks])
        is_probable = p > min_p
        if self._proposals is not None:
            for i, node in enumerate(nodes):
                is_probable[i, self._proposals.wanted_bytes(node.text)] = True
        node_index, bytes_ = np.nonzero(continues & is_probable & (q > 0))
        all_bytes, all_p = bytes_.tolist(), rows[node_index, bytes_].tolist()
        all_q = rows_q[node_index, bytes_].tolist()
        # The children of node i are the items bounds[i] up to bounds[i + 1].
        bounds = np.searchsorted(node_index, np.arange(len(nodes) + 1)).tolist()
        for i, node in enumerate(nodes):
            children = slice(bounds[i], bounds[i + 1])
            child_bytes, log_p, log_q = all_bytes[children], all_p[children], all_q[children]
            keys = self._keys(node, [*log_q, _log(q_end[i])])
            self._push(node, keys, child_bytes, log_p, log_q)
            self._finish(node, keys[-1], p_end[i], q_end[i])

    def _propose(self, nodes: list[_Node]) -> None:
        """Ask for the words that may follow the nodes at which a word begins."""
        if self._proposals is not None:
            for node in nodes:
                if self._proposals.is_new_root(node.text):
                    self._proposals.add(node.text, self._lookahead.propose(node.text))

    def _finish(self, node: _Node, key: float, p_end: float, q_end: float) -> None:
        """Add `node` to the finished candidates if it may end."""
        if q_end > 0:
            log_p = node.log_p + _log(p_end)
            is_whole = self._proposals is None or self._proposals.is_whole(node.text, log_p)
            kind = self._finished if is_whole else self._fragments
            is_wanted = self._proposals is not None and self._proposals.is_wanted_word(node.text)
            kind.append(Hypothesis(node.text, log_p, node.log_p, key, is_wanted))

    def _push(
        self,
        node: _Node,
        keys: list[float],
        child_bytes: list[int],
        log_p: list[float],
        log_q: list[float],
    ) -> None:
        """Put the children of `node` whose keys beat the threshold on the frontier."""
        for key, byte, step_log_p, step_log_q in zip(keys, child_bytes, log_p, log_q, strict=False):
            text = node.text + bytes((byte,))
            estimate = self._log_best_end(text)
            child = _Node(-key - estimate, text, node.log_p + step_log_p, node.log_q + step_log_q)
            if self._proposals is not None and self._proposals.is_wanted(text):
                self._wanted.append(child)
            elif key + estimate > self._threshold:
                self._queue(child)

    def _log_best_end(self, text: bytes) -> float:
        """Return the estimated log-probability of the best end of a candidate that begins with
        `text`: 0 for a draw, whose key is that of its best end already.
        """
        if self._proposals is None or self._sampler.temperature > 0:
            return 0.0
        return self._proposals.log_best_end(text)

    def _queue(self, child: _Node) -> None:
        """Put a node on the frontier, or defer it if it is improbable and nothing proposes it."""
        is_improbable = child.log_p < DEFERRED_LOG_P and self._sampler.temperature == 0
        if is_improbable and not (self._proposals and self._proposals.has_prefix(child.text)):
            self._deferred.append(child)
        else:
            heapq.heappush(self._frontier, child)

    def _keys(self, node: _Node, log_q: list[float]) -> list[float]:
        """Return the keys of the node's children, and last of its end, from their log-probabilities
        `log_q` after the node.
        """
        if self._sampler.temperature == 0:
            return [node.log_q + more for more in log_q]
        # G of each child: phi plus noise, conditioned on the maximum being the node's own G.
        perturbed = sampling.gumbel(self._sampler.rng(node.text), node.log_q + np.array(log_q))
        return cast(list[float], sampling.gumbel_below(perturbed, -node.negated_key).tolist())


def _log(p: float) -> float:
    return math.log(p) if p > 0 else -math.inf
