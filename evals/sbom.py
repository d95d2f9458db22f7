"""A bill of materials as CycloneDX JSON: every package that askdoc runs with, as it is installed.

``python -m evals.sbom > sbom.json``
"""

import json
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any

from packaging.requirements import Requirement


def main() -> None:
    """Prints it."""
    print(json.dumps(bill(), indent=2))


def bill() -> dict[str, Any]:
    """askdoc, and all packages it needs, directly or not."""
    own, *others = _needed("askdoc")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component(own) | {"type": "application"}},
        "components": [_component(each) for each in sorted(others, key=_name)],
        "dependencies": [
            {"ref": _purl(each), "dependsOn": sorted(_purl(other) for other in _direct(each))}
            for each in (own, *others)
        ],
    }


def _needed(name: str) -> list[Distribution]:
    """A package, and after it all that it needs in this environment."""
    found, left = dict[str, Distribution](), [distribution(name)]
    while left:
        each = left.pop()
        if _name(each) not in found:
            found[_name(each)] = each
            left += _direct(each)
    return list(found.values())


def _direct(package: Distribution) -> list[Distribution]:
    """The packages that one names as needed; those that are installed.

    Of extras only askdoc's PyTorch counts, which `make app` brings.
    """
    found = []
    extra = "torch" if _name(package) == "askdoc" else ""
    for line in package.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            try:
                found.append(distribution(requirement.name))
            except PackageNotFoundError:
                continue
    return found


def _name(package: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()


def _purl(package: Distribution) -> str:
    return f"pkg:pypi/{_name(package)}@{package.version}"


def _component(package: Distribution) -> dict[str, Any]:
    """A package with its version and its licence, as far as it tells one."""
    told = package.metadata.json
    lines = str(told.get("license_expression") or told.get("license") or "").strip().splitlines()
    known = lines[0][:100] if lines else ""
    return {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package.metadata["Name"],
        "version": package.version,
        "purl": _purl(package),
        **({"licenses": [{"license": {"name": known}}]} if known else {}),
    }


if __name__ == "__main__":
    main()
