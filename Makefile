# make demo, make test: all a newcomer needs. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help setup reference demo test check format catalogue vendor lock bench chaos clean

PYTHON ?= $(shell for name in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
BIN := .venv/bin
STAMP := .venv/.set-up
BENCHMARKS := bulletin main_job send round_trip plan reading events returned report api console contacts crash
PO := $(wildcard mailer/locale/*/LC_MESSAGES/mailer.po)

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "make %-10s %s\n", $$1, $$2}'

setup: $(STAMP) ## a virtual environment in .venv with what the lock names; quick when nothing changed
	@$(BIN)/python hatch_build.py

$(STAMP): requirements-dev.lock pyproject.toml hatch_build.py
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: apt install python3 (or brew install python)"; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is needed: apt install python3-venv"; exit 1; }
	@echo "setting up .venv (once; about a minute)"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## the whole job here and now: bulletin, lists, SMTP server, report
	@$(BIN)/mailer demo

test: setup ## every test; what a missing system package prevents is said in one line
	@$(BIN)/python -m pytest -q -n auto --dist worksteal

check: setup ## format, lint, strict types, the import contracts, the lock files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --config pyproject.toml
	@$(BIN)/python tests/lock_files.py requirements.lock requirements-dev.lock

format: setup ## format the code and mend what lint can mend
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

reference: setup ## write docs/config.md and config.zh.md from the settings themselves
	@$(BIN)/python -m tests.config_reference > docs/config.md
	@$(BIN)/python -m tests.config_reference zh_CN > docs/config.zh.md

catalogue: setup ## gather every sentence for translation into mailer/locale
	@$(BIN)/pybabel --quiet extract --sort-by-file --no-wrap --add-location=file -k N_ -k ngettext:1,2 -F mailer/locale/babel.cfg \
		--project=jianbao-mailer --copyright-holder="The Jianbao developers" -o mailer/locale/mailer.pot .
	@$(BIN)/pybabel --quiet update --no-wrap --ignore-pot-creation-date -D mailer -i mailer/locale/mailer.pot -d mailer/locale -l zh_CN

vendor: setup ## fetch anew what the console's pages use from others (mailer/web/vendored.toml), by npm
	@$(BIN)/python -m tests.vendor

lock: setup ## rewrite the lock files from pyproject.toml; names no index and no path
	@PIP_CONFIG_FILE=/dev/null $(BIN)/pip-compile --quiet --no-emit-index-url --no-emit-find-links --generate-hashes --strip-extras \
		--allow-unsafe -o requirements.lock pyproject.toml
	@PIP_CONFIG_FILE=/dev/null $(BIN)/pip-compile --quiet --no-emit-index-url --no-emit-find-links --generate-hashes --strip-extras \
		--allow-unsafe --extra dev -o requirements-dev.lock pyproject.toml

bench: setup ## the benchmarks; ratios within one run
	@for name in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$name || exit 1; done

chaos: setup ## the sender killed 30 times during 5,000 recipients, twice; about four minutes
	@$(BIN)/python -m benchmarks.crash --recipients 5000 --kills 30

clean: ## remove what a run or a set-up made
	@rm -rf .venv var build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find mailer tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
