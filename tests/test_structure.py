"""The shape of the code: one import order, one owner for each library, one list of public names."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

import askdoc

PACKAGE = Path(askdoc.__file__).parent
ORDER = [
    "types", "errors", "redaction", "settings", "tuning", "onnx", "waiting", "ingest", "index",
    "answer", "assistant", "evaluation", "testing", "web", "cli", "__main__",
]  # fmt: skip
"""The folders, and the modules beside them: each imports only from those before it."""
WITHIN = {
    "answer": [
        "terms", "answer_types", "highlight", "calibration", "encoding", "reader",
        "spelling", "acronyms", "telling", "verify", "query", "retrieve", "context", "similarity",
        "columns", "evidence", "listing", "topic", "disagreement", "pipeline", "explain",
        "langchain", "citation", "quotes", "everyday", "replies", "thoughts", "prompt", "model",
        "connect", "generate", "recheck",
    ],
}  # fmt: skip
"""The order inside a folder."""
OWNERS = {
    "anthropic": ["answer.connect"],
    "charset_normalizer": ["ingest.encoding"],
    "chromadb": ["index.dense"],
    "fastapi": ["web"],
    "filelock": ["index.lock"],
    "gradio": ["web"],
    "httpx": ["answer.connect"],
    "inscriptis": ["ingest.formats.html"],
    "jinja2": ["evaluation.report", "web.templating"],
    "kreuzberg": ["ingest.formats.office"],
    "langchain": ["answer.connect", "index.embedder"],
    "langchain_core": ["answer.langchain", "answer.model", "index.embedder"],
    "langchain_text_splitters": ["ingest.chunker"],
    "langsmith": ["answer.model"],
    "lxml": ["ingest.formats"],
    "mammoth": ["ingest.formats.docx"],
    "markdown_it": ["ingest.formats.text"],
    "markupsafe": ["web.templating"],
    "anyio": ["web.mcp"],
    "mcp": ["web.mcp"],
    "numpy": [
        "answer.encoding",
        "answer.similarity",
        "evaluation.calibrate",
        "index.dense",
        "index.embedder",
        "ingest.formats.ocr",
        "onnx",
    ],
    "olefile": ["ingest.filetype"],
    "onnxruntime": ["onnx"],
    "openai": ["answer.connect"],
    "pathspec": ["ingest.files"],
    "PIL": ["ingest.formats"],
    "pptx": ["ingest.formats.slides"],
    "prometheus_client": ["web.metrics"],
    "py3langid": ["ingest.words"],
    "pydantic": ["answer.calibration", "answer.langchain", "evaluation", "settings", "web"],
    "pydantic_settings": ["settings"],
    "pypdfium2": ["ingest.formats"],
    "pytest": ["testing"],
    "rapidfuzz": ["answer.spelling"],
    "rapidocr": ["ingest.formats.ocr"],
    "ray": ["index.cluster"],
    "rich": ["cli"],
    "safetensors": ["index.embedder"],
    "scipy": ["evaluation.calibrate"],
    "sentence_transformers": ["answer.reader", "index.embedder"],
    "sentencex": ["ingest.chunker"],
    "sklearn": ["evaluation.calibrate"],
    "sqlite3": ["index.manifest"],
    "starlette": ["web"],
    "tantivy": ["index.bm25"],
    "tokenizers": ["index.embedder"],
    "torch": ["answer.reader", "index.embedder"],
    "transformers": ["index.embedder"],
    "typer": ["cli"],
    "uvicorn": ["web.server"],
    "xlrd": ["ingest.formats.xls"],
    "yaml": ["ingest.formats.properties"],
}
"""The modules that may know a library; where several of one folder do, the folder."""
FILES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py" or path.parent != PACKAGE
]


def module_of(path: Path) -> str:
    """The dotted name of a file's module, without ``askdoc``."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def goes_up(module: str, imported: str) -> bool:
    """Whether an import leads to what stands later in the order, or has no place in it."""
    (room, _, inner), (other, _, inside) = module.partition("."), imported.partition(".")
    order: list[str] = ORDER
    if room == other and room in WITHIN and inner and inside:
        order, room, other = WITHIN[room], inner.split(".")[0], inside.split(".")[0]
    return room != other and order.index(other) > order.index(room)


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
def test_a_module_imports_only_from_below(path: Path) -> None:
    own = [name for name, _ in imports_of(path) if name.startswith("askdoc.")]
    assert [name for name in own if goes_up(module_of(path), name.removeprefix("askdoc."))] == []


def test_the_orders_name_what_is_there() -> None:
    for order, folder in ((ORDER, PACKAGE), *((WITHIN[name], PACKAGE / name) for name in WITHIN)):
        modules = {path.relative_to(folder).parts[0] for path in folder.rglob("*.py")}
        assert {name.removesuffix(".py") for name in modules} - {"__init__"} == set(order)


