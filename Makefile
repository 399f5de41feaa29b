# Two commands on a fresh machine with Python >= 3.11, git and make:  make demo   and   make test
PYTHON ?= python3
VENV ?= .venv
INDEX ?=
APP ?= pipeline_app
TO := $(if $(INDEX),--to $(INDEX))
BIN := $(VENV)/bin
CARRACK := $(BIN)/carrack
TOOLS := packages/batch-params packages/carrack packages/codeartifact-local
ALL := $(TOOLS) packages/record-io packages/record-rules pipeline_app

.PHONY: help setup demo test test-all test-pythons lint status bump publish lock install image serve requirements clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  INDEX=NAME  the index, by its name in pyproject.toml [tool.carrack.indexes]"
	@echo "  APP=NAME    the app ($(APP)); PACKAGE=NAME LEVEL=patch|minor|major for bump"

setup: $(VENV)/.dev ## the development environment in $(VENV)

demo: $(VENV)/.tools ## everything, for real, on this machine: publish, lock, install, run
	@$(BIN)/codeartifact-local run --data .demo/index -- $(BIN)/python scripts/demo.py

test: $(VENV)/.dev ## the test suite
	@$(BIN)/python -m pytest -m "not slow and not docker" --numprocesses 2 --dist loadfile

test-all: $(VENV)/.dev test-pythons ## the slow suites: Docker, memory, and everything on the other Pythons here
	@$(BIN)/python -m pytest -m "slow or docker"

# python3.12 on PATH may be a shim for nothing, so each candidate is run; pyenv's versions are looked at too.
test-pythons:
	@for minor in 3.11 3.12 3.13; do \
	  for python in python$$minor "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$minor.*/bin/python; do \
	    "$$python" -c '' 2>/dev/null || continue; \
	    test "$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = $$minor && break; \
	    echo "== Python $$minor: make demo, make test"; \
	    $(MAKE) --no-print-directory demo test PYTHON="$$python" VENV=.venvs/$$minor || exit 1; \
	    break; \
	  done; \
	done

lint: $(VENV)/.dev ## formatting, rules and types
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

status: $(VENV)/.tools ## each package: version here, version on the index, what would happen and why
	@$(CARRACK) status $(TO)

bump: $(VENV)/.tools ## raise PACKAGE by LEVEL, and its dependents' pins
	@$(CARRACK) bump $(or $(PACKAGE),$(error say PACKAGE=NAME)) $(or $(LEVEL),patch)

publish: $(VENV)/.tools ## release what the index lacks: make publish INDEX=NAME
	@$(CARRACK) publish $(TO) $(PACKAGE)

lock: $(VENV)/.tools ## the app's lock, from the index
	@$(CARRACK) lock $(TO) --app $(APP)

install: $(VENV)/.tools ## the app's environment, from its lock and the index
	@$(CARRACK) install $(TO) --app $(APP)

# An index on loopback is reached through the host's network. Proxies and certificates of this shell reach the build;
# Docker keeps neither (proxy arguments are not recorded, secrets are mounts).
image: $(VENV)/.tools ## the app's image, from its lock; the token is in no layer, argument or file
	@url=$$($(CARRACK) index url $(TO)) && secret=$$($(CARRACK) token $(TO) --netrc -) && \
	certificates=$${AWS_CA_BUNDLE:-$${REQUESTS_CA_BUNDLE:-$$SSL_CERT_FILE}} && \
	case $$url in http://127.*) network=--network=host;; esac && \
	CARRACK_NETRC="$$secret" DOCKER_BUILDKIT=1 docker build $$network --secret id=netrc,env=CARRACK_NETRC \
	  $${certificates:+--secret id=certificates,src="$$certificates"} \
	  --build-arg HTTP_PROXY --build-arg HTTPS_PROXY --build-arg NO_PROXY \
	  --build-arg INDEX_URL="$$url" $(if $(BASE_IMAGE),--build-arg BASE_IMAGE=$(BASE_IMAGE)) --tag $(APP) .

serve: $(VENV)/.tools ## a local index to try things on; paste what it prints into another terminal
	@$(BIN)/codeartifact-local serve --data .codeartifact-local

requirements: ## pin the development environment's requirements anew
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python scripts/pin_requirements.py

clean: ## remove environments, the demo, and everything else that can be made again
	rm -rf .venv .venvs .demo .carrack dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.tools: scripts/set_up.py requirements-tools.txt $(TOOLS:=/pyproject.toml) | $(VENV)/bin/python
	@echo "Setting up $(VENV)" >&2
	@$(BIN)/python scripts/set_up.py requirements-tools.txt $(TOOLS)
	@touch $@

$(VENV)/.dev: $(VENV)/.tools requirements-dev.txt $(ALL:=/pyproject.toml)
	@$(BIN)/python scripts/set_up.py requirements-dev.txt $(ALL)
	@touch $@
