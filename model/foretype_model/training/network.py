"""The network: embeddings of bytes and n-grams, recurrent cells in one or more layers, an output
over the 256 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from foretype_model.errors import ModelError
from foretype_model.predictor import END_OF_TEXT, VOCABULARY
from foretype_model.predictors.network.kernel import word_contexts
from foretype_model.training import fused_gru

Cell = Literal["gru", "lstm", "rnn"]
CELLS: Final[dict[str, type[nn.RNNBase]]] = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}

NGRAM_ROWS: Final = 65_521
"""Rows of the table that all n-grams share by their hash, or a divisor of them; a prime."""

HASH_BASE: Final = 10_007


Recurrent = Tensor | tuple[Tensor, Tensor] | None
"""h of shape (layers, B, hidden); for the LSTM the pair (h, c); None at the start of a text."""


class Carry(NamedTuple):
    """The state between two windows of a text.

    Attributes:
        recurrent: the state of the cells.
        tail: the last bytes before the window, shape (ngrams - 1, B).
        words: the hashes of the last words before the window, shape (3, B) (`word_contexts`).
    """

    recurrent: Recurrent
    tail: Tensor
    words: Tensor


@dataclass(frozen=True)
class Shape:
    """Sizes of a network.

    Attributes:
        cell: ``gru`` (Cho et al. 2014), ``lstm`` (Hochreiter and Schmidhuber 1997) or ``rnn``
            (Elman 1990, tanh).
        hidden: units in each layer.
        layers: cells on top of each other.
        embedding: units of the byte embedding.
        ngrams: bytes of the longest n-gram with an embedding of its own; 1 is none.
        words: units of the embeddings of word contexts (`word_contexts`); 0 is none. They go with
            n-grams only.
        ngram_rows: rows of the table of n-grams, a multiple of `NGRAM_ROWS`.
        word_rows: rows of the table of word contexts, a power of two.
    """

    cell: Cell = "gru"
    hidden: int = 512
    layers: int = 1
    embedding: int = 128
    ngrams: int = 5
    words: int = 0
    ngram_rows: int = NGRAM_ROWS
    word_rows: int = word_contexts.ROWS

    def __post_init__(self) -> None:
        if self.ngram_rows < 1 or self.ngram_rows % NGRAM_ROWS:
            raise ModelError(
                f"{self.ngram_rows} rows of n-grams: give a multiple of {NGRAM_ROWS} as ngram_rows"
            )
        if self.word_rows < 2 or self.word_rows.bit_count() != 1:
            raise ModelError(
                f"{self.word_rows} rows of word contexts: give a power of 2 as word_rows"
            )
        if self.words and self.ngrams < 2:
            raise ModelError(
                f"{self.words} units of word contexts go with n-grams only: give 2 or more as "
                f"ngrams, or 0 as words"
            )

    @property
    def inputs(self) -> int:
        """The inputs of the first cell."""
        return self.embedding + self.words


class ByteNetwork(nn.Module):
    """x_t -> e_t = E[x_t] + sum of N[hash(x_t-n+1 .. x_t)] -> h_t = cell(e_t, h_{t-1}) -> logits_t
    = W h_t + b + V e_t.

    N are the hash n-gram embeddings of Pagnoni et al. 2024 ("Byte Latent Transformer", section
    3.2.1), for n from 2. They cost a lookup; a GRU of 512 that had read 4 MB needed 2.30 bits a
    byte with them and 2.46 without. The embeddings of word contexts, found likewise, stand beside
    e_t as further inputs.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(VOCABULARY, shape.embedding)
        self.recurrent = cast(Any, CELLS[shape.cell])(shape.inputs, shape.hidden, shape.layers)
        self.output = nn.Linear(shape.hidden, VOCABULARY)
        if shape.ngrams > 1:
            # A minibatch touches a tenth of the rows: a sparse gradient has those alone.
            self.ngrams = nn.Embedding(shape.ngram_rows, shape.embedding, sparse=True)
            nn.init.normal_(self.ngrams.weight, std=0.3)
            self.skip = nn.Linear(shape.inputs, VOCABULARY, bias=False)
            nn.init.zeros_(self.skip.weight)
        if shape.words:
            self.words = nn.Embedding(shape.word_rows, shape.words, sparse=True)
            nn.init.normal_(self.words.weight, std=0.05)

    def forward(self, x: Tensor, carry: Carry | None) -> tuple[Tensor, Carry]:
        """Compute next-byte logits for windows of bytes.

        Args:
            x: bytes, shape (T, B).
            carry: the state after the byte before each window; None is the start of a text.

        Returns:
            Logits, shape (T, B, 256), and the state after the last byte.
        """
        before = self.shape.ngrams - 1
        recurrent, tail, words = carry or start(self.shape, x)
        text = torch.cat([tail, x])
        e = self.embedding(x)
        if before:
            e = e + self.ngrams(ngram_buckets(text, self.shape)).sum(-2)
        if self.shape.words:
            rows, words = word_rows(words, x, self.shape.word_rows)
            e = torch.cat([e, self.words(rows).sum(-2)], -1)
        h, recurrent = self._states(e, recurrent)
        logits = _linear(self.output, h)
        if before:
            logits = logits + _linear(self.skip, e.to(h.dtype))
        return logits, Carry(recurrent, text[len(text) - before :], words)

    def _states(self, e: Tensor, recurrent: Recurrent) -> tuple[Tensor, Recurrent]:
        """Run the cells over inputs of shape (T, B, embedding).

        Returns:
            The states of the last layer, shape (T, B, hidden) in float32 or bfloat16, and the state
                to go on from.
        """
        steps, rows = e.shape[:2]
        quick = fused_gru.available(steps, rows, self.shape.hidden, e.device)
        if not quick or (self.shape.cell, self.shape.layers) != ("gru", 1):
            h, recurrent = self.recurrent(e, recurrent)
            return h, recurrent
        before = e.new_zeros(rows, self.shape.hidden) if recurrent is None else recurrent[0]
        h, last = fused_gru.fused_gru(e, before, self.recurrent)
        return h, last[None]


