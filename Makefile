# `make demo` and `make test` need Python 3.11+ and nothing else; both build .venv on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test everything check format pictures clean

demo: $(VENV)/installed
	$(BIN)/kldiv explain 1,1,2,2,3 1,1,1,1,1,2,3,3,3,3 --base 2
	@echo
	$(BIN)/kldiv compare examples/data/flights-2013-07.parquet examples/data/flights-2013-01.parquet --base 2

test: $(VENV)/developing
	$(BIN)/python -m pytest

# Other frameworks and a browser's driver: tests that need one that is not there are skipped and say so.
everything: $(VENV)/everything

check: $(VENV)/developing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python tools/check_layers.py
	$(BIN)/python tools/check_wheel.py

format: $(VENV)/developing
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

pictures: $(VENV)/developing
	$(BIN)/python tools/draw_pictures.py

clean:
	rm -rf $(VENV) build dist

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("kldiv needs Python 3.11 or newer") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)

# Constraints pin every version; pip itself too, for it reads the dependency groups.
$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[tables]'
	touch $@

$(VENV)/developing: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev
	touch $@

$(VENV)/everything: $(VENV)/developing
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group frameworks --group browser
	touch $@
