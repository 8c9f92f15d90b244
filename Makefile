# Each target sets up what it needs, in .venv, by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 4242

# Any torch from 2.6 on will do. Without CUDA, which is large, on Linux:
# make test TORCH='torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu'
TORCH ?= torch==2.13.0

.PHONY: serve reference test lint types specs docs check clean

serve: $(VENV)/.core  ## serve all five APIs on port 4242
	$(BIN)/testcard serve --port $(PORT)

reference: $(VENV)/.reference  ## the same, with pictures painted by diffusers
	$(BIN)/testcard serve --engine reference --port $(PORT)

# Tests start some hundreds of processes: compiled modules are kept, so that each finds them.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.all  ## run the tests
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.all
	$(BIN)/mypy

specs: $(VENV)/.all
	$(BIN)/testcard selfcheck

docs: $(VENV)/.core  ## renew what is made of the vocabulary
	$(BIN)/python -m docs.renew

check: test lint types specs  ## everything that CI runs

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.torch: $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	touch $@

$(VENV)/.reference: $(VENV)/.torch pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[reference]'
	touch $@ $(VENV)/.core

$(VENV)/.all: $(VENV)/.torch pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all]'
	touch $@ $(VENV)/.core $(VENV)/.reference

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
