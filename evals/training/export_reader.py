"""Writes the trained reader as the ONNX file in eight-bit integers that askdoc ships.

python -m evals.training.export_reader WORK/reader.pt src/askdoc/answer/reader.onnx
"""

import argparse
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model

from evals.training.train_reader import Reader


class Shipped(torch.nn.Module):
    """The reader without what was only there to teach."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(
        self, ids: torch.Tensor, kinds: torch.Tensor, mask: torch.Tensor, means: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of shape (passages, sentences) and (passages,)."""
        sentences, whole, _ = self.reader(ids, kinds, mask, means)
        return sentences, whole


def export(weights: Path, target: Path, exact: bool = False) -> None:
    """Writes the model of some weights; ``exact`` keeps it in single precision, to compare."""
    reader = Reader("eager")
    reader.load_state_dict(torch.load(weights))
    reader.eval()
    example = (*(torch.ones(2, 16, dtype=torch.long) for _ in range(3)), torch.ones(2, 3, 16))
    axes = {0: "passages", 1: "tokens"}
    with tempfile.TemporaryDirectory() as place:
        plain, fused = Path(place) / "plain.onnx", Path(place) / "fused.onnx"
        torch.onnx.export(
            Shipped(reader),
            example,
            str(plain),
            input_names=["ids", "kinds", "mask", "means"],
            output_names=["sentences", "whole"],
            dynamic_axes={
                "ids": axes,
                "kinds": axes,
                "mask": axes,
                "means": {0: "passages", 1: "spans", 2: "tokens"},
                "sentences": {0: "passages", 1: "sentences"},
                "whole": {0: "passages"},
            },
            opset_version=17,
            dynamo=False,
        )
        optimized = optimize_model(str(plain), "bert", num_heads=12, hidden_size=384)
        print(optimized.get_fused_operator_statistics())
        optimized.save_model_to_file(str(fused))
        if exact:
            onnx.save(onnx.load(str(fused)), str(target))
            return
        quantize_dynamic(
            fused,
            target,
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--exact", action="store_true", help="in single precision")
    arguments = parser.parse_args()
    export(arguments.weights, arguments.target, arguments.exact)