def _linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """Apply `layer` in float32; if x is bfloat16, compute its product in bfloat16."""
    if x.dtype == torch.float32:
        return cast(Tensor, layer(x))
    y = nn.functional.linear(x, layer.weight.to(x.dtype)).float()
    return y if layer.bias is None else y + layer.bias


def start(shape: Shape, x: Tensor) -> Carry:
    """Return the state at the start of the texts `x`, shape (T, B)."""
    tail = x.new_full((shape.ngrams - 1, x.shape[1]), END_OF_TEXT)
    return Carry(None, tail, x.new_zeros((word_contexts.ORDERS, x.shape[1])))


def word_rows(words: Tensor, x: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return `word_contexts.read` of tensors on the device of `x`, with hashes of shape (3, B), for
    a table of `size` rows.
    """
    rows, after = word_contexts.read(
        words.T.cpu().numpy().astype(np.uint32), x.cpu().numpy().astype(np.uint8), size
    )
    return (
        torch.from_numpy(rows).to(x.device),
        torch.from_numpy(after.T.astype(np.int64)).to(x.device),
    )


def ngram_buckets(text: Tensor, shape: Shape) -> Tensor:
    """Return the table's rows of the n-grams that end at each byte, for n from 2 to the longest.

    No n-gram reaches into the text before: END_OF_TEXT takes the place of its bytes.

    Args:
        text: bytes, shape (ngrams - 1 + T, B); the first ngrams - 1 only precede the others.

    Returns:
        Shape (T, B, ngrams - 1).
    """
    before = shape.ngrams - 1
    seen = [text[before:]]
    for back in range(1, shape.ngrams):
        seen.append(
            text[before - back : len(text) - back].where(seen[-1] != END_OF_TEXT, END_OF_TEXT)
        )
    multipliers = torch.tensor(ngram_multipliers(shape.ngrams), device=text.device)
    # Not a product of matrices: there is none for integers on a GPU.
    hashes = ((torch.stack(seen, -1)[..., None, :] + 1) * multipliers).sum(-1)
    return hashes % shape.ngram_rows


def ngram_multipliers(longest: int) -> list[list[int]]:
    """Return, for each n from 2, the multipliers of an n-gram's bytes, the newest byte first: hash
    = sum % rows.

    A polynomial in another base for each n. On 3 MB of text it fills as many rows as random numbers
    would.
    """
    return [
        [pow(HASH_BASE + n, back + 1, NGRAM_ROWS) if back < n else 0 for back in range(longest)]
        for n in range(2, longest + 1)
    ]


def detach_recurrent(recurrent: Recurrent) -> Recurrent:
    """Return the same state without its gradient: backpropagation through time stops here."""
    if recurrent is None:
        return None
    return (
        (recurrent[0].detach(), recurrent[1].detach())
        if isinstance(recurrent, tuple)
        else recurrent.detach()
    )


def detach_carry(carry: Carry) -> Carry:
    """Return the same carry without its gradient."""
    return carry._replace(recurrent=detach_recurrent(carry.recurrent))
