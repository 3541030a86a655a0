"""Rehearsal: a network that is trained further is held to its former predictions, and so keeps
them.

The texts of its first training are not at hand, so the network samples some before it learns
anything new (pseudorehearsal: Robins 1995). It is then held to its own predictions of them, the
whole distribution and not the one byte (Li and Hoiem 2016, "Learning without Forgetting").
"""

from __future__ import annotations

import copy
from typing import Final, Self

import torch
from torch import Tensor, nn

from foretype_model.predictor import END_OF_TEXT
from foretype_model.training import checkpoint
from foretype_model.training.checkpoint import Tensors
from foretype_model.training.network import ByteNetwork, Carry, detach_carry

REHEARSAL_TEXTS: Final = 256
REHEARSAL_LENGTH: Final = 512
"""Sampled texts, and the bytes of each: 131 kB, in a quarter of a minute at 768 units."""

REHEARSAL_ROWS: Final = 32
REHEARSAL_WINDOW: Final = 64
"""Rows of a rehearsed minibatch, and the bytes of each."""

REHEARSAL_WEIGHT: Final = 4.0
"""The weight of a rehearsed byte beside a new one.

The default network, trained further on 1 MB of plays: without rehearsal 26 % fewer bits for their
end and 16 % more for texts of nine other kinds; with rehearsal at weight 2, 23 % fewer and 3.3 %
more; at 4, 22 % fewer and 2.3 % more.
"""


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
    @torch.no_grad()
    def of(
        cls,
        network: ByteNetwork,
        seed: int,
        texts: int = REHEARSAL_TEXTS,
        length: int = REHEARSAL_LENGTH,
    ) -> Self:
        """Return a rehearsal of the present predictions of `network`, on texts sampled at
        temperature 1.
        """
        weight = network.output.weight
        rng = torch.Generator(weight.device).manual_seed(seed)
        x, carry, text = torch.full((1, texts), END_OF_TEXT, device=weight.device), None, []
        for _ in range(length):
            logits, carry = network(x, carry)
            x = torch.multinomial(logits[0].softmax(-1), 1, generator=rng).T
            text.append(x)
        rows = torch.cat(text).T.reshape(min(REHEARSAL_ROWS, texts), -1).T
        return cls(copy.deepcopy(network), rows)

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
