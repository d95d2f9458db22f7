"""The README tells the truth: what it names exists, what exists is named, what it shows is so."""

import doctest
import importlib
import re
import subprocess

import pytest
import typer.main
import yaml
from helpers import ROOT

import askdoc
import askdoc.testing
from askdoc import Settings
from askdoc.cli import app, main

README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_shown_and_explained(name: str) -> None:
    assert f"`askdoc {name}" in README
    assert COMMANDS[name].help


def test_no_other_command_is_shown() -> None:
    assert set(re.findall(r"`askdoc ([a-z]+)", README)) == set(COMMANDS)


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(ASKDOC_\w+)` \| (.*?) \|", README, re.M))
    fields = Settings.model_fields
    assert set(rows) == {f"ASKDOC_{name.upper()}" for name in fields}
    for name, field in fields.items():
        if field.default is not None:
            assert rows[f"ASKDOC_{name.upper()}"] == f"`{field.default}`"


def test_the_python_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert tried > 5
    assert failed == 0


def test_the_shell_example_shows_what_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    example = re.search(r'\$ askdoc ask "(.*?)"\n(.*?)```', README, re.S)
    assert example is not None
    with pytest.raises(SystemExit):
        main(["ask", example[1]])
    assert capsys.readouterr().out.strip() == example[2].strip()


def test_every_link_leads_somewhere() -> None:
    for page in (
        "README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/security.md", "docs/testing.md",
        "docs/deploying.md", "docs/scaling.md", "docs/index.md", "docs/cookbook.md",
        "evals/README.md",
    ):  # fmt: skip
        text = (ROOT / page).read_text("utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in target:
                assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_the_reference_has_every_public_name_once() -> None:
    pages = sorted((ROOT / "docs" / "reference").glob("*.md"))
    named = re.findall(r"^::: (\S+)$", "".join(page.read_text("utf-8") for page in pages), re.M)
    assert len(named) == len(set(named))
    mine = [
        name
        for name, each in vars(askdoc.testing).items()
        if getattr(each, "__module__", "") == "askdoc.testing" and name[0] != "_"
    ]
    assert len(mine) == 3
    assert {f"askdoc.{name}" for name in askdoc.__all__} <= set(named)
    assert {f"askdoc.testing.{name}" for name in mine} <= set(named)
    for name in named:
        module, _, inside = name.rpartition(".")
        assert hasattr(importlib.import_module(module), inside), name


def test_the_site_has_every_page_for_developers_and_no_font_of_others() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    listed = {
        page
        for part in site["nav"]
        for page in (part["Reference"] if isinstance(part, dict) else [part])
    }
    left_out = {name.removeprefix("/") for name in site["exclude_docs"].split()}
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.*")}
    assert listed | left_out == there
    assert site["theme"]["font"] is False
    assert f"{site['site_dir']}/" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_figures_of_the_evals_come_from_their_files() -> None:
    """Each table of figures is what the committed JSON says."""
    from evals.tables import PAGES, PLACE, written

    texts = [page.read_text("utf-8") for page in PAGES]
    assert len(PLACE.findall("".join(texts))) > 10
    assert [written(text) for text in texts] == texts


def test_make_names_the_commands_of_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, re.M):
        assert re.search(rf"^{target}:", makefile, re.M)
    for name in re.findall(r"(?:PORT|HOST|TORCH|TORCH_INDEX)(?==)", README):
        assert f"{name} ?=" in makefile


@pytest.mark.parametrize("torch", ["", "yes"])
def test_make_installs_pytorch_unless_it_is_told_not_to(torch: str) -> None:
    told = subprocess.run(
        ["make", "--dry-run", "--always-make", "app", f"TORCH={torch}", "TORCH_INDEX=there"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "--index-url there" in told if torch else "torch" not in told
    assert f"-e '.{'[torch]' if torch else ''}'" in told


def test_the_top_level_holds_what_it_should() -> None:
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    assert {line.split("/")[0] for line in done.stdout.splitlines()} == {
        ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "Containerfile", "LICENSE",
        "Makefile", "README.md", "SECURITY.md", "app.py", "constraints.txt", "corpus", "docs",
        "evals", "mkdocs.yml", "pyproject.toml", "src", "tests",
    }  # fmt: skip
