# Two commands on a fresh machine with Python >= 3.11, git and make:  make demo   and   make test
PYTHON ?= python3
VENV ?= .venv
INDEX ?=
APP ?= pipeline_app
TO := $(if $(INDEX),--to $(INDEX))
BIN := $(VENV)/bin
CARRACK := $(BIN)/carrack
TESTS := tests
# Of other Pythons: what our code does there, not what the tools do that it starts, which are the same.
# The tools on the newest one too, which differs most from this one; what runs in images on all.
JOB_TESTS := tests/batch_params tests/pipeline_app tests/record_io tests/record_rules
TOOL_TESTS := tests/carrack tests/codeartifact_local
TOOLS := packages/batch-params packages/carrack packages/codeartifact-local
ALL := $(TOOLS) packages/record-io packages/record-rules pipeline_app

# An environment belongs to one folder and one Python: moved, copied, or asked for with another, it is made anew.
MADE_FOR := $(CURDIR) $(shell $(PYTHON) -c 'import sys; print(sys.base_prefix, "%d.%d.%d" % sys.version_info[:3])' 2>&1 | head -1)
ifneq ($(MADE_FOR),$(shell cat $(VENV)/.made-for 2>/dev/null))
$(VENV)/bin/python $(VENV)/.tools $(VENV)/.dev: remake
endif

.PHONY: remake help setup demo test test-all test-pythons lint status index bump publish lock install image serve requirements clients bench bench-index bench-backends bench-images bench-sources bench-status bench-params bench-pipeline fuzz clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  INDEX=NAME  the index, by its name in pyproject.toml [tool.carrack.indexes]"
	@echo "  APP=NAME    the app; pipeline_app if not said"
	@echo "  PACKAGE=NAME LEVEL=patch|minor|major  for bump; patch if no level is said"
	@echo "  PYTHON=PATH VENV=FOLDER               another Python, another environment"

setup: $(VENV)/.dev ## the development environment, in .venv

demo: $(VENV)/.tools ## everything, for real, on this machine: publish, lock, install, run
	@$(BIN)/codeartifact-local run --data .demo/index -- $(BIN)/python scripts/demo.py

test: $(VENV)/.dev ## the test suite
	@$(BIN)/python -m pytest $(TESTS) -m "not slow and not docker$(if $(PYTHON_TESTS_ONLY), and not registry)" --numprocesses 2 --dist loadfile

test-all: $(VENV)/.dev test-pythons ## the slow suites: Docker, memory, and the packages on the other Pythons here
	@$(BIN)/python -m pytest -m "slow and not docker" --numprocesses 2 --dist loadfile
	@$(BIN)/python -m pytest -m docker

# python3.12 on PATH may be a shim for nothing, so each candidate is run; pyenv's versions are looked at too.
test-pythons:
	@for minor in 3.11 3.12 3.13; do \
	  for python in python$$minor "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$minor.*/bin/python; do \
	    "$$python" -c '' 2>/dev/null || continue; \
	    test "$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = $$minor && break; \
	    tools=; test $$minor != 3.13 || tools=" $(TOOL_TESTS)"; \
	    echo "== Python $$minor: make demo, and the tests of what depends on Python"; \
	    $(MAKE) --no-print-directory demo test TESTS="$(JOB_TESTS)$$tools" PYTHON_TESTS_ONLY=1 PYTHON="$$python" VENV=.venvs/$$minor || exit 1; \
	    break; \
	  done; \
	done

lint: $(VENV)/.dev ## formatting, rules and types
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

status: $(VENV)/.tools ## each package: version here, version on the index, what would happen and why
	@$(CARRACK) status $(TO)

bump: $(VENV)/.tools ## raise PACKAGE by LEVEL, or what commits and change files ask for; and dependents' pins
	@$(CARRACK) bump $(if $(PACKAGE),$(PACKAGE) $(or $(LEVEL),patch),$(if $(INDEX),--index $(INDEX)))

index: $(VENV)/.tools ## make an index ready, the first day: domain, store, repositories
	@$(CARRACK) index create $(TO)

publish: $(VENV)/.tools ## release what the index lacks: make publish INDEX=NAME
	@$(CARRACK) publish $(TO) $(PACKAGE)