def test_the_readme_shows_the_tree_in_import_order() -> None:
    tree = (ROOT / "README.md").read_text("utf-8").split("## The modules")[1].split("```")[1]
    named, folders = [], [""]
    for space, name in re.findall(r"^( +)([\w/]+)  +\S", tree, re.M):
        folders[len(space) // 2 :] = [name.removesuffix("/")]
        named.append("/".join(folders[1:]))
    there = {
        path.relative_to(PACKAGE).with_suffix("").as_posix()
        for path in PACKAGE.rglob("*.py")
        if not path.name.startswith("__")
    }
    assert {name for name in named if name in there} == there
    assert all(name in there or (PACKAGE / name).is_dir() for name in named)
    assert [name for name in named if "/" not in name] == ORDER[:-1]
    for folder, order in WITHIN.items():
        inside = [name.split("/")[1] for name in named if re.fullmatch(f"{folder}/\\w+", name)]
        assert inside == order


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_own_modules_are_imported_at_the_top(path: Path) -> None:
    """An import in a function hides a wrong order; only what a command may not need is later."""
    hidden = {name for name, top in imports_of(path) if name.startswith("askdoc") and not top}
    later = {"askdoc.answer.langchain", "askdoc.ingest.given"}
    assert path.parent.name == "cli" or hidden == (later if path.name == "assistant.py" else set())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_an_outside_library_is_known_to_its_owner_only(path: Path) -> None:
    for name, _ in imports_of(path):
        library = name.split(".")[0]
        owners = OWNERS.get(library, [module_of(path)])
        assert any(f"{module_of(path)}.".startswith(f"{owner}.") for owner in owners), library


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_remembered_has_a_bound(path: Path) -> None:
    """Else each new question or file would stay in a server's memory."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and any(
            ast.unparse(each).removeprefix("functools.") in ("cache", "lru_cache(maxsize=None)")
            for each in node.decorator_list
        ):
            assert ast.unparse(node.args) == "", node.name


def test_every_outside_library_has_an_owner() -> None:
    """So that the rule above holds for libraries that come later, too."""
    used = {name.split(".")[0] for path in FILES for name, _ in imports_of(path)}
    outside = used - {"askdoc"} - sys.stdlib_module_names
    assert outside == OWNERS.keys() - {"sqlite3"}


def test_the_public_names_are_what_the_package_exposes() -> None:
    exposed = {
        name
        for name in dir(askdoc)
        if not name.startswith("_") and not isinstance(getattr(askdoc, name), type(ast))
    }
    assert exposed - {"Any", "TYPE_CHECKING"} == set(askdoc.__all__)
    assert list(askdoc.__all__) == sorted(
        askdoc.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )
    with pytest.raises(AttributeError, match="no attribute 'asks'"):
        askdoc.asks  # noqa: B018


def test_no_test_file_imports_from_another() -> None:
    """What several need lies in a module that is no test."""
    for path in (ROOT / "tests").rglob("*.py"):
        own = [name.split(".")[-1] for name, _ in imports_of(path)]
        assert [name for name in own if name.startswith("test_")] == [], path


HEAVY = {
    "charset_normalizer", "chromadb", "fastapi", "gradio", "jinja2", "kreuzberg", "langchain",
    "langchain_core", "langchain_text_splitters", "langsmith", "lxml", "mammoth", "mcp", "numpy",
    "onnxruntime", "pandas", "PIL", "pptx", "py3langid", "pydantic", "pydantic_settings",
    "pypdfium2", "ray", "scipy", "sentence_transformers", "sklearn", "starlette", "tantivy",
    "tokenizers", "torch", "transformers", "uvicorn", "xlrd",
}  # fmt: skip
READ = {"pydantic", "pydantic_settings"}  # what all need that look at files
LOOKED = READ | {"numpy", "tantivy"}  # and those that find a folder to be as it was indexed
FORMATS = {"PIL", "lxml", "mammoth", "numpy", "pypdfium2"}  # of the documents that are cited
ASKED = LOOKED | {"chromadb", "onnxruntime", "tokenizers"}
COUNTED = """
import sys
from askdoc.cli import main
try:
    main(sys.argv[1:])
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("command", "may"),
    [
        (["--help"], set()),
        (["eval", "--help"], {"pydantic"}),  # typer takes it for a choice of words
        (["check", "answer.json"], READ | FORMATS),
        (["status", "--index"], LOOKED),
        (["index", "--index"], LOOKED),
        (["ask", "Who backed Azerbaijan in the 44-day war?", "--index"], ASKED),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_imports_only_what_it_uses(
    assistant: askdoc.Assistant, command: list[str], may: set[str], tmp_path: Path
) -> None:
    """No command pays seconds for a library that it does not need."""
    (tmp_path / "answer.json").write_text(json.dumps(assistant.ask("What is CSTO?").as_dict()))
    words = [*command, assistant.index.folder] if "--index" in command else command
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, *words],
        capture_output=True, text=True, check=False,
        env={**os.environ, "ASKDOC_CORPUS": str(assistant.index.corpus)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(done.stderr.split()) <= may


BESIDE = """
import sys, threading
def note(event, of):
    if event == "import" and of[0] in ("chromadb", "onnxruntime", "tokenizers"):
        print(of[0], threading.current_thread() is threading.main_thread(), file=sys.stderr)
sys.addaudithook(note)
from askdoc.cli import main
main(sys.argv[1:])
"""


def test_a_question_has_its_models_loaded_beside_its_index(assistant: askdoc.Assistant) -> None:
    """Either takes half a second of a command that is to take little more."""
    places = ["--corpus", assistant.index.corpus, "--index", assistant.index.folder]
    done = subprocess.run(
        [sys.executable, "-c", BESIDE, "ask", "Who backed Azerbaijan?", *places],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = set(done.stderr.splitlines())
    assert {"chromadb True", "onnxruntime False", "tokenizers False"} <= told
    assert not {"onnxruntime True", "tokenizers True"} & told
