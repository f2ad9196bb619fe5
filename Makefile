# make run and make test are all that a newcomer needs; `make help` lists the rest.
PYTHON ?= python3
WORKERS ?= 3

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
PINNED := pyproject.toml constraints.txt

# uv installs in seconds; where it cannot be had, or cannot reach what pip reaches, pip does the same in about a minute.
install = @echo "Installing $(1) into $(VENV) …"; \
	{ $(BIN)/pip install --quiet --disable-pip-version-check uv \
	  && $(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e "$(1)"; } \
	|| { echo "uv could not do it; going on with pip."; \
	     $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e "$(1)"; }

.DEFAULT_GOAL := help
.PHONY: help run install test lint bench clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: $(RUNTIME)  ## start everything here, feed the sample leads, keep serving (data in var/)
	@$(BIN)/sales-agent up --sample

install: $(RUNTIME)  ## only create .venv and install the product

test: $(DEV)  ## run the tests; ARGS="tests/web -x" picks some
	@$(BIN)/pytest -n logical --maxprocesses $(WORKERS) $(ARGS)

lint: $(DEV)  ## ruff, the import contracts, and types
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

bench: $(DEV)  ## measure speed on this machine; the method is in docs/benchmarks.md
	@$(BIN)/python -m benchmarks

clean:  ## remove .venv and caches; your data in var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { echo "$(PYTHON) is not there: install Python 3.11 or newer, or name yours: make run PYTHON=/path/to/python"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Sales Agent needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" -V 2>&1). Name another: make run PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): $(PINNED) | $(BIN)/python
	$(call install,.)
	@touch $@

$(DEV): $(PINNED) | $(BIN)/python
	$(call install,.[dev])
	@touch $@ $(RUNTIME)
