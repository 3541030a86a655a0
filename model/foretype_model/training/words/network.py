"""The word-level network: embeddings of words, recurrent cells, and an adaptive softmax over the
vocabulary.
"""

from __future__ import annotations

from typing import Any, Final, cast

from torch import Tensor, nn

from foretype_model.training.network import CELLS, Recurrent, Shape

FIRST_CUTOFF: Final = 2_000
SECOND_CUTOFF: Final = 8_000
"""Words of the first cluster, and of the first two together, the most frequent words first: 84 to
88 % and 92 to 95 % of a novel. A small vocabulary is all in the first, except one word in each
of the others.
"""

DIV_VALUE: Final = 4.0
"""Each cluster has so many times fewer units than the one before."""


class WordNetwork(nn.Module):
    """x_t -> e_t = E[x_t] -> h_t = cell(e_t, h_{t-1}) -> adaptive softmax of h_t.

    Grave et al. 2017, "Efficient softmax approximation for GPUs": most targets are in the small
    cluster of the frequent words, and the rare ones have few units. It is exact, and at 20,000
    words and 256 units it takes a quarter of the products when serving as well, which sampling
    (Bengio and Senecal 2003) would save in training alone.
    """

    def __init__(self, shape: Shape, words: int) -> None:
        """`words` counts UNKNOWN too."""
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(words, shape.embedding)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.recurrent = cast(Any, CELLS[shape.cell])(shape.embedding, shape.hidden, shape.layers)
        self.output = nn.AdaptiveLogSoftmaxWithLoss(
            shape.hidden, words, cutoffs(words), div_value=DIV_VALUE, head_bias=True
        )

    def forward(self, x: Tensor, recurrent: Recurrent) -> tuple[Tensor, Recurrent]:
        """Return the h of the last layer after each of the words `x`, shape (T, B), as (T, B,
        hidden); and the state.
        """
        h, recurrent = self.recurrent(self.embedding(x), recurrent)
        return h, recurrent

    def log_probabilities(self, h: Tensor, y: Tensor) -> Tensor:
        """Return the log-probabilities of the words `y`, shape (T, B), each after its `h`: shape (T
        * B,).
        """
        return cast(Tensor, self.output(h.flatten(0, 1), y.flatten()).output)


def cutoffs(words: int) -> list[int]:
    """Return the first words of the second and the third cluster; a vocabulary has three words at
    least.
    """
    return [min(FIRST_CUTOFF, words - 2), min(SECOND_CUTOFF, words - 1)]
