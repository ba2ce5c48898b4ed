# What one can do here. Every target makes .venv by itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

COMPAT := .venv-compat
COMPAT_READY := $(COMPAT)/.ready

.PHONY: demo test test-compat lint types bench reference docs clean

demo: $(READY)  ## a real fine-tune with the recorder on, about a minute
	$(BIN)/verbose-logging demo
	@echo "The command is in $(BIN): 'source $(BIN)/activate' puts it on your path."

test: $(READY)  ## the tests
	$(BIN)/python -m pytest

test-compat: $(COMPAT_READY)  ## the tests on transformers 4.57 and trl 0.24
	$(COMPAT)/bin/python -m pytest

lint: $(READY)  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## mypy --strict
	$(BIN)/mypy

bench: $(READY)  ## the benchmarks, beside the trackers that are light to install; writes benchmarks/RESULTS.md
	$(BIN)/python -m pip install --quiet --constraint constraints.txt trackio mlflow-skinny
	$(BIN)/python -m benchmarks

reference: $(READY)  ## the parts of the documentation that are made from the code
	$(BIN)/python -m tools.reference

docs: $(READY)  ## the documentation
	$(BIN)/mkdocs build --strict

clean:  ## everything that the targets above made
	rm -rf $(VENV) $(COMPAT) demo-run site dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# torch comes first and by itself: a range in another package's needs must not pick a build with a GPU runtime.
define environment
	$(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --constraint $(2) --upgrade pip
	$(1)/bin/python -m pip install --quiet --constraint $(2) torch
	$(1)/bin/python -m pip install --quiet --constraint $(2) --editable ".[all]" --group dev
	touch $(1)/.ready
endef

$(READY): pyproject.toml constraints.txt
	$(call environment,$(VENV),constraints.txt)

$(COMPAT_READY): pyproject.toml constraints-compat.txt
	$(call environment,$(COMPAT),constraints-compat.txt)
