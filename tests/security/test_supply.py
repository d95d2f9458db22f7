"""The bill of materials names what is installed, and all of it."""

import json
from importlib.metadata import distribution

from evals.sbom import bill


def test_the_bill_names_every_package_that_askdoc_needs() -> None:
    told = json.loads(json.dumps(bill()))
    versions = {part["name"].lower(): part["version"] for part in told["components"]}
    assert told["metadata"]["component"]["name"] == "askdoc"
    for name in ("chromadb", "gradio", "onnxruntime", "tantivy", "starlette", "pydantic_core"):
        assert versions[name] == distribution(name).version
    refs = {part["bom-ref"] for part in told["components"]}
    assert {ref for each in told["dependencies"] for ref in each["dependsOn"]} == refs
    assert not {"pytest", "ruff", "mypy"} & versions.keys()
