"""The network: an embedding, a recurrent cell of one or more layers, and a linear output over the 256 bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from torch import Tensor, nn

from foretype_model.predictor import VOCABULARY

Cell = Literal["gru", "lstm", "rnn"]
CELLS: Final[dict[str, type[nn.RNNBase]]] = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}

Carry = Tensor | tuple[Tensor, Tensor]
"""The recurrent state: h of shape (layers, B, hidden); for the LSTM the pair (h, c)."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a network.

    Attributes:
        cell: ``gru`` (Cho et al. 2014), ``lstm`` (Hochreiter and Schmidhuber 1997) or ``rnn`` (Elman 1990, tanh).
        hidden: units in each layer.
        layers: cells on top of each other.
        embedding: units of the byte embedding; folded into the first layer's input table when exported.
    """

    cell: Cell = "gru"
    hidden: int = 512
    layers: int = 1
    embedding: int = 128


class ByteNetwork(nn.Module):
    """x_t -> e_t = E[x_t] -> h_t = cell(e_t, h_{t-1}) -> logits_t = W h_t + b."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(VOCABULARY, shape.embedding)
        self.recurrent = cast(Any, CELLS[shape.cell])(shape.embedding, shape.hidden, shape.layers)
        self.output = nn.Linear(shape.hidden, VOCABULARY)

    def forward(self, x: Tensor, carry: Carry | None) -> tuple[Tensor, Carry]:
        """Next-byte logits for windows of bytes.

        Args:
            x: bytes, shape (T, B).
            carry: the state after the byte before each window; None is the start of a text.

        Returns:
            Logits, shape (T, B, 256), and the state after the last byte.
        """
        h, carry = self.recurrent(self.embedding(x), carry)
        return self.output(h), carry


def detach(carry: Carry) -> Carry:
    """The same state with no gradient behind it: where backpropagation through time is cut."""
    if isinstance(carry, tuple):
        return carry[0].detach(), carry[1].detach()
    return carry.detach()
