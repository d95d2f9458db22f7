"""Writes the graph of the bundled embedder in eight-bit integers, without its weights.

python -m evals.training.export_embedder_int8 corpus src/askdoc/index/embedder_int8.onnx

It takes the same weights as the graph in single precision, and makes integers of them when it is
loaded. What is large in few channels of all tokens is moved into the weights before (Xiao et al.,
2023); how large each channel becomes is measured here, on the passages of a folder. Vectors differ
by a cosine of .001 from those in single precision; they take two fifths of the time where a
processor multiplies bytes.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn
from transformers import AutoModel, BertModel

from askdoc.index.embedder import CLS, LONGEST, SEP, bundled, tokenizer
from askdoc.ingest.files import find, ingest
from evals.training.in_bytes import LEAST, MICROSOFT, Array, Nodes

SIZE = 600  # characters of a passage: askdoc's own default
KINDS = {
    "attention": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attended": ("attention.output.dense",),
    "wide": ("intermediate.dense",),
    "narrow": ("output.dense",),
}
"""The linear maps of a layer, those together that see the same input."""


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


class Graph(Nodes):
    """The embedder's graph for one text, in which weights are only named."""

    def __init__(self, model: BertModel, most: dict[str, Array]) -> None:
        super().__init__()
        self._weights = {name: weight.numpy() for name, weight in model.state_dict().items()}
        self._most = most
        self._heads = model.config.num_attention_heads
        self._epsilon = model.config.layer_norm_eps
        self._flat, first = self.value(np.array([-1])), self.value(np.array([0]))
        ids = self.node("Reshape", "ids", self._flat)
        words = self.node("Gather", self._weight("embeddings.word_embeddings.weight"), ids)
        places = self._weight("embeddings.position_embeddings.weight")
        places = self.node("Slice", places, first, self.node("Shape", ids), first)
        kinds = self._weight("embeddings.token_type_embeddings.weight")
        others = self.node("Add", places, self.node("Gather", kinds, first))
        states = self._normal(words, others, "embeddings.LayerNorm")
        for number in range(model.config.num_hidden_layers):
            states = self._layer(states, number)
        mean = self.node("ReduceMean", states, axes=[0], keepdims=1)
        self.node("LpNormalization", mean, axis=1, p=2, made="vectors")

    def model(self) -> onnx.ModelProto:
        """All of it: token ids of shape (1, tokens) to a vector of shape (1, 384)."""
        size = self._weights["embeddings.word_embeddings.weight"].shape[1]
        ids = helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])
        vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, [1, size])
        values = list(self.values.values())
        graph = helper.make_graph(self.nodes, "embedder", [ids], [vectors], values)
        sets = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=sets, ir_version=8)

    def _layer(self, states: str, number: int) -> str:
        place = f"encoder.layer.{number}."
        first = self.value(np.array([0]))
        each = [
            self.node("Unsqueeze", one, first) for one in self._linear(states, number, "attention")
        ]
        biases = [self._weight(f"{place}{name}.bias") for name in KINDS["attention"]]
        bias = self.node("Concat", *biases, axis=0)
        attended = self.node(
            "MultiHeadAttention", *each, bias, domain=MICROSOFT, num_heads=self._heads
        )
        (told,) = self._linear(self.node("Squeeze", attended, first), number, "attended")
        told = self.node("Add", told, self._weight(f"{place}attention.output.dense.bias"))
        states = self._normal(told, states, f"{place}attention.output.LayerNorm")
        (wide,) = self._linear(states, number, "wide")
        bias = self._weight(f"{place}intermediate.dense.bias")
        wide = self.node("BiasGelu", wide, bias, domain=MICROSOFT)
        # Shifted above zero, all of a byte is used for it; the bias takes the shift back.
        shift = self.value(LEAST)
        (narrow,) = self._linear(self.node("Add", wide, shift), number, "narrow")
        weights = self._weight(f"{place}output.dense.weight")
        sums = self.node("ReduceSum", weights, self.value(np.array([1])), keepdims=0)
        bias = self._weight(f"{place}output.dense.bias")
        bias = self.node("Sub", bias, self.node("Mul", sums, shift))
        return self._normal(self.node("Add", narrow, bias), states, f"{place}output.LayerNorm")

    def _linear(self, states: str, number: int, kind: str) -> list[str]:
        """What each linear map of a kind makes of the tokens, in bytes, without its bias."""
        smooth = self._smooth(number, kind)
        states = self.node("Mul", states, self.value(1 / smooth))
        rows = self.rows(states, positive=kind == "narrow")
        return [
            self.product(rows, *self._in_bytes(f"encoder.layer.{number}.{name}", smooth))
            for name in KINDS[kind]
        ]

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
        columns = self.node("Transpose", self._weight(f"{name}.weight"), perm=[1, 0])
        columns = self.node("Mul", columns, self.value(smooth[:, None]))
        most = self.node("ReduceMax", self.node("Abs", columns), axes=[0], keepdims=1)
        scales = self.node("Mul", most, self.value(1 / 127))
        whole = self.node("Round", self.node("Div", columns, scales))
        return (
            self.node("Cast", whole, to=TensorProto.INT8),
            self.node("Reshape", scales, self._flat),
        )

    def _normal(self, states: str, others: str, name: str) -> str:
        weights, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return self.normal(states, others, weights, bias, self._epsilon)

    def _weight(self, name: str) -> str:
        """Adds a weight, of which the graph has only the name, that of the bundled file."""
        outside = TensorProto(
            name=name,
            data_type=TensorProto.FLOAT,
            dims=self._weights[name].shape,
            data_location=TensorProto.EXTERNAL,
        )
        outside.external_data.add(key="location", value="model.safetensors")
        self.values[name] = outside
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
