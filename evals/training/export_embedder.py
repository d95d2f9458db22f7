"""Writes the graph of the bundled embedder, without its weights, for ONNX Runtime.

python -m evals.training.export_embedder src/askdoc/index/embedder.onnx

askdoc puts the weights of the bundled folder (`ship_embedder`) into it when it runs: one question
is then embedded in milliseconds, and without the seconds that it takes to import PyTorch.
"""

import argparse
import tempfile
from pathlib import Path

import onnx
import torch
from onnx import TensorProto
from transformers import AutoModel

from askdoc.index.embedder import bundled


class Pooled(torch.nn.Module):
    """The encoder with the mean of its tokens as a unit vector, for one text at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(str(bundled()), attn_implementation="eager")

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Token ids of shape (1, tokens) to a vector of shape (1, 384)."""
        states = self.encoder(input_ids=ids).last_hidden_state
        return torch.nn.functional.normalize(states.mean(1), dim=1)


def export(target: Path) -> None:
    """Writes the graph; every weight in it is only a name, that of the folder's file."""
    with tempfile.TemporaryDirectory() as place:
        plain = Path(place) / "plain.onnx"
        torch.onnx.export(
            Pooled().eval(),
            (torch.ones(1, 16, dtype=torch.long),),
            str(plain),
            input_names=["ids"],
            output_names=["vectors"],
            dynamic_axes={"ids": {1: "tokens"}},
            opset_version=17,
            do_constant_folding=False,
            dynamo=False,
        )
        model = onnx.load(str(plain))
    for weight in model.graph.initializer:
        if weight.name.startswith("encoder."):
            name = weight.name.removeprefix("encoder.")
            for node in model.graph.node:
                for at, used in enumerate(node.input):
                    if used == weight.name:
                        node.input[at] = name
            weight.name = name
            weight.ClearField("raw_data")
            weight.data_location = TensorProto.EXTERNAL
            weight.external_data.add(key="location", value="model.safetensors")
    target.write_bytes(model.SerializeToString())
    print(f"{target}: {target.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    export(parser.parse_args().target)
