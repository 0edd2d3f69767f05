# make run | test | check | bench | shots | messages | lock | clean
# Two commands are enough for a visitor: `make run` and `make test`. Both start from a machine with Python 3.11-3.13.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := run

PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8501
NAME ?=
PYTEST_ARGS ?=
PY := $(VENV)/bin/python
# The fast tests run abreast, a file at a time, and so do slow ones that only compute; what measures times, starts
# servers or kills processes goes one by one.
FAST := "(not slow and not browser and not gpu)"
ABREAST := -n logical --maxprocesses 4 --dist loadfile
COMPUTING := tests/data tests/intake tests/tasks tests/training tests/ui
CODE := app.py core pages bench tests

# Stamps live inside the environment, so that deleting the folder forgets them too.
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed

# A developer's environment holds all of the run-time lock, so a current DEV stamp makes the RUNTIME stamp current.
$(RUNTIME): requirements.txt requirements/uv.txt requirements/install.sh
	bash requirements/install.sh "$(PYTHON)" "$(VENV)" requirements.txt
	rm -f "$(DEV)"
	touch "$(RUNTIME)"

$(DEV): requirements-dev.txt requirements/uv.txt requirements/install.sh
	bash requirements/install.sh "$(PYTHON)" "$(VENV)" requirements-dev.txt
	touch "$(RUNTIME)" "$(DEV)"

.PHONY: run
run: $(RUNTIME)  ## Install what is missing, start the server and print its address.
	echo "Vitrine: http://$(HOST):$(PORT)  (Ctrl+C stops it)"
	exec $(PY) -m streamlit run app.py --server.address "$(HOST)" --server.port "$(PORT)" \
		--server.headless true --server.fileWatcherType none

.PHONY: static
static: $(DEV)  ## Format, lint, strict types.
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m ruff check $(CODE)
	$(PY) -m mypy

.PHONY: check
check: static  ## Static checks, architecture and the fast tests.
	$(PY) -m pytest -m $(FAST) $(ABREAST) $(PYTEST_ARGS)

.PHONY: test
test: static  ## Everything that must pass.
	$(PY) -m pytest -m $(FAST) $(ABREAST) $(PYTEST_ARGS)
	$(PY) -m pytest -m "not "$(FAST) $(ABREAST) $(PYTEST_ARGS) $(COMPUTING)
	$(PY) -m pytest -m "not "$(FAST) $(PYTEST_ARGS) $(addprefix --ignore=,$(COMPUTING))

.PHONY: bench
bench: $(DEV)  ## All side-by-side measurements, or one: make bench NAME=start.
	VITRINE_LOG_LEVEL=WARNING $(PY) -m core bench $(if $(NAME),$(NAME),all)

.PHONY: shots
shots: $(DEV)  ## Screenshots of every page, light and dark, wide and narrow, en and zh, into shots/.
	$(PY) -m bench.shots shots

.PHONY: messages
messages: $(DEV)  ## Extract the messages, merge them into every catalogue, compile the catalogues.
	mkdir -p build
	$(PY) -m babel.messages.frontend extract -F babel.cfg -k t -k N_ -k told --no-location --sort-output \
		--project Vitrine -o build/vitrine.pot .
	$(PY) -m babel.messages.frontend update -D vitrine -d assets/locales -i build/vitrine.pot \
		--no-fuzzy-matching --ignore-obsolete
	$(PY) -m core.ui.extraction

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --quiet \
	--annotation-style line --custom-compile-command "make lock"
.PHONY: lock
lock: $(DEV)  ## Resolve the locks again; LOCK_ARGS=--upgrade takes newer versions.
	$(VENV)/bin/python -m $(LOCK) $(LOCK_ARGS) requirements/runtime.in -o requirements.txt
	$(VENV)/bin/python -m $(LOCK) $(LOCK_ARGS) requirements/dev.in -o requirements-dev.txt
	$(VENV)/bin/python -m $(LOCK) $(LOCK_ARGS) requirements/uv.in -o requirements/uv.txt
	$(VENV)/bin/python -m $(LOCK) $(LOCK_ARGS) requirements/ray.in -o requirements/ray.txt

.PHONY: clean
clean:  ## Remove the environment and what the checks leave behind; never what visitors made.
	rm -rf "$(VENV)" build shots .mypy_cache .ruff_cache .pytest_cache
