"""Reads the shipped reader back into PyTorch, to train it further.

python -m evals.training.restore src/askdoc/answer/reader.onnx FOLDER/start.pt

Its weights come in eight-bit integers with a factor for each column. The word embeddings, which
were never trained, are those of the bundled encoder; the head for words, which is not shipped,
starts anew.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from evals.training.train_reader import Reader

LAYER = "reader.encoder.encoder.layer.{}."
MATRICES = ("attention.output.dense", "intermediate.dense", "output.dense")


def restored(model: Path) -> Reader:
    """The reader of an ONNX file that `export` has written."""
    graph = onnx.load(str(model)).graph
    kept = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    reader = Reader()
    state = reader.state_dict()

    def matrix(name: str) -> torch.Tensor:
        whole = kept[f"{name}_quantized"].astype(np.float32)
        zero = kept[f"{name}_zero_point"].astype(np.float32)
        return torch.from_numpy(((whole - zero) * kept[f"{name}_scale"]).T.copy())

    for name in state:
        if f"reader.{name}" in kept:
            state[name] = torch.from_numpy(np.array(kept[f"reader.{name}"]))
    # What multiplies has lost its name, and stands in the order of the layers.
    multiplied = [
        node.input[1].removesuffix("_quantized")
        for node in graph.node
        if node.op_type == "MatMulInteger"
    ]
    places = [
        f"{LAYER.format(number)}{part}.weight".removeprefix("reader.")
        for number in range(reader.encoder.config.num_hidden_layers)
        for part in MATRICES
    ]
    state |= {place: matrix(name) for place, name in zip(places, multiplied, strict=False)}
    heads = {kept[f"{name}_quantized"].shape[0]: name for name in multiplied[len(places) :]}
    size = reader.encoder.config.hidden_size
    state |= {"whole.weight": matrix(heads[size]), "sentence.weight": matrix(heads[2 * size])}
    for number in range(reader.encoder.config.num_hidden_layers):
        weights = matrix(f"Attention_{number}_qkv_weight").chunk(3)
        biases = torch.from_numpy(np.array(kept[f"Attention_{number}_qkv_bias"])).chunk(3)
        for part, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
            at = f"encoder.encoder.layer.{number}.attention.self.{part}"
            state |= {f"{at}.weight": weight, f"{at}.bias": bias}
    reader.load_state_dict(state)
    return reader


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("weights", type=Path)
    arguments = parser.parse_args()
    torch.save(restored(arguments.model).state_dict(), arguments.weights)
