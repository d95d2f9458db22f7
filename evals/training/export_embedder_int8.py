"""Writes the graph of the bundled embedder in eight-bit integers, without its weights.

python -m evals.training.export_embedder_int8 corpus src/askdoc/index/embedder_int8.onnx

It takes the same weights as the graph in single precision, and makes integers of them when it is
loaded. Each column of weights and each token has a scale of its own (Dettmers et al., 2022), and
what is large in few channels of all tokens is moved into the weights before (Xiao et al., 2023);
how large each channel becomes is measured here, on the passages of a folder. Vectors differ by a
cosine of .001 from those in single precision; they take two fifths of the time where a processor
multiplies bytes.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from transformers import AutoModel, BertModel

from askdoc.index.embedder import CLS, LONGEST, SEP, bundled, tokenizer
from askdoc.ingest.files import find, ingest

MICROSOFT = "com.microsoft"
SIZE = 600  # characters of a passage: askdoc's own default
LEAST = 0.17  # all that GELU gives is above its negative
MIDDLE = 128  # the byte that stands for zero, where numbers have both signs
KINDS = {
    "attention": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attended": ("attention.output.dense",),
    "wide": ("intermediate.dense",),
    "narrow": ("output.dense",),
}
"""The linear maps of a layer, those together that see the same input."""

Array = NDArray[np.float32]


def largest(model: BertModel, texts: Sequence[str]) -> dict[str, Array]:
    """The largest magnitude of each channel that goes into each linear map, by the map's name."""
    found: dict[str, Array] = {}

    def look(name: str, _: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        most = given[0][0].abs().amax(0).numpy()
        found[name] = np.maximum(found.get(name, most), most)

    for name, part in model.encoder.layer.named_modules():
        if isinstance(part, nn.Linear):
            part.register_forward_pre_hook(lambda *given, name=name: look(name, *given))
    for text in texts:
        ids = tokenizer().encode(text, add_special_tokens=False).ids[: LONGEST - 2]
        with torch.no_grad():
            model(input_ids=torch.tensor([[CLS, *ids, SEP]]))
    return found


class Graph:
    """A graph as it is being written, node by node, for one text."""

    def __init__(self, model: BertModel, most: dict[str, Array]) -> None:
        self._weights = {name: weight.numpy() for name, weight in model.state_dict().items()}
        self._most = most
        self._heads = model.config.num_attention_heads
        self._epsilon = model.config.layer_norm_eps
        self._nodes: list[onnx.NodeProto] = []
        self._values: dict[str, onnx.TensorProto] = {}
        self._flat = self._value(np.array([-1]))
        self._rows, self._columns = self._value(np.array([0])), self._value(np.array([-1]))
        ids = self._node("Reshape", "ids", self._flat)
        place = "embeddings."
        words = self._node("Gather", self._weight(f"{place}word_embeddings.weight"), ids)
        places = self._node(
            "Slice",
            self._weight(f"{place}position_embeddings.weight"),
            self._rows,
            self._node("Shape", ids),
            self._rows,
        )
        kind = self._weight(f"{place}token_type_embeddings.weight")
        first = self._node("Gather", kind, self._value(np.array(0)))
        states = self._normal(words, self._node("Add", places, first), f"{place}LayerNorm")
        for number in range(model.config.num_hidden_layers):
            states = self._layer(states, number)
        mean = self._node("ReduceMean", states, self._rows, keepdims=1)
        self._nodes.append(helper.make_node("LpNormalization", [mean], ["vectors"], axis=1, p=2))

    def model(self) -> onnx.ModelProto:
        """All of it: token ids of shape (1, tokens) to a vector of shape (1, 384)."""
        size = self._weights["embeddings.word_embeddings.weight"].shape[1]
        ids = helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])
        vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, [1, size])
        values = list(self._values.values())
        graph = helper.make_graph(self._nodes, "embedder", [ids], [vectors], values)
        sets = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=sets, ir_version=9)

    def _layer(self, states: str, number: int) -> str:
        place = f"encoder.layer.{number}."
        asked, key, value = self._linear(states, number, "attention")
        together = [self._node("Unsqueeze", one, self._rows) for one in (asked, key, value)]
        bias = self._node(
            "Concat", *(self._weight(f"{place}{name}.bias") for name in KINDS["attention"]), axis=0
        )
        attended = self._node(
            "MultiHeadAttention", *together, bias, domain=MICROSOFT, num_heads=self._heads
        )
        (told,) = self._linear(self._node("Squeeze", attended, self._rows), number, "attended")
        told = self._node("Add", told, self._weight(f"{place}attention.output.dense.bias"))
        states = self._normal(told, states, f"{place}attention.output.LayerNorm")
        (wide,) = self._linear(states, number, "wide")
        bias = self._weight(f"{place}intermediate.dense.bias")
        wide = self._node("BiasGelu", wide, bias, domain=MICROSOFT)
        # Shifted above zero, all of a byte is used for it; the bias takes the shift back.
        shift = self._value(np.array(LEAST, np.float32))
        (narrow,) = self._linear(self._node("Add", wide, shift), number, "narrow", positive=True)
        sums = self._node(
            "ReduceSum",
            self._weight(f"{place}output.dense.weight"),
            self._value(np.array([1])),
            keepdims=0,
        )
        bias = self._node(
            "Sub", self._weight(f"{place}output.dense.bias"), self._node("Mul", sums, shift)
        )
        return self._normal(self._node("Add", narrow, bias), states, f"{place}output.LayerNorm")

    def _linear(self, states: str, number: int, kind: str, positive: bool = False) -> list[str]:
        """What each linear map of a kind makes of the tokens, in bytes, without its bias."""
        names = [f"encoder.layer.{number}.{name}" for name in KINDS[kind]]
        smooth = self._smooth(number, kind)
        states = self._node("Mul", states, self._value(1 / smooth))
        size = states if positive else self._node("Abs", states)
        most = self._node("ReduceMax", size, self._columns, keepdims=1)
        step = np.array(1 / (255 if positive else 127), np.float32)
        scales = self._node("Mul", most, self._value(step))
        zero = self._value(np.array(0 if positive else MIDDLE, np.uint8))
        each = self._node("Reshape", scales, self._flat)
        zeros = self._node("Expand", zero, self._node("Shape", each))
        bytes_ = self._node("QuantizeLinear", states, each, zeros, axis=0)
        made = []
        for name in names:
            weights, columns = self._in_bytes(name, smooth)
            product = self._node(
                "MatMulIntegerToFloat",
                bytes_,
                weights,
                self._value(np.array(1, np.float32)),
                columns,
                zero,
                domain=MICROSOFT,
            )
            made.append(self._node("Mul", product, scales))
        return made

    def _smooth(self, number: int, kind: str) -> Array:
        """By how much each channel is made smaller in the tokens, and larger in the weights."""
        names = [f"{number}.{name}" for name in KINDS[kind]]
        most = np.maximum(self._most[names[0]] + (LEAST if kind == "narrow" else 0), 1e-3)
        weights = [self._weights[f"encoder.layer.{name}.weight"] for name in names]
        heaviest = np.max([np.abs(each).max(0) for each in weights], axis=0)
        smooth: Array = np.sqrt(most / heaviest)
        return (smooth / np.median(smooth)).astype(np.float32)

    def _in_bytes(self, name: str, smooth: Array) -> tuple[str, str]:
        """Weights as bytes, and the scale of each column; both are reckoned when it is loaded."""
        columns = self._node("Transpose", self._weight(f"{name}.weight"), perm=[1, 0])
        columns = self._node("Mul", columns, self._value(smooth[:, None]))
        most = self._node("ReduceMax", self._node("Abs", columns), self._rows, keepdims=1)
        scales = self._node("Mul", most, self._value(np.array(1 / 127, np.float32)))
        whole = self._node("Round", self._node("Div", columns, scales))
        return (
            self._node("Cast", whole, to=TensorProto.INT8),
            self._node("Reshape", scales, self._flat),
        )

    def _normal(self, states: str, others: str, name: str) -> str:
        # Not SkipLayerNormalization, which is ten times as slow in ONNX Runtime 1.32.
        return self._node(
            "LayerNormalization",
            self._node("Add", states, others),
            self._weight(f"{name}.weight"),
            self._weight(f"{name}.bias"),
            axis=-1,
            epsilon=self._epsilon,
        )

    def _node(self, kind: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        """Adds a node, and gives the name of what it makes."""
        name = f"{kind}-{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(kind, list(inputs), [name], name=name, domain=domain, **attributes)
        )
        return name

    def _value(self, value: NDArray[np.generic]) -> str:
        """Adds a value that the graph has itself."""
        name = f"value-{len(self._values)}"
        self._values[name] = numpy_helper.from_array(value, name)
        return name

    def _weight(self, name: str) -> str:
        """Adds a weight, of which the graph has only the name, that of the bundled file."""
        if name not in self._values:
            outside = TensorProto(
                name=name,
                data_type=TensorProto.FLOAT,
                dims=self._weights[name].shape,
                data_location=TensorProto.EXTERNAL,
            )
            outside.external_data.add(key="location", value="model.safetensors")
            self._values[name] = outside
        return name


def main(corpus: Path, target: Path) -> None:
    """Measures on the passages of a folder, and writes the graph."""
    model = AutoModel.from_pretrained(str(bundled()), dtype=torch.float32).eval()
    texts = [
        passage.indexed_text
        for source in find(corpus.absolute(), Path("/")).files
        for passage in ingest(corpus.absolute(), source, SIZE)[1]
    ]
    made = Graph(model, largest(model, texts)).model()
    target.write_bytes(made.SerializeToString())
    print(f"{target}: {target.stat().st_size / 1e3:.0f} kB, {len(texts)} passages")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    main(arguments.corpus, arguments.target)
