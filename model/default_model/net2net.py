"""Widen a trained network or its tables, or give it n-grams or word contexts, without a change of
its predictions; training goes on from there.

After Net2Net (Chen et al. 2016, "Accelerating Learning via Knowledge Transfer"): the new units read
all the others, no unit reads them yet, and the embeddings of n-grams and word contexts begin at 0.

    python -m default_model.net2net MODEL.onnx WIDER.onnx --hidden 1024 --word-rows 524288
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from default_model.exit_status import exit_status
from foretype_model.errors import ModelError
from foretype_model.predictors.network.runtime import read_metadata
from foretype_model.training import onnx_file
from foretype_model.training.network import ByteNetwork, Shape

GATES = {"gru": 3, "lstm": 4, "rnn": 1}

SIZES = ("hidden", "ngrams", "words", "ngram_rows", "word_rows")
"""The sizes of a network that can grow."""

INPUT_WEIGHTS = frozenset({"recurrent.weight_ih_l0", "skip.weight"})
"""Weights that multiply the network's inputs."""


@torch.no_grad()
def widened(network: ByteNetwork, shape: Shape) -> ByteNetwork:
    """Return a network of `shape` with the predictions of `network`.

    Raises:
        ModelError: `shape` differs by more than additional units, and n-grams or word contexts if
            it has none.
    """
    old = network.shape
    same = (old.cell, old.layers, old.embedding) == (shape.cell, shape.layers, shape.embedding)
    has_known = old.ngrams in {1, shape.ngrams} and old.words in {0, shape.words}
    has_rows = not (
        (old.ngrams > 1 and shape.ngram_rows % old.ngram_rows)
        or (old.words and shape.word_rows % old.word_rows)
    )
    if not same or shape.hidden < old.hidden or not has_known or not has_rows:
        raise ModelError(
            f"a network of {old} cannot grow into {shape}: only hidden can be more, n-grams and "
            f"word contexts added, and the rows of their tables multiplied"
        )
    wider = ByteNetwork(shape)
    if old.ngrams == 1 < shape.ngrams:
        wider.ngrams.weight.zero_()
    if not old.words and shape.words:
        wider.words.weight.zero_()
    trained = {
        name: _more_rows(name, weight, shape) for name, weight in network.state_dict().items()
    }
    for name, weight in wider.state_dict().items():
        if name in trained:
            _fill(
                weight,
                trained[name],
                GATES[shape.cell] if name.startswith("recurrent") else 1,
                reads_inputs=name in INPUT_WEIGHTS,
            )
    return wider


def _more_rows(name: str, weight: Tensor, shape: Shape) -> Tensor:
    """Return a table with as many rows as `shape` has; other weights as they are.

    The row of an n-gram is its hash modulo the rows: in copies of the table, one after the other,
    each n-gram finds the row that it had. The row of a word context is its hash's highest bits:
    one bit more chooses between copies that lie beside each other.
    """
    if name == "ngrams.weight":
        return weight.repeat(shape.ngram_rows // len(weight), 1)
    if name == "words.weight":
        return weight.repeat_interleave(shape.word_rows // len(weight), 0)
    return weight


def _fill(weight: Tensor, trained: Tensor, gates: int, *, reads_inputs: bool) -> None:
    """Put `trained` into the corner of each gate of `weight`.

    Its rows read no new units. They do read new inputs, which are 0 at first: with a weight of 0 as
    well, neither would ever learn.
    """
    for new, known in zip(weight.chunk(gates), trained.chunk(gates), strict=True):
        if not reads_inputs:
            new[: len(known)] = 0
        new[tuple(map(slice, known.shape))] = known


def main(arguments: Sequence[str] | None = None) -> int:
    """Widen the model of the command line; sizes that are not given stay."""
    parser = argparse.ArgumentParser(prog="python -m default_model.net2net")
    parser.add_argument("model", metavar="MODEL.onnx", type=Path)
    parser.add_argument("wider", metavar="WIDER.onnx", type=Path)
    for name in SIZES:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    given = parser.parse_args(arguments)
    sizes = {name: size for name in SIZES if (size := vars(given)[name]) is not None}
    return exit_status(lambda: widen(given.model, given.wider, sizes))


def widen(model: Path, out: Path, sizes: dict[str, Any]) -> None:
    """Write `model`, with these sizes instead of its own, to `out`. Raises ModelError."""
    network, metadata = onnx_file.read(model), read_metadata(model)
    torch.manual_seed(0)  # the same new units for each network, so that they have a mean
    wider = widened(network, replace(network.shape, **sizes))
    parameters = sum(parameter.numel() for parameter in wider.parameters())
    told = {name: size for name, size in sizes.items() if name != "ngram_rows"}  # the table tells
    metadata = replace(metadata, parameters=parameters, **told)
    onnx_file.write(wider, metadata, out, "float32")  # nothing is rounded


if __name__ == "__main__":
    sys.exit(main())
