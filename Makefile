# Everything a contributor types. `make` alone lists it; .ci/run uses the same words.
# The first command that needs it builds .venv from pyproject.toml and constraints.txt; later ones start at once.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs bench fuzz crash security clean

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(READY)  ## sync a misbehaving API into DuckDB, all on this machine
	@$(BIN)/python -m restmill demo

test: $(READY)  ## the whole test suite
	@$(BIN)/pytest -n $(WORKERS)

check: $(READY)  ## format, lint, types, layers, docs in step with the code, house rules
	@failed=0; sums=""; \
	try() { name=$$1 remedy=$$2; shift 2; \
	  if "$$@"; then sums="$$sums$$name ok\n"; else failed=1; sums="$$sums$$name FAILED: $$remedy\n"; fi; }; \
	try format "run make format" $(BIN)/ruff format --check --quiet .; \
	try lint "make format fixes some of it" $(BIN)/ruff check --quiet .; \
	try types "see mypy's lines above" $(BIN)/mypy --no-error-summary; \
	try layers "see the contracts above" $(BIN)/lint-imports; \
	try docs "run make docs" $(BIN)/python docs/sync.py --check; \
	try house "see the tests above" $(BIN)/pytest tests/house; \
	printf "\n$$sums"; exit $$failed

format: $(READY)  ## format, and fix what the linter can fix
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

docs: $(READY)  ## rewrite the generated parts of the docs from the code
	@$(BIN)/python docs/sync.py

bench: $(READY)  ## measure restmill, dlt and a hand-written loop side by side
	@$(BIN)/python bench/run.py

fuzz: $(READY)  ## the property tests with many more examples
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest -n $(WORKERS) -m "hypothesis"

N ?= 200
FIRST ?= 0
crash: $(READY)  ## kill N runs (200) at named and at any moments, and compare the tables (FIRST: the first seed)
	@$(BIN)/python -m tests.crash --kills $(N) --first $(FIRST)

security: $(READY)  ## the security tests, the slow ones among them: canaries planted everywhere, then looked for
	@RESTMILL_TEST_SECURITY=1 $(BIN)/pytest -n $(WORKERS) tests/security

clean:  ## remove what these commands made
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find src tests bench docs -name __pycache__ -prune -exec rm -rf {} +
	rm -rf src/*.egg-info

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "restmill needs Python 3.11 or newer; on Debian: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "making $(VENV), once" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[duckdb,postgres,dev]'
	@touch $@