lock: $(VENV)/.tools ## the app's lock, from the index
	@$(CARRACK) lock $(TO) --app $(APP)

install: $(VENV)/.tools ## the app's environment, from its lock and the index
	@$(CARRACK) install $(TO) --app $(APP)

image: $(VENV)/.tools ## the app's image, from its lock: make image BASE_IMAGE=IMAGE builds on another one
	@$(CARRACK) image build $(TO) --app $(APP) --tag $(APP) $(if $(BASE_IMAGE),--base $(BASE_IMAGE))

serve: $(VENV)/.tools ## a local index to try things on; paste what it prints into another terminal
	@$(BIN)/codeartifact-local serve --data .codeartifact-local

requirements: ## pin the development environment's requirements anew
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python scripts/pin_requirements.py

clients: $(VENV)/.dev ## run the matrix of clients, and write docs/fidelity.md's table of what they did
	@$(BIN)/python -m pytest tests/clients --write-table

bench: $(VENV)/.dev ## builds and releases beside build, twine and uv: docs/benchmarks.md; ARGS=--quick, ARGS=--write
	@$(BIN)/python -m tests.bench.release $(ARGS)

bench-index: $(VENV)/.dev ## codeartifact-local beside pypiserver and devpi-server; ARGS=--quick, ARGS=--write
	@$(BIN)/python -m tests.bench.index $(ARGS)

bench-backends: $(VENV)/.dev ## four build backends, built twice, plainly and by carrack: the same bytes? ARGS=--write
	@$(BIN)/python -m tests.bench.backends $(ARGS)

bench-status: $(VENV)/.dev ## `carrack status` with 10, 100 and 1,000 packages, and its parts; ARGS=--quick, ARGS=--write
	@$(BIN)/python -m tests.bench.knowing $(ARGS)

bench-params: $(VENV)/.dev ## what loading a job's parameters takes, beside Python and pydantic alone; ARGS="--rounds 5"
	@$(BIN)/python -m tests.bench.params $(ARGS)

bench-images: $(VENV)/.dev ## the app's image beside one built the way guides do it: size, layers, seconds; ARGS=--write
	@$(BIN)/python -m tests.bench.images $(ARGS)

bench-pipeline: $(VENV)/.dev ## the job beside plain pyarrow and polars, and in shards; ARGS=--quick, ARGS=--write
	@$(BIN)/python -m tests.bench.pipeline $(ARGS)

bench-sources: $(VENV)/.dev ## the app's image with its packages from each source of code, and as guides do it; ARGS=--quick, ARGS=--write
	@$(BIN)/python -m tests.bench.sources $(ARGS)

fuzz: $(VENV)/.dev ## fuzz the upload's parser for SECONDS (60): bytes that crash it are left in .fuzz/
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --require-hashes -r tests/fuzz/requirements/atheris.txt
	@$(BIN)/python -m tests.fuzz $(or $(SECONDS),60)

# What nobody can make again: records of jobs and folders of those that run, what was pushed last, a bump's way back.
KEPT := jobs images.jsonl unfinished.json

clean: ## remove environments, the demo, and everything else that can be made again
	rm -rf .venv .venvs .clients .fuzz .demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	if [ -d .carrack ]; then find .carrack/ -mindepth 1 -maxdepth 1 $(KEPT:%=! -name %) -exec rm -rf {} +; fi
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python")'
	@if [ -f $(VENV)/pyvenv.cfg ]; then rm -rf $(VENV); fi
	@$(PYTHON) -m venv $(VENV)
	@echo "$(MADE_FOR)" >$(VENV)/.made-for

$(VENV)/.tools: scripts/set_up.py requirements-tools.txt $(TOOLS:=/pyproject.toml) | $(VENV)/bin/python
	@echo "Setting up $(VENV)" >&2
	@$(BIN)/python scripts/set_up.py requirements-tools.txt $(TOOLS)
	@touch $@

$(VENV)/.dev: $(VENV)/.tools requirements-dev.txt $(ALL:=/pyproject.toml)
	@$(BIN)/python scripts/set_up.py requirements-dev.txt $(ALL)
	@touch $@
