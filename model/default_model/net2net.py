"""Widen a trained network, or give it n-grams, without a change of its predictions; training goes
on from there.

After Net2Net (Chen et al. 2016, "Accelerating Learning via Knowledge Transfer"): the new units read
all the others, no unit reads them yet, and the n-grams' embeddings begin at 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from foretype_model.errors import ModelError
from foretype_model.training.network import ByteNetwork, Shape

GATES = {"gru": 3, "lstm": 4, "rnn": 1}


@torch.no_grad()
def widened(network: ByteNetwork, shape: Shape) -> ByteNetwork:
    """Return a network of `shape` with the predictions of `network`.

    Raises:
        ModelError: `shape` differs by more than additional units, or n-grams if it has none.
    """
    old = network.shape
    same = (old.cell, old.layers, old.embedding) == (shape.cell, shape.layers, shape.embedding)
    if not same or shape.hidden < old.hidden or old.ngrams not in {1, shape.ngrams}:
        raise ModelError(
            f"a network of {old} cannot grow into {shape}: only hidden can be more, and n-grams "
            f"added"
        )
    wider = ByteNetwork(shape)
    if old.ngrams == 1 < shape.ngrams:
        wider.ngrams.weight.zero_()
    trained = network.state_dict()
    for name, weight in wider.state_dict().items():
        if name in trained:
            _fill(
                weight,
                trained[name],
                GATES[shape.cell] if name.startswith("recurrent") else 1,
                old.hidden,
            )
    return wider


def _fill(weight: Tensor, trained: Tensor, gates: int, hidden: int) -> None:
    """Put `trained` into the corner of each gate of `weight`; its rows read no new units."""
    for new, known in zip(weight.chunk(gates), trained.chunk(gates), strict=True):
        new[: len(known)] = 0
        new[tuple(map(slice, known.shape))] = known
