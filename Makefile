# Needs python3 (3.11 or later) with venv (Debian's python3-venv), make and git; everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BIND ?= 127.0.0.1:8000

.PHONY: run test lint format bench bench-pair rates load soak fuzz openapi page screenshots lock clean

run: $(VENV)/.run
	$(BIN)/layercalc serve --bind $(BIND)

# one more than the cores of a small machine: many tests wait for a server
test: $(VENV)/.test
	$(BIN)/python -m pytest -n 3 --dist worksteal

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

bench-pair: $(VENV)/.test
	@test -n '$(REV)' || { echo 'Which revision to stand beside: make bench-pair REV=main' >&2; exit 1; }
	$(BIN)/python benchmarks/pair.py $(REV)

rates: $(VENV)/.test
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.rates

load: $(VENV)/.test
	$(BIN)/python benchmarks/load.py

soak: $(VENV)/.test
	MALLOC_ARENA_MAX=1 LAYERCALC_LOG_LEVEL=error $(BIN)/python benchmarks/soak.py

fuzz: $(VENV)/.test
	LAYERCALC_LOG_LEVEL=error $(BIN)/python -m tests.fuzz

openapi: $(VENV)/.run
	$(BIN)/layercalc openapi > openapi.yaml
	$(BIN)/layercalc schema budgets > docs/budgets.schema.json
	$(BIN)/python -c "import layercalc.verbs; from layercalc.catalogue import cost_table; print(cost_table(), end='')" > docs/ops.md
	$(BIN)/python scripts/readme_layers.py > /dev/null
	$(BIN)/python scripts/readme_settings.py > /dev/null

# What is served at / is built by node and committed, so that nobody else needs it.
page:
	cd page && npm ci --ignore-scripts --no-audit --no-fund && npm run build

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.page.screenshots docs

lock: | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes --python-version 3.11 --no-header \
		--upgrade --output-file deploy/requirements.txt

clean:
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'layercalc needs Python 3.11 or later; say where it is: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo '$(PYTHON) has no venv; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[test,lint]"
	touch $@ $(VENV)/.run
