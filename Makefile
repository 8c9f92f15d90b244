# Each target sets up what it needs, in .venv, by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 4242

.PHONY: serve test lint types specs check clean

serve: $(VENV)/.core  ## serve all five APIs on port 4242
	$(BIN)/testcard serve --port $(PORT)

test: $(VENV)/.all  ## run the tests
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.all
	$(BIN)/mypy

specs: $(VENV)/.all
	$(BIN)/testcard selfcheck

check: test lint types specs  ## everything that CI runs

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.all: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all]'
	touch $@ $(VENV)/.core

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
