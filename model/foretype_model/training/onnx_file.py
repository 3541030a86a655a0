"""A trained network to the one file that serves, and back.

The graph reads ``text`` (T, B, ngrams), for each of T bytes the longest n-gram that ends with it,
and the table's rows of its word contexts, ``words`` (T, B, 3), if the network has any, from the
states ``h`` (B, state), and gives the states and the next-byte log-probabilities after the
last byte. What enters the cell is made for all T at once, then a Scan goes through the cell. The
recurrent matrices are stored as int8 with a scale for each output column, and multiplied in
integers. A state lies between -1 and 1, so it is quantised with one fixed scale: a row's result
does not depend on the rows beside it, as it would with a scale taken from the batch. The weights
use 7 of their 8 bits: without VNNI, processors add pairs of products in 16 bits, which 8-bit
weights overflow. The tables of embeddings are int8 too, with a scale for each column, or in 4 bits,
with one for each row, too (`foretype_model.predictors.network.kernel.tables`). Byte embedding,
first input matrix and outputs are stored in float16; without n-grams, ONNX Runtime folds the first
two into one table of 256 rows when it loads the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper

from foretype_model.errors import ModelError
from foretype_model.files.atomic import atomic_write
from foretype_model.predictors.network import model_file
from foretype_model.predictors.network.kernel import tables
from foretype_model.predictors.network.runtime import METADATA_KEY, Metadata, read_metadata
from foretype_model.training.network import ByteNetwork, Shape, ngram_multipliers
from foretype_model.training.onnx_graph import MICROSOFT, Graph, Precision, Weights

TABLE_WEIGHTS: Final = ("embedding.weight", "ngrams.weight", "words.weight")
"""Weights that are looked up: stored by row, as torch has them."""

INPUT_WEIGHTS: Final = ("recurrent.weight_ih_l0", "skip.weight")
"""Weights that embeddings are multiplied by."""

INPUT_SCALE: Final = "input.scale"
MAX_SUM: Final = 1.5
"""An upper bound of the sum of the n-grams' embeddings, and of the word contexts', in units of the
largest number in one.
"""

OPSETS: Final = (helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1))
IR_VERSION: Final = 9


def _gru(graph: Graph, gx: str, gh: str, h: str, hidden: int) -> list[str]:
    """Cho et al. 2014 in torch's form: n = tanh(gx_n + r * gh_n), h' = n + z * (h - n)."""
    x_rz, x_n = graph.split(gx, 2 * hidden, hidden)
    h_rz, h_n = graph.split(gh, 2 * hidden, hidden)
    r, z = graph.split(graph.add("Sigmoid", graph.add("Add", x_rz, h_rz)), hidden, hidden)
    n = graph.add("Tanh", graph.add("Add", x_n, graph.add("Mul", r, h_n)))
    return [graph.add("Add", n, graph.add("Mul", z, graph.add("Sub", h, n)))]


def _lstm(graph: Graph, gx: str, gh: str, c: str, hidden: int) -> list[str]:
    """Hochreiter and Schmidhuber 1997, with a forget gate: c' = f * c + i * g, h' = o *
    tanh(c').
    """
    i_f, g, o = graph.split(graph.add("Add", gx, gh), 2 * hidden, hidden, hidden)
    i, f = graph.split(graph.add("Sigmoid", i_f), hidden, hidden)
    c = graph.add("Add", graph.add("Mul", f, c), graph.add("Mul", i, graph.add("Tanh", g)))
    return [graph.add("Mul", graph.add("Sigmoid", o), graph.add("Tanh", c)), c]


def _embedded(graph: Graph, weights: Weights, shape: Shape) -> str:
    """Add the first cell's input, shape (T, B, embedding + words): the embedding of each byte plus
    those of the n-grams that end there, and beside it the sum of the word contexts' embeddings.
    """
    multipliers = graph.constant("multipliers", np.array(ngram_multipliers(shape.ngrams)).T[::-1])
    hashed = graph.add(
        "MatMul", graph.add("Add", "text", graph.constant("one", np.int64(1))), multipliers
    )
    rows = graph.add("Mod", hashed, graph.constant("buckets", np.int64(shape.ngram_rows)))
    embedding = graph.half("embedding.weight", weights["embedding.weight"])
    e = graph.add(
        "Add",
        graph.add("Gather", embedding, _newest(graph)),
        _summed(graph, "ngrams.weight", rows, weights),
    )
    if shape.words:
        e = graph.add("Concat", e, _summed(graph, "words.weight", "words", weights), axis=-1)
    return str(e)


def _summed(graph: Graph, name: str, rows: str, weights: Weights) -> str:
    """Add the sum of the embeddings at `rows`, shape (T, B, n), of the table of that name."""
    found, scale = graph.looked_up(name, rows, weights)
    total = graph.add("ReduceSum", found, graph.constant("each", np.array([-2])), keepdims=0)
    return str(graph.add("Mul", total, scale))


def _newest(graph: Graph) -> str:
    """Add the bytes themselves, shape (T, B)."""
    return str(graph.add("Gather", "text", graph.constant("newest", np.int64(-1)), axis=2))


def _table_of_inputs(graph: Graph, weights: Weights) -> str:
    """Add the first layer's input for each byte, shape (256, gates)."""
    embedding = graph.half("embedding.weight", weights["embedding.weight"])
    w_ih = graph.half("recurrent.weight_ih_l0", weights["recurrent.weight_ih_l0"].T)
    b_ih = graph.constant("recurrent.bias_ih_l0", weights["recurrent.bias_ih_l0"])
    return str(graph.add("Add", graph.add("MatMul", embedding, w_ih), b_ih))


def scaled_input(weights: Weights) -> Weights:
    """Return the same network with each number of e about between -1 and 1, to be quantised like a
    state.
    """
    e, n = weights["embedding.weight"], weights["ngrams.weight"]
    words = weights.get("words.weight", np.zeros((1, 0), np.float32))
    scale = np.concatenate(
        [np.abs(e).max(0) + MAX_SUM * np.abs(n).max(0), MAX_SUM * np.abs(words).max(0)]
    ) + np.float32(1e-6)
    tables: Weights = {
        name: weights[name] / _part(scale, name, e.shape[1])
        for name in TABLE_WEIGHTS
        if name in weights
    }
    into = {name: weights[name] * scale for name in INPUT_WEIGHTS}
    return {**weights, **tables, **into, INPUT_SCALE: scale}


def _part(scale: NDArray[np.float32], table: str, embedding: int) -> NDArray[np.float32]:
    """Return the part of the inputs' scale that belongs to a table."""
    return scale[embedding:] if table == "words.weight" else scale[:embedding]


def step(graph: Graph, weights: Weights, shape: Shape, gx: str) -> str:
    """Add one step of one byte through all layers and return the new state, each layer's h (and c)
    in a row.

    `gx` is the input of the first layer.
    """
    parts = graph.split("h_before", *[shape.hidden] * state_parts(shape))
    after: list[str] = []
    for layer in range(shape.layers):
        here = parts[layer * len(parts) // shape.layers :]
        ih, hh = f"recurrent.weight_ih_l{layer}", f"recurrent.weight_hh_l{layer}"
        if layer:
            gx = graph.linear(after[-len(parts) // shape.layers], ih, weights)
        gh = graph.linear(here[0], hh, weights)
        if shape.cell == "gru":
            after += _gru(graph, gx, gh, here[0], shape.hidden)
        elif shape.cell == "lstm":
            after += _lstm(graph, gx, gh, here[1], shape.hidden)
        else:
            after += [graph.add("Tanh", graph.add("Add", gx, gh))]
    return str(graph.add("Concat", *after, axis=1) if len(after) > 1 else after[0])


def state_parts(shape: Shape) -> int:
    """Return the vectors of `hidden` numbers in a state: one a layer, two for the LSTM."""
    return shape.layers * (2 if shape.cell == "lstm" else 1)


def scan(
    main: Graph, body: Graph, shape: Shape, gx: str, *, step_input: tuple[Any, ...], h_after: str
) -> str:
    """Scan `gx` with the nodes of `body`, from ``h`` to ``h_last``, and return the h of its last
    layer.

    `step_input` is the name, type and shape of the slice of `gx` that `body` gets at each step,
    `h_after` the name of its result.
    """
    value, size = helper.make_tensor_value_info, state_parts(shape) * shape.hidden
    graph = helper.make_graph(
        body.nodes,
        "step",
        [value("h_before", TensorProto.FLOAT, ["B", size]), value(*step_input)],
        [value(h_after, TensorProto.FLOAT, ["B", size])],
    )
    main.nodes.append(
        helper.make_node("Scan", ["h", gx], ["h_last"], body=graph, num_scan_inputs=1)
    )
    return main.split("h_last", *[shape.hidden] * state_parts(shape))[
        -2 if shape.cell == "lstm" else -1
    ]


def _model(network: ByteNetwork, precision: Precision) -> Any:
    shape = network.shape
    size = state_parts(shape) * shape.hidden
    weights = {
        name: tensor.detach().cpu().float().numpy() for name, tensor in network.state_dict().items()
    }
    main, body = Graph(precision, "text"), Graph(precision, "byte")
    if shape.ngrams > 1:
        weights = scaled_input(weights)
        main.constant(INPUT_SCALE, weights[INPUT_SCALE])
        e = _embedded(main, weights, shape)
        gx = main.linear(e, "recurrent.weight_ih_l0", weights)
        step_input = ("gx", TensorProto.FLOAT, ["B", "gates"])
        h_after = step(body, weights, shape, "gx")
    else:
        table = _table_of_inputs(main, weights)
        gx, step_input = _newest(main), ("byte", TensorProto.INT64, ["B"])
        h_after = step(body, weights, shape, body.add("Gather", table, "byte"))
    value = helper.make_tensor_value_info
    top = scan(main, body, shape, gx, step_input=step_input, h_after=h_after)
    logits = main.linear(top, "output.weight", weights)
    if shape.ngrams > 1:
        last = main.add("Gather", e, main.constant("last", np.int64(-1)))
        logits = main.add("Add", logits, main.linear(last, "skip.weight", weights))
    main.nodes.append(helper.make_node("LogSoftmax", [logits], ["log_probabilities"], axis=-1))
    graph = helper.make_graph(
        main.nodes,
        "foretype",
        [
            value("text", TensorProto.INT64, ["T", "B", shape.ngrams]),
            value("h", TensorProto.FLOAT, ["B", size]),
            *([value("words", TensorProto.INT64, ["T", "B", 3])] if shape.words else []),
        ],
        [
            value("h_last", TensorProto.FLOAT, ["B", size]),
            value("log_probabilities", TensorProto.FLOAT, ["B", 256]),
        ],
        initializer=[*main.initializers.values(), *body.initializers.values()],
    )
    return helper.make_model(
        graph, opset_imports=OPSETS, ir_version=IR_VERSION, producer_name="foretype"
    )


def write(
    network: ByteNetwork, metadata: Metadata, path: Path, precision: Precision = "int8"
) -> None:
    """Export a network for serving, sealed, atomically."""
    model = _model(network, precision)
    helper.set_model_props(model, {METADATA_KEY: metadata.to_json()})
    with atomic_write(path) as partial:
        partial.write_bytes(model_file.sealed(model.SerializeToString()))


def _shape(metadata: Metadata, stored: Mapping[str, NDArray[Any]]) -> Shape:
    """Return the shape of the network in a file; its n-grams' rows are those of the table."""
    sizes = {
        name: getattr(metadata, name)
        for name in ("cell", "hidden", "layers", "embedding", "ngrams", "words", "word_rows")
    }
    if metadata.ngrams > 1:
        _check_shape("buckets", stored["buckets"], ())
        sizes["ngram_rows"] = int(stored["buckets"])
    return Shape(**sizes)


def _value(stored: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    """Return a weight of a file as numbers."""
    if name in stored:
        return stored[name]
    table = tables.find(stored, name)  # a matrix in 8 bits is stored as a table is
    if table is None:
        raise KeyError(name)
    return tables.dequantise(table)


def read(path: Path) -> ByteNetwork:
    """Return the network of a model file, to be trained further; all its weights become
    float32.
    """
    metadata = read_metadata(path)
    if metadata.unit != "byte":
        raise ModelError(
            f"{path} cannot be trained further: it is a word-level model; train anew with --unit "
            f"word"
        )
    try:
        return _network(metadata, model_file.read(path).arrays)
    except KeyError as error:
        fault = f"its array {error} is missing"
    except (ValueError, TypeError, OverflowError, RuntimeError, ModelError) as error:
        fault = str(error).partition("\n")[0] or "its arrays cannot be read"
    raise ModelError(
        f"{path} does not hold the network that it describes: {fault}; import or train it again"
    )


def _network(metadata: Metadata, stored: Mapping[str, NDArray[Any]]) -> ByteNetwork:
    """Return the network of this description and of these arrays.

    Raises:
        KeyError: an array is missing.
        ValueError: an array has another shape.
        RuntimeError: the memory does not suffice.
        ModelError: no network has this shape.
    """
    shape = _shape(metadata, stored)
    network = ByteNetwork(shape)
    scale = stored.get(INPUT_SCALE)
    if scale is not None:
        _check_shape(INPUT_SCALE, scale, (shape.inputs,))
    weights = {}
    for name, tensor in network.state_dict().items():
        value = _value(stored, name)
        value = value.T if value.ndim == 2 and name not in TABLE_WEIGHTS else value
        _check_shape(name, value, tensor.shape)
        if scale is not None and name in TABLE_WEIGHTS:
            value = value * _part(scale, name, metadata.embedding)
        elif scale is not None and name in INPUT_WEIGHTS:
            value = value / scale
        weights[name] = torch.from_numpy(np.array(value, np.float32))
    network.load_state_dict(weights)
    return network


def _check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != tuple(shape):
        raise ValueError(f"its array {name!r} has a shape of {array.shape}, not {tuple(shape)}")
