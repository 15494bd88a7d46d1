# make help lists the targets. Nothing but python3 (3.11 or newer) has to be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?=
BENCH ?=
TESTS ?= tests
PYTEST ?= -n 2

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint screenshots chaos bench-x12 bench-flow bench-desk bench-api bench-archive bench-scorecard lock clean

help:
	@echo "make demo    one order, there and back: starts everything, prints an address and logins"
	@echo "make test    lint and all tests (TESTS=path for some of them)"
	@echo "make lint    style, types, layers, migrations, deployment checks"
	@echo "make screenshots  every page, light and dark, as pictures in .data/screenshots; five of them for README"
	@echo "make chaos   the tests that kill and race, at full size"
	@echo "make setup   what the others do first: .venv, requirements, private database"
	@echo "make bench-x12  how fast X12 is read, validated, mapped and written, beside other engines"
	@echo "make bench-flow how many documents a second go the whole way (ORDERS=150)"
	@echo "make bench-desk how fast Find, orders and lists answer on a million documents (DOCUMENTS=1000000)"
	@echo "make bench-api  how fast any page of the API answers on the same, and what a CSV of it takes (DOCUMENTS=1000000)"
	@echo "make bench-archive  what a full archive costs: intake, Find, copies, seals (DOCUMENTS=1000000)"
	@echo "make bench-scorecard  how fast the scorecard of 1,000, 5,000 and 20,000 purchase orders is counted"
	@echo "make lock    resolve requirements*.in anew"

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Gridport needs Python 3.11 or newer; %s is %s. Say which to use: make PYTHON=python3.11 ..." % (sys.executable, sys.version.split()[0]))'
	@echo "Making $(VENV) ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# Installed again only when the locked list changes; the development list contains the other.
$(VENV)/installed: requirements.txt $(VENV)/made
	@[ -f $(VENV)/installed-dev ] || echo "Installing the locked requirements (about a minute the first time) ..." >&2
	@[ -f $(VENV)/installed-dev ] || $(BIN)/pip install --quiet --require-hashes -r requirements.txt >&2
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/made
	@echo "Installing the locked requirements and the development tools (about a minute the first time) ..." >&2
	@$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt >&2
	@touch $@ $(VENV)/installed

setup: $(VENV)/installed
	@if [ -z "$$DATABASE_URL" ]; then $(BIN)/python manage.py localdb start; fi
	@$(BIN)/python manage.py migrate --verbosity 0
	@echo "Ready. Next: make demo" >&2

demo: $(VENV)/installed
	@$(BIN)/python manage.py demo $(DEMO)

lint: $(VENV)/installed-dev
	@if [ -z "$$DATABASE_URL" ]; then $(BIN)/python manage.py localdb start; fi
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy portal integration archive partners
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run --verbosity 0
	$(BIN)/python manage.py deploycheck

test: lint
	$(BIN)/python -m pytest $(PYTEST) $(TESTS)

screenshots: $(VENV)/installed-dev
	@mkdir -p .data/screenshots
	GRIDPORT_SCREENSHOTS=$(CURDIR)/.data/screenshots $(BIN)/python -m pytest -q tests/browser/test_everyone.py -k every_page
	$(BIN)/python -m tests.browser.readme_pictures .data/screenshots

chaos: $(VENV)/installed-dev
	GRIDPORT_CHAOS=1 $(BIN)/python -m pytest -m chaos tests

bench-x12: $(VENV)/installed-dev
	@$(BIN)/python -m tests.benchmarks.bench_x12 $(BENCH)

bench-flow: $(VENV)/installed-dev
	@$(BIN)/python -m pytest -q -s tests/benchmarks/bench_flow.py

bench-desk: $(VENV)/installed-dev
	@if [ -z "$$DATABASE_URL" ]; then $(BIN)/python manage.py localdb start; fi
	@$(BIN)/python -m tests.benchmarks.bench_desk

bench-api: $(VENV)/installed-dev
	@if [ -z "$$DATABASE_URL" ]; then $(BIN)/python manage.py localdb start; fi
	@$(BIN)/python -m tests.benchmarks.bench_api

bench-archive: $(VENV)/installed-dev
	@if [ -z "$$DATABASE_URL" ]; then $(BIN)/python manage.py localdb start; fi
	@$(BIN)/python -m tests.benchmarks.bench_archive

bench-scorecard: $(VENV)/installed-dev
	@if [ -z "$$DATABASE_URL" ]; then $(BIN)/python manage.py localdb start; fi
	@$(BIN)/python -m tests.benchmarks.bench_scorecard

lock: $(VENV)/installed-dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt

clean:
	@if [ -x $(BIN)/python ]; then $(BIN)/python manage.py localdb stop; fi
	rm -rf $(VENV) .data .mypy_cache .ruff_cache .pytest_cache .hypothesis
