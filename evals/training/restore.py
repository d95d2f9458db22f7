"""Reads the shipped reader or bi-encoder back into PyTorch, to train it further.

python -m evals.training.restore reader src/askdoc/answer/reader.onnx FOLDER/start.pt
python -m evals.training.restore similarity src/askdoc/answer/similarity.onnx FOLDER/start.pt

Its weights come in eight-bit integers with a factor for each column. The word embeddings, which
were never trained, are those of the bundled encoder; what is not shipped starts anew: the reader's
head for words, and what the bi-encoder learns about questions that nothing answers.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from evals.training.in_bytes import LEAST
from evals.training.train_reader import Reader
from evals.training.train_similarity import BiEncoder

KINDS: dict[str, tuple[type[Reader] | type[BiEncoder], str]] = {
    "reader": (Reader, "reader."),
    "similarity": (BiEncoder, "encoder."),
}
"""Each model: its class, and what its weights are called by in the graph."""


def restored(kind: str, model: Path) -> Reader | BiEncoder:
    """The model of an ONNX file that `export` has written."""
    graph = onnx.load(str(model)).graph
    kept = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    made, prefix = KINDS[kind]
    new = made()
    state = new.state_dict()
    for name in state:
        at = f"{prefix}{name.removesuffix('.weight')}"
        if f"{at}.bytes" in kept:
            columns = kept[f"{at}.bytes"] * kept[f"{at}.scales"]
            state[name] = torch.from_numpy(columns.T.copy())
            if f"{at}.shifted" in kept:
                bias = kept[f"{at}.shifted"] + LEAST * columns.sum(0)
                state[name.replace("weight", "bias")] = torch.from_numpy(bias)
        elif f"{at}.columns" in kept:
            state[name] = torch.from_numpy(kept[f"{at}.columns"].T.copy())
        elif f"{prefix}{name}_Transposed" in kept:  # so ONNX Runtime calls what Gemm multiplied
            state[name] = torch.from_numpy(kept[f"{prefix}{name}_Transposed"].T.copy())
        elif f"{prefix}{name}" in kept:
            state[name] = torch.from_numpy(np.array(kept[f"{prefix}{name}"]))
    for number in range(new.encoder.config.num_hidden_layers):
        biases = torch.from_numpy(np.array(kept[f"Attention_{number}_qkv_bias"])).chunk(3)
        for part, bias in zip(("query", "key", "value"), biases, strict=True):
            state[f"encoder.encoder.layer.{number}.attention.self.{part}.bias"] = bias
    new.load_state_dict(state)
    return new


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("model", type=Path)
    parser.add_argument("weights", type=Path)
    arguments = parser.parse_args()
    torch.save(restored(arguments.kind, arguments.model).state_dict(), arguments.weights)
