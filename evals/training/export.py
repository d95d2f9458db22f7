"""Writes trained weights as the ONNX file in eight-bit integers that askdoc ships.

python -m evals.training.export reader WORK/reader.pt src/askdoc/answer/reader.onnx
python -m evals.training.export similarity WORK/similarity.pt src/askdoc/answer/similarity.onnx
"""

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model
from torch import Tensor, nn

from evals.training.in_bytes import in_bytes
from evals.training.train_reader import Reader
from evals.training.train_similarity import BiEncoder


@dataclass(frozen=True, slots=True)
class Graph:
    """A model as it is shipped, with an example of its input.

    ``inputs`` and ``outputs`` have the names of those of their dimensions that vary.
    """

    model: nn.Module
    example: tuple[Tensor, ...]
    inputs: Mapping[str, dict[int, str]]
    outputs: Mapping[str, dict[int, str]]


class WithoutWords(nn.Module):
    """The reader without the head that was only there to teach."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(
        self, ids: Tensor, kinds: Tensor, mask: Tensor, means: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits of shape (passages, sentences) and (passages,)."""
        sentences, whole, _ = self.reader(ids, kinds, mask, means)
        return sentences, whole


class Unpadded(nn.Module):
    """The bi-encoder for texts of the same length."""

    def __init__(self, encoder: BiEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What `BiEncoder` gives for token ids of shape (texts, tokens)."""
        compared: tuple[Tensor, Tensor, Tensor] = self.encoder(ids, torch.ones_like(ids))
        return compared


def reader(weights: Path) -> Graph:
    """The reader of some weights."""
    model = Reader("eager")
    model.load_state_dict(torch.load(weights))
    ids = torch.ones(2, 16, dtype=torch.long)
    axes = {0: "passages", 1: "tokens"}
    return Graph(
        WithoutWords(model),
        (ids, ids, ids, torch.ones(2, 3, 16)),
        {
            "ids": axes,
            "kinds": axes,
            "mask": axes,
            "means": {0: "passages", 1: "spans", 2: "tokens"},
        },
        {"sentences": {0: "passages", 1: "sentences"}, "whole": {0: "passages"}},
    )


def similarity(weights: Path) -> Graph:
    """The bi-encoder of some weights."""
    model = BiEncoder("eager")
    model.load_state_dict(torch.load(weights))
    axes = {0: "texts", 1: "tokens"}
    return Graph(
        Unpadded(model),
        (torch.ones(2, 16, dtype=torch.long),),
        {"ids": axes},
        {"vectors": {0: "texts"}, "tokens": axes, "turns": axes},
    )


def export(graph: Graph, target: Path, exact: bool = False) -> None:
    """Writes a model; ``exact`` keeps it in single precision, to compare."""
    with tempfile.TemporaryDirectory() as place:
        plain, fused = Path(place) / "plain.onnx", Path(place) / "fused.onnx"
        torch.onnx.export(
            graph.model.eval(),
            graph.example,
            str(plain),
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes={**graph.inputs, **graph.outputs},
            opset_version=17,
            dynamo=False,
        )
        optimized = optimize_model(str(plain), "bert", num_heads=12, hidden_size=384)
        print(optimized.get_fused_operator_statistics())
        if exact:
            optimized.save_model_to_file(str(target))
            return
        onnx.save(in_bytes(optimized.model), str(fused))
        quantize_dynamic(
            fused,
            target,
            op_types_to_quantize=["EmbedLayerNormalization"],
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    made = {"reader": reader, "similarity": similarity}
    parser.add_argument("which", choices=made)
    parser.add_argument("weights", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--exact", action="store_true", help="in single precision")
    arguments = parser.parse_args()
    export(made[arguments.which](arguments.weights), arguments.target, arguments.exact)
