# `make demo` and `make test` do all the set-up themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types fast e2e bench nightly clean

demo: $(VENV)/.installed
	@echo "--- a dry run on the bundled example: examples/go-service/Dockerfile"
	@$(BIN)/dfrewrite examples/go-service

test: lint types fast

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/mypy --strict --explicit-package-bases --namespace-packages tests benchmarks

fast: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto

e2e: $(VENV)/.dev
	$(BIN)/python -m pytest tests/e2e -m e2e -o addopts= -q -s

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/startup.py

nightly: test e2e bench

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
