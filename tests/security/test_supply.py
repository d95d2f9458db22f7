"""The bill of materials names what is installed, and attacks are run only where they are meant."""

import json
from importlib.metadata import distribution

import pytest
from helpers import ROOT

from evals.sbom import bill


def test_the_bill_names_every_package_that_askdoc_needs() -> None:
    told = json.loads(json.dumps(bill()))
    versions = {part["name"].lower(): part["version"] for part in told["components"]}
    assert told["metadata"]["component"]["name"] == "askdoc"
    for name in ("chromadb", "gradio", "onnxruntime", "tantivy", "starlette", "torch"):
        assert versions[name] == distribution(name).version
    refs = {part["bom-ref"] for part in told["components"]}
    assert {ref for each in told["dependencies"] for ref in each["dependsOn"]} == refs
    assert not {"pytest", "ruff", "mypy"} & versions.keys()


@pytest.mark.parametrize(
    ("marked", "run"),
    [([], False), (["-m", "slow"], False), (["-m", "slow and not attack"], False),
     (["-m", "attack"], True)],
)  # fmt: skip
def test_what_takes_minutes_is_run_only_where_it_is_asked_for(
    marked: list[str], run: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever runs a file of tests mounts no disk, and waits for no 300 kills."""
    tests = str(ROOT / "tests" / "faults" / "test_crash.py")
    asked = ["--collect-only", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    assert pytest.main([*asked, tests, *marked]) == 0
    told = capsys.readouterr().out
    assert ("test_a_full_disk" in told) == run
    assert ("test_a_killed_sync" in told) != run
