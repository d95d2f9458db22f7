"""The shape of the code: one import order, one owner for each library, one list of public names."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import askdoc

PACKAGE = Path(askdoc.__file__).parent
ORDER = [
    "errors", "types", "settings", "loaders", "chunker", "inference", "embedder", "vectors",
    "lexicon", "manifest", "index", "chance", "reader", "query", "retriever", "evidence",
    "explanation", "citation", "guard", "llm", "draft", "check", "assistant",
    "evaluation", "web", "cli",
    "__main__",
]  # fmt: skip
OWNERS = {
    "charset_normalizer": {"loaders"},
    "chromadb": {"vectors"},
    "fastapi": {"web"},
    "filelock": {"index"},
    "gradio": {"web"},
    "inscriptis": {"loaders"},
    "jinja2": {"evaluation"},
    "kreuzberg": {"loaders"},
    "langchain": {"llm", "embedder"},
    "langchain_core": {"embedder", "retriever", "llm"},
    "langchain_text_splitters": {"chunker"},
    "lxml": {"loaders"},
    "mammoth": {"loaders"},
    "mcp": {"web"},
    "markdown_it": {"loaders"},
    "numpy": {"inference", "embedder", "vectors", "reader"},
    "olefile": {"loaders"},
    "onnxruntime": {"inference"},
    "pathspec": {"loaders"},
    "pptx": {"loaders"},
    "py3langid": {"loaders"},
    "pydantic": {"settings", "retriever", "web"},
    "pydantic_settings": {"settings"},
    "pypdfium2": {"loaders"},
    "rapidfuzz": {"query"},
    "rich": {"cli"},
    "safetensors": {"embedder"},
    "sentence_transformers": {"embedder", "reader"},
    "sentencex": {"chunker"},
    "sqlite3": {"manifest"},
    "starlette": {"web"},
    "tantivy": {"lexicon"},
    "tokenizers": {"embedder"},
    "torch": {"embedder", "reader"},
    "transformers": {"embedder"},
    "typer": {"cli"},
    "uvicorn": {"web"},
}
FILES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py" or path.parent != PACKAGE
]


def module_of(path: Path) -> str:
    """The module of DESIGN's order that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> list[tuple[str, bool]]:
    """The modules that a file imports, and whether at its top."""
    tree = ast.parse(path.read_text())
    top = set(map(id, tree.body))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.append((node.module or "", id(node) in top))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_modules_to_its_left(path: Path) -> None:
    module = module_of(path)
    assert module in ORDER, f"{module} has no place in the order"
    for name, _ in imports_of(path):
        if name.split(".")[0] != "askdoc":
            continue
        other = name.split(".")[1] if "." in name else "web"  # `from askdoc import web`, in cli
        assert other == module or ORDER.index(other) < ORDER.index(module), f"{module} -> {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_own_modules_are_imported_at_the_top(path: Path) -> None:
    """An import in a function hides a wrong order; only the web app is left for later."""
    hidden = [name for name, top in imports_of(path) if name.startswith("askdoc") and not top]
    assert hidden == (["askdoc.web.app"] if path.name == "commands.py" else [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_an_outside_library_is_known_to_its_owner_only(path: Path) -> None:
    for name, _ in imports_of(path):
        library = name.split(".")[0]
        if library in OWNERS:
            assert module_of(path) in OWNERS[library], f"{library} in {path.name}"


def test_every_outside_library_has_an_owner() -> None:
    """So that the rule above holds for libraries that come later, too."""
    used = {name.split(".")[0] for path in FILES for name, _ in imports_of(path)}
    outside = used - {"askdoc"} - sys.stdlib_module_names
    assert outside == OWNERS.keys() - {"sqlite3"}


def test_the_public_names_are_what_the_package_exposes() -> None:
    exposed = {
        name
        for name, value in vars(askdoc).items()
        if not name.startswith("_") and not isinstance(value, type(ast))
    }
    assert exposed == set(askdoc.__all__)
    assert list(askdoc.__all__) == sorted(
        askdoc.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )


def test_importing_askdoc_is_light() -> None:
    """No command pays for a library that it does not use."""
    heavy = {"torch", "sentence_transformers", "chromadb", "gradio", "langchain_text_splitters"}
    heavy |= {"kreuzberg", "mammoth", "pptx", "py3langid", "onnxruntime"}
    script = f"import sys, askdoc.cli; print(sorted({heavy!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
