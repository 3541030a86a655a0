"""The operations from which a model file's graph is made."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from foretype_model.predictors.network.kernel import MAX_WEIGHT, STATE_SCALE, tables

Precision = Literal["int4", "int8", "float32"]
"""Of the tables of embeddings; in int4 the matrices are int8."""

Weights = dict[str, NDArray[np.float32]]
"""The parameters of a network, by their names in torch."""

STATE_ZERO: Final = np.uint8(128)

MICROSOFT: Final = "com.microsoft"


class Graph:
    """Nodes and initializers of a graph; each method adds an operation and returns the name of its
    result.
    """

    def __init__(self, precision: Precision, prefix: str) -> None:
        self._prefix = (
            prefix  # a Scan's body sees the names around it, so the two must not share any
        )
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self._precision = precision

    def constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        self.initializers[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def add(
        self, operation: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any
    ) -> Any:
        """Add a node and return the name of its output, or a list of names if there are several."""
        names = [f"{self._prefix}/{operation}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(
            helper.make_node(operation, list(inputs), names, domain=domain, **attributes)
        )
        return names[0] if outputs == 1 else names

    def half(self, name: str, value: NDArray[np.float32]) -> str:
        """Add a constant stored in half the bytes, widened once when the file is loaded."""
        if self._precision == "float32":
            return self.constant(name, value)
        stored = self.constant(name, value.astype(np.float16))
        return str(self.add("Cast", stored, to=TensorProto.FLOAT))

    def linear(self, x: str, name: str, weights: Weights) -> str:
        """Add x @ weight.T + bias, for the weight of that name, of shape (out, in), and its bias if
        any.

        Numbers in x are clamped to -1 and 1.
        """
        weight, bias_name = weights[name], name.replace("weight", "bias")
        b = self.constant(bias_name, weights.get(bias_name, np.zeros(len(weight), np.float32)))
        if self._precision == "float32":
            return str(self.add("Add", self.add("MatMul", x, self.constant(name, weight.T)), b))
        w, s = self._int8(name, weight.T, MAX_WEIGHT)
        step, zero = (
            self.constant("state.scale", STATE_SCALE),
            self.constant("state.zero", STATE_ZERO),
        )
        byte = self.add("QuantizeLinear", x, step, zero)
        return str(
            self.add("MatMulIntegerToFloat", byte, w, step, s, zero, "", b, domain=MICROSOFT)
        )

    def looked_up(self, name: str, rows: str, weights: Weights) -> tuple[str, str]:
        """Look up `rows` of a table; return their entries in float32 and the columns' scales."""
        if self._precision == "int4":
            return self._looked_up_in_4_bits(name, rows, tables.quantise(weights[name]))
        if self._precision == "float32":
            table = self.constant(name, weights[name])
            scale = self.constant(name + ".scale", np.float32(1))
        else:
            table, scale = self._int8(name, weights[name], 127)
        return str(self.add("Cast", self.add("Gather", table, rows), to=TensorProto.FLOAT)), scale

    def _int8(self, name: str, weight: NDArray[np.float32], largest: int) -> tuple[str, str]:
        """Add a weight in int8, and the scales of its columns."""
        quantised, scale = quantise(weight, largest)
        return self.constant(name + ".int8", quantised), self.constant(name + ".scale", scale)

    def _looked_up_in_4_bits(self, name: str, rows: str, table: tables.Table) -> tuple[str, str]:
        packed = self.add("Gather", self.constant(name + ".int4", table.entries), rows)
        sixteen = self.constant("sixteen", np.uint8(16))
        halves = self.add("Mod", packed, sixteen), self.add("Div", packed, sixteen)
        q = self.add("Cast", self.add("Concat", *halves, axis=-1), to=TensorProto.FLOAT)
        if len(table.scale) % 2:  # the last byte of a row holds one entry only
            ends = [np.array([end]) for end in (0, len(table.scale), -1)]
            bounds = zip((name + ".from", name + ".to", "columns"), ends, strict=True)
            q = self.add("Slice", q, *(self.constant(*bound) for bound in bounds))
        doubled = self.add("Mul", q, self.constant("two", np.float32(2)))
        whole = self.add("Sub", doubled, self.constant("largest", np.float32(tables.LARGEST)))
        row_scales = self.constant(name + ".row_scale", np.asarray(table.row_scale))
        scale = self.add("Cast", self.add("Gather", row_scales, rows), to=TensorProto.FLOAT)
        scale = self.add("Unsqueeze", scale, self.constant("last_axis", np.array([-1])))
        return str(self.add("Mul", whole, scale)), self.constant(name + ".scale", table.scale)

    def split(self, x: str, *sizes: int) -> list[str]:
        """Split along the last axis."""
        if len(sizes) == 1:
            return [x]
        where = self.constant("split_" + "_".join(map(str, sizes)), np.array(sizes, np.int64))
        return list(self.add("Split", x, where, outputs=len(sizes), axis=1))


def quantise(
    weight: NDArray[np.float32], largest: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantise symmetrically, with a scale for each column: weight is about int8 * scale."""
    scale = np.maximum(np.abs(weight).max(0), 1e-12).astype(np.float32) / largest
    return np.round(weight / scale).astype(np.int8), scale
