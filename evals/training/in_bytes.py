"""Linear maps in eight-bit integers, as nodes of an ONNX graph.

Each token has a scale of its own, and each column of weights (Dettmers et al., 2022): one scale for
all of the tokens, as ONNX Runtime's own quantization has it, would be that of the few that are
large. The bundled reader's logits are then off by .08 on average, and not by .24.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"
LEAST = 0.17  # all that GELU gives is above its negative
MIDDLE = 128  # the byte that stands for zero, where numbers have both signs
LAYER = "/layer."  # in what is called by its place in an encoder

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rows:
    """Names of what tokens are as bytes: the bytes, the scale of each token, and what zero is."""

    bytes: str
    scales: str
    zero: str


class Nodes:
    """Nodes and values of a graph, in the order in which they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.values: dict[str, TensorProto] = {}

    def node(
        self, kind: str, *inputs: str, domain: str = "", made: str = "", **attributes: object
    ) -> str:
        """Adds a node, and gives the name of what it makes."""
        name = f"{kind}-{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(
                kind, list(inputs), [made or name], name=name, domain=domain, **attributes
            )
        )
        return made or name

    def value(self, value: NDArray[np.generic] | float, name: str = "") -> str:
        """Adds a value that the graph has itself; a plain number is one in single precision."""
        array = np.asarray(value, np.float32) if isinstance(value, float) else value
        name = name or f"value-{len(self.values)}"
        self.values[name] = numpy_helper.from_array(array, name)
        return name

    def rows(self, states: str, positive: bool = False) -> Rows:
        """Tokens, of shape (tokens, channels), as bytes; ``positive`` where none is below zero."""
        size = states if positive else self.node("Abs", states)
        most = self.node("ReduceMax", size, axes=[-1], keepdims=1)
        scales = self.node("Mul", most, self.value(1 / (255 if positive else 127)))
        zero = self.value(np.array(0 if positive else MIDDLE, np.uint8))
        each = self.node("Reshape", scales, self.value(np.array([-1])))
        zeros = self.node("Expand", zero, self.node("Shape", each))
        return Rows(self.node("QuantizeLinear", states, each, zeros, axis=0), scales, zero)

    def product(self, rows: Rows, weights: str, columns: str) -> str:
        """Tokens times weights as bytes, of which each column has its scale."""
        made = self.node(
            "MatMulIntegerToFloat",
            rows.bytes,
            weights,
            self.value(1.0),
            columns,
            rows.zero,
            domain=MICROSOFT,
        )
        return self.node("Mul", made, rows.scales)

    def normal(
        self, states: str, others: str, weights: str, bias: str, epsilon: float, made: str = ""
    ) -> str:
        """The norm of a sum: SkipLayerNormalization is ten times as slow (ONNX Runtime 1.32)."""
        whole = self.node("Add", states, others)
        return self.node(
            "LayerNormalization", whole, weights, bias, axis=-1, epsilon=epsilon, made=made
        )


class InBytes(Nodes):
    """A graph of a BERT whose operators were fused, with its layers' linear maps in bytes.

    Each of them is called ``NAME.bytes`` and ``NAME.scales``, what else multiplies
    ``NAME.columns``, of shape (inputs, outputs), and a bias that takes ``LEAST`` back
    ``NAME.shifted``, by the name of its PyTorch module.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        self._given = {item.name: item for item in model.graph.initializer}
        shifted: dict[str, str] = {}  # biases that take back what a linear map was shifted by
        for node in model.graph.node:
            if node.op_type == "SkipLayerNormalization":
                states, others, weights, bias, before = node.input
                told = self.node("Add", states, shifted.get(states, before))
                epsilon = node.attribute[0].f
                self.normal(told, others, weights, bias, epsilon, node.output[0])
            elif node.op_type == "Attention":
                self._attention(node)
            elif node.op_type == "MatMul" and node.input[1] in self._given:
                name = node.output[0].removesuffix("/MatMul_output_0").strip("/").replace("/", ".")
                columns = self._array(node.input[1])
                if LAYER not in node.output[0]:
                    self.node(
                        "MatMul",
                        node.input[0],
                        self.value(columns, f"{name}.columns"),
                        made=node.output[0],
                    )
                    continue
                states, positive = node.input[0], len(columns) > columns.shape[1]
                if positive:  # shifted above zero, all of a byte is used for it
                    states = self.node("Add", states, self.value(LEAST))
                    bias = self._array(f"{name}.bias") - LEAST * columns.sum(0)
                    shifted[node.output[0]] = self.value(bias.astype(np.float32), f"{name}.shifted")
                rows = self.rows(self._flat(states, columns), positive)
                self._linear(rows, node.input[0], columns, name, node.output[0])
            else:
                self.nodes.append(node)
        asked = {name for node in self.nodes for name in node.input}
        self.values |= {name: self._given[name] for name in asked & self._given.keys()}

    def _attention(self, node: onnx.NodeProto) -> None:
        states, weights, bias, *mask = node.input
        name = node.output[0].rpartition("/")[0].strip("/").replace("/", ".")
        rows = self.rows(self._flat(states, self._array(weights)))
        parts = zip(
            ("query", "key", "value"), np.split(self._array(weights), 3, axis=1), strict=True
        )
        made = [self._linear(rows, states, part, f"{name}.{kind}") for kind, part in parts]
        self.node(
            "MultiHeadAttention",
            *made,
            bias,
            *mask[:1],
            domain=MICROSOFT,
            num_heads=node.attribute[0].i,
            made=node.output[0],
        )

    def _linear(self, rows: Rows, states: str, columns: Array, name: str, made: str = "") -> str:
        """What a linear map makes of rows, in the shape in which the states came."""
        scales = np.abs(columns).max(0) / 127
        product = self.product(
            rows,
            self.value(np.round(columns / scales).astype(np.int8), f"{name}.bytes"),
            self.value(scales, f"{name}.scales"),
        )
        shape = self.node("Shape", states, end=2)
        wide = self.value(np.array([columns.shape[1]]))
        return self.node("Reshape", product, self.node("Concat", shape, wide, axis=0), made=made)

    def _flat(self, states: str, columns: Array) -> str:
        return self.node("Reshape", states, self.value(np.array([-1, len(columns)])))

    def _array(self, name: str) -> Array:
        array: Array = numpy_helper.to_array(self._given[name])
        return array


def in_bytes(model: onnx.ModelProto) -> onnx.ModelProto:
    """A fused graph with its layers' linear maps in bytes; all else is as it was."""
    made = InBytes(model)
    graph = model.graph
    told = helper.make_graph(
        made.nodes, graph.name, graph.input, graph.output, list(made.values.values())
    )
    return helper.make_model(told, opset_imports=model.opset_import, ir_version=model.ir_version)
