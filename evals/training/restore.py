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

from evals.training.train_reader import Reader
from evals.training.train_similarity import BiEncoder

MATRICES = ("attention.output.dense", "intermediate.dense", "output.dense")
KINDS: dict[str, tuple[type[Reader] | type[BiEncoder], str, tuple[str, ...]]] = {
    "reader": (Reader, "reader.", ("whole", "sentence")),
    "similarity": (BiEncoder, "encoder.", ("project", "turn")),
}
"""Each model: its class, what its weights are called by in the graph, and its heads."""


def restored(kind: str, model: Path) -> Reader | BiEncoder:
    """The model of an ONNX file that `export` has written."""
    graph = onnx.load(str(model)).graph
    kept = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    made, prefix, heads = KINDS[kind]
    new = made()
    state = new.state_dict()

    def matrix(name: str) -> torch.Tensor:
        whole = kept[f"{name}_quantized"].astype(np.float32)
        zero = kept[f"{name}_zero_point"].astype(np.float32)
        return torch.from_numpy(((whole - zero) * kept[f"{name}_scale"]).T.copy())

    for name in state:
        if f"{prefix}{name}" in kept:
            state[name] = torch.from_numpy(np.array(kept[f"{prefix}{name}"]))
    # What multiplies has lost its name, and stands in the order of the layers.
    multiplied = [
        node.input[1].removesuffix("_quantized")
        for node in graph.node
        if node.op_type == "MatMulInteger"
    ]
    layers = range(new.encoder.config.num_hidden_layers)
    places = [f"encoder.encoder.layer.{n}.{part}.weight" for n in layers for part in MATRICES]
    state |= {place: matrix(name) for place, name in zip(places, multiplied, strict=False)}
    by_shape = {matrix(name).shape: name for name in multiplied[len(places) :]}
    state |= {
        f"{head}.weight": matrix(by_shape[shape])
        for head in heads
        if (shape := state[f"{head}.weight"].shape) in by_shape
    }
    for number in layers:
        weights = matrix(f"Attention_{number}_qkv_weight").chunk(3)
        biases = torch.from_numpy(np.array(kept[f"Attention_{number}_qkv_bias"])).chunk(3)
        for part, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
            at = f"encoder.encoder.layer.{number}.attention.self.{part}"
            state |= {f"{at}.weight": weight, f"{at}.bias": bias}
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
