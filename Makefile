# `make demo` and `make test` do all the set-up themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types fast e2e e2e-engine e2e-bot apps pairs bench corpus proof rounds fuzz mutations properties kills fleet scale nightly clean

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

# Those of the bot need no build engine, so they run beside the others.
E2E := $(BIN)/python -m pytest -m e2e -o addopts= -q -s
WITHOUT_ENGINE := $(addprefix tests/e2e/test_bot_,crash.py fleet.py hostile.py life.py prism.py secrets.py watch.py)
e2e: $(VENV)/.dev
	$(MAKE) --jobs=2 --keep-going --output-sync=line e2e-engine e2e-bot

e2e-engine: $(VENV)/.dev
	$(E2E) tests/e2e $(addprefix --ignore=,$(WITHOUT_ENGINE))

e2e-bot: $(VENV)/.dev
	$(E2E) $(WITHOUT_ENGINE)

# Every application of every language, and not only one of each.
apps: $(VENV)/.dev
	DFREWRITE_ALL_APPS=1 $(BIN)/python -m pytest tests/e2e/test_split_apps.py -m e2e -o addopts= -q -s

# Single-stage files beside the multi-stage ones of their authors: make pairs PAIRS=folder
PAIRS ?= pairs
pairs: $(VENV)/.dev
	$(BIN)/python benchmarks/pairs.py $(PAIRS)

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/scaling.py

# Public Dockerfiles with their repositories: make corpus DIRS="folder-of-clones other-folder"
DIRS ?= tests/fixtures examples
corpus: $(VENV)/.dev
	$(BIN)/python benchmarks/corpus.py $(DIRS)

# Applications, built and proven: make proof APPS=folder-of-applications
APPS ?= tests/e2e/apps
proof: $(VENV)/.dev
	$(BIN)/python benchmarks/proof.py --network host $(APPS)

# Verdicts must not hang on chance: every pair five times.
rounds: $(VENV)/.dev
	DFREWRITE_PROOF_ROUNDS=5 $(BIN)/python -m pytest tests/e2e/test_proof_verdicts.py tests/e2e/test_proof_behaviour.py \
		-m e2e -o addopts= -q

SECONDS ?= 600
fuzz: $(VENV)/.fuzz
	$(BIN)/python -m tests.fuzz.fuzz_reader --seconds $(SECONDS)

properties: $(VENV)/.dev
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -n auto tests/test_properties.py tests/test_properties_words.py

mutations: $(VENV)/.dev
	$(BIN)/python -m tests.mutations

# The bot, killed again and again.
KILLS ?= 1000
kills: $(VENV)/.dev
	DFREWRITE_BOT_KILLS=$(KILLS) $(BIN)/python -m pytest tests/e2e/test_bot_crash.py -m e2e -o addopts= -q -s

# Two hundred repositories of every shape in each dialect, and not only in GitHub's.
fleet: $(VENV)/.dev
	DFREWRITE_BOT_REPOSITORIES=200 $(BIN)/python -m pytest tests/e2e/test_bot_fleet.py -m e2e -o addopts= -q -s

# What the bot costs: make scale REPOSITORIES=10000
REPOSITORIES ?= 1000
scale: $(VENV)/.dev
	$(BIN)/python benchmarks/bot.py --repositories $(REPOSITORIES)

nightly: test e2e apps rounds bench corpus properties fuzz mutations kills fleet scale

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.fuzz: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,fuzz]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
