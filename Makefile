# What one can do here. Every target makes .venv by itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint types bench docs clean

demo: $(READY)  ## a real fine-tune with the recorder on, about a minute
	$(BIN)/verbose-logging demo

test: $(READY)  ## the tests
	$(BIN)/python -m pytest

lint: $(READY)  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## mypy --strict
	$(BIN)/mypy

bench: $(READY)  ## the benchmarks
	$(BIN)/python -m benchmarks

docs: $(READY)  ## the documentation
	$(BIN)/mkdocs build --strict

clean:  ## everything that the targets above made
	rm -rf $(VENV) demo-run site dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# torch comes first and by itself: a range in another package's needs must not pick a build with a GPU runtime.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[train,plot]" --group dev
	touch $(READY)
