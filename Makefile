# make run   sets everything up, shows a scene and an answer, opens the screen
# make demo  the same without the screen (servers, CI)
# make test  sets everything up and runs the tests
# The first time takes minutes and about 2 GB of downloads; whatever is done is not done again.

SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: run demo test setup check lock clean

run: setup
	@test -f $(VENV)/.shown || { $(BIN)/loopai demo && touch $(VENV)/.shown; }
	@$(BIN)/loopai ui

demo: setup
	@$(BIN)/loopai demo

setup: $(VENV)/.installed
	@$(BIN)/loopai setup

test: $(VENV)/.tools
	@$(BIN)/loopai setup
	@sh tests/install_browser.sh
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest

check: $(VENV)/.tools
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo 'Python 3.11 이상이 필요합니다. 설치한 뒤 다시 해 주세요. (Python 3.11 or newer is needed.)'; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); echo 'venv를 만들 수 없습니다. Debian·Ubuntu에서는 python3-venv를 설치하세요.'; exit 1; }
	@echo '꾸러미를 설치합니다(처음 한 번, 몇 분)…'
	@$(PIP) install -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.tools: $(VENV)/.installed requirements-dev.lock requirements-oracles.lock
	@$(PIP) install -r requirements-dev.lock
	@$(PIP) install --no-deps -r requirements-oracles.lock
	@touch $@

# Writes both lock files from what pyproject.toml allows. "+cpu" and the like name one machine's build of torch.
COMPILE := $(BIN)/pip-compile -q --strip-extras --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock: $(VENV)/.tools
	@$(COMPILE) --build-deps-for editable -o requirements.lock pyproject.toml
	@$(COMPILE) --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@for lock in requirements.lock requirements-dev.lock; do \
		sed -i.old "s/^\\(torch==[0-9.]*\\)+.*/\\1/" $$lock && rm $$lock.old; done

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
