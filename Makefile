# Two commands for a newcomer: `make demo`, then open out/demo.mp4; and `make test`.
# Needs Python 3.11 or later, git and make. Everything else comes from the locked package index files.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
SOURCES := commands renderer backends golden presets assets studio benchmarks tests cli.py

# Our own modules are compiled once, not at every start of every child process.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := demo
.PHONY: demo test check format lint types bench campaign lock clean

demo: $(VENV)/.installed  ## render the bundled story to out/demo.mp4
	@mkdir -p out
	$(BIN)/storyreel demo -o out/demo.mp4

test: $(VENV)/.installed-dev  ## run every test
	$(BIN)/python -m pytest

check: lint types test  ## everything that has to pass before a commit

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

types: $(VENV)/.installed-dev
	$(BIN)/mypy

bench: $(VENV)/.installed-dev  ## speed, as ratios within one run on one machine
	$(BIN)/python -m benchmarks

campaign: $(VENV)/.installed-dev  ## long fuzz and kill runs: minutes to an hour
	$(BIN)/python -m pytest -m campaign -o addopts="--strict-markers --strict-config -ra" tests

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "storyreel needs Python 3.11 or later on PATH (or: make PYTHON=/path/to/python3)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# A venv that already holds the development packages serves for the demo as well.
$(VENV)/.installed: $(VENV)/.python requirements.lock pyproject.toml
	@if [ ! -e $(VENV)/.installed-dev ]; then \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.python requirements-dev.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@ $(VENV)/.installed

lock:  ## resolve the lock files again (needs uv)
	uv pip compile --universal --generate-hashes --python-version 3.11 --extra dev --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate --no-emit-package storyreel pyproject.toml requirements.in -o requirements-dev.lock
	sed 's/ *\\$$//; /--hash/d' requirements-dev.lock > .constraints.tmp
	uv pip compile --universal --generate-hashes --python-version 3.11 -c .constraints.tmp --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate pyproject.toml requirements.in -o requirements.lock
	rm .constraints.tmp

clean:
	rm -rf $(VENV) out build *.egg-info
