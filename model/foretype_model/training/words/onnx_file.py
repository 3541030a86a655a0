"""A trained word-level network to the one file that serves.

The graph reads ``words`` (T, B), their numbers, from the states ``h`` (B, state), and gives the
states after the last word, and how probable each word is as the next one. The cell's recurrent
matrix and the softmax's first cluster are multiplied in integers, as in
`foretype_model.training.onnx_file`; the other clusters, whose inputs have no bounds, and the first
input matrix are stored in float16, the embeddings in int8.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onnx import TensorProto, helper

from foretype_model.files.atomic import atomic_write
from foretype_model.predictors.network import model_file
from foretype_model.predictors.network.runtime import METADATA_KEY, Metadata
from foretype_model.predictors.words.runtime import vocabulary_entry
from foretype_model.predictors.words.vocabulary import Vocabulary
from foretype_model.training.onnx_file import IR_VERSION, OPSETS, scan, state_parts, step
from foretype_model.training.onnx_graph import Graph, Precision, Weights
from foretype_model.training.words.network import WordNetwork


def write(
    network: WordNetwork,
    vocabulary: Vocabulary,
    metadata: Metadata,
    path: Path,
    precision: Precision = "int8",
) -> None:
    """Export a network for serving, sealed, atomically."""
    model = _model(network, precision)
    helper.set_model_props(
        model, {METADATA_KEY: metadata.to_json(), **vocabulary_entry(vocabulary)}
    )
    with atomic_write(path) as partial:
        partial.write_bytes(model_file.sealed(model.SerializeToString()))


def _model(network: WordNetwork, precision: Precision) -> Any:
    shape = network.shape
    size = state_parts(shape) * shape.hidden
    weights = {
        name: tensor.detach().cpu().float().numpy() for name, tensor in network.state_dict().items()
    }
    main, body = Graph(precision, "text"), Graph(precision, "word")
    value = helper.make_tensor_value_info
    h_after = step(body, weights, shape, "gx")
    step_input = ("gx", TensorProto.FLOAT, ["B", "gates"])
    top = scan(main, body, shape, _input(main, weights), step_input=step_input, h_after=h_after)
    clusters = _adaptive_softmax(main, weights, top, network.output.cutoffs)
    main.nodes.append(helper.make_node("Concat", clusters, ["probabilities"], axis=1))
    graph = helper.make_graph(
        main.nodes,
        "foretype",
        [value("words", TensorProto.INT64, ["T", "B"]), value("h", TensorProto.FLOAT, ["B", size])],
        [
            value("h_last", TensorProto.FLOAT, ["B", size]),
            value("probabilities", TensorProto.FLOAT, ["B", network.embedding.num_embeddings]),
        ],
        initializer=[*main.initializers.values(), *body.initializers.values()],
    )
    return helper.make_model(
        graph, opset_imports=OPSETS, ir_version=IR_VERSION, producer_name="foretype"
    )


def _input(graph: Graph, weights: Weights) -> str:
    """Add the first layer's input for each word, shape (T, B, gates)."""
    e = graph.add("Mul", *graph.looked_up("embedding.weight", "words", weights))
    w_ih = graph.half("recurrent.weight_ih_l0", weights["recurrent.weight_ih_l0"].T)
    b_ih = graph.constant("recurrent.bias_ih_l0", weights["recurrent.bias_ih_l0"])
    return str(graph.add("Add", graph.add("MatMul", e, w_ih), b_ih))


def _adaptive_softmax(graph: Graph, weights: Weights, h: str, cutoffs: list[int]) -> list[str]:
    """Add the probabilities of each cluster's words: of the first p(word), of the others p(cluster)
    p(word | cluster).
    """
    head = {f"head.{part}": weights[f"output.head.{part}"] for part in ("weight", "bias")}
    softmax = graph.add("Softmax", graph.linear(h, "head.weight", head), axis=-1)
    # torch counts the end of the last cluster among the cutoffs.
    first, *each = graph.split(softmax, cutoffs[0], *[1] * (len(cutoffs) - 1))
    clusters = [first]
    for i, p_cluster in enumerate(each):
        narrow, words = (weights[f"output.tail.{i}.{part}.weight"].T for part in (0, 1))
        x = graph.add("MatMul", h, graph.half(f"narrow.{i}", narrow))
        logits = graph.add("MatMul", x, graph.half(f"words.{i}", words))
        clusters.append(graph.add("Mul", graph.add("Softmax", logits, axis=-1), p_cluster))
    return clusters
