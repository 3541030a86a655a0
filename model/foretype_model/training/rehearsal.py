"""Rehearsal: a network that is trained further is held to its former predictions, and so keeps
them.

The texts of its first training are not at hand, so the network samples some before it learns
anything new (pseudorehearsal: Robins 1995). The runtime that serves completions samples them: torch
needed ten times as long for it, and a file kept between trainings would be one more thing to keep
private and to delete. The network is then held to its own predictions of them, the
whole distribution and not the one byte (Li and Hoiem 2016, "Learning without Forgetting").
"""

from __future__ import annotations

import copy
import math
from time import monotonic
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from foretype_model.predictors.network.runtime import Network
from foretype_model.training import checkpoint
from foretype_model.training.checkpoint import Tensors
from foretype_model.training.network import ByteNetwork, Carry, detach_carry

REHEARSAL_TEXTS: Final = 256
REHEARSAL_LENGTH: Final = 512
"""Sampled texts, and the bytes of each: 131 kB, in 3 s of CPU time at 768 units in native code."""

SAMPLING_SHARE: Final = 0.1
"""The most that sampling takes of a budget in minutes; the texts are shorter on a slow machine."""

REHEARSAL_ROWS: Final = 32
REHEARSAL_WINDOW: Final = 64
"""Rows of a rehearsed minibatch, and the bytes of each."""

REHEARSAL_WEIGHT: Final = 4.0
"""The weight of a rehearsed byte beside a new one.

The default network, trained further on 1 MB of plays: without rehearsal 26 % fewer bits for their
end and 16 % more for texts of nine other kinds; with rehearsal at weight 2, 23 % fewer and 3.3 %
more; at 4, 22 % fewer and 2.3 % more.
"""


def sample(
    runtime: Network, seed: int, texts: int, length: int, seconds: float = math.inf
) -> NDArray[np.int64]:
    """Sample texts from their start, at temperature 1; return their bytes, shape (texts, length).

    After `seconds` the texts end, with at least one byte each.
    """
    rng, began, sampled = np.random.default_rng(seed), monotonic(), list[NDArray[np.int64]]()
    states = [runtime.start()] * texts
    while len(sampled) < length and (not sampled or monotonic() - began < seconds):
        # The inverse of the distribution function, at a uniform draw for each text.
        totals = np.exp([state.log_probabilities for state in states]).cumsum(1)
        draws = rng.random((texts, 1)) * totals[:, -1:]
        sampled.append((totals <= draws).sum(1))
        states = runtime.step(states, sampled[-1].tolist())
    return np.stack(sampled, axis=1)


class Rehearsal:
    """Windows of sampled text, one after the other in a circle, with the state carried along."""

    def __init__(self, teacher: ByteNetwork, text: Tensor) -> None:
        """Hold a network to `teacher`, its former self, on `text`: bytes of shape (length,
        rows).
        """
        self._teacher = teacher.requires_grad_(requires_grad=False)
        self._text = text
        self._at = 0
        self._known: Carry | None = None
        self._carry: Carry | None = None

    @classmethod
    def of(
        cls,
        network: ByteNetwork,
        runtime: Network,
        seed: int,
        *,
        texts: int = REHEARSAL_TEXTS,
        length: int = REHEARSAL_LENGTH,
        seconds: float = math.inf,
    ) -> Self:
        """Return a rehearsal of the present predictions of `network`.

        Args:
            network: the network that is about to be trained further.
            runtime: the same network, which samples the texts.
            seed: of the samples.
            texts: number of texts.
            length: bytes of each.
            seconds: after these, the texts end; they have at least one byte.
        """
        text = torch.from_numpy(sample(runtime, seed, texts, length, seconds))
        rows = text.reshape(min(REHEARSAL_ROWS, texts), -1).T
        return cls(copy.deepcopy(network), rows.to(network.output.weight.device))

    def loss(self, network: ByteNetwork) -> Tensor:
        """Return the divergence of `network` from the teacher in the next window: weighted KL
        divergence in nats a byte.
        """
        x = self._text[self._at : self._at + REHEARSAL_WINDOW]
        known, self._known = self._teacher(x, self._known)
        logits, carry = network(x, self._carry)
        self._carry = detach_carry(carry)
        self._at += len(x)
        if self._at == len(self._text):
            self._at, self._known, self._carry = 0, None, None
        apart = nn.functional.kl_div(
            logits.log_softmax(-1), known.log_softmax(-1), reduction="sum", log_target=True
        )
        return REHEARSAL_WEIGHT * apart / x.numel()

    def tensors(self) -> Tensors:
        """Return the whole rehearsal as tensors, for a checkpoint."""
        carries = {
            name: checkpoint.carry_tensors(carry)
            for name, carry in (("known", self._known), ("carry", self._carry))
            if carry is not None
        }
        place = {"text": self._text.to(torch.uint8), "at": torch.tensor(self._at)}
        return checkpoint.flatten(teacher=self._teacher.state_dict(), place=place, **carries)

    @classmethod
    def from_tensors(cls, tensors: Tensors, teacher: ByteNetwork) -> Self:
        """Invert `tensors`, into a network of the teacher's shape."""
        teacher.load_state_dict(checkpoint.with_prefix(tensors, "teacher"))
        place = checkpoint.with_prefix(tensors, "place")
        rehearsal = cls(teacher, place["text"].to(teacher.output.weight.device, torch.long))
        rehearsal._at = int(place["at"])
        known, carry = (checkpoint.with_prefix(tensors, name) for name in ("known", "carry"))
        rehearsal._known = checkpoint.carry_from(known) if known else None
        rehearsal._carry = checkpoint.carry_from(carry) if carry else None
        return rehearsal
