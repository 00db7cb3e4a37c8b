# Catchment. Needs python3 (3.11 or later) and make; everything else comes into .venv.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export UV_PYTHON_DOWNLOADS := never
# Where it is set, as in many images, each process compiles all of its modules anew
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)
UV = $(BIN)/uv
LOCKED := $(VENV)/installed-lock
STAMP := $(VENV)/installed
WORKERS ?= 2
# For example SIMULATE="--events 500000 --days 30 --seed 11"; see `catchment simulate --help`
SIMULATE ?=

.DEFAULT_GOAL := help
.PHONY: help install run up down status test tests-in-airflow tests-besides lint bench \
	samples soak emulators chromium lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done

install: $(STAMP) ## the virtual environment, from requirements.lock (hashes checked)

$(LOCKED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Catchment needs Python 3.11 to 3.13; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11") if not (3, 11) <= sys.version_info < (3, 14) else 0'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^[^ #]/ {uv = /^uv==/} uv' requirements.lock > $(VENV)/uv.lock
	@echo "installing what requirements.lock names (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	@touch $@

$(STAMP): $(LOCKED) pyproject.toml
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

run: $(STAMP) ## a simulated organisation through the real DAGs, to findings and a dashboard; ends by itself
	@$(BIN)/python -m infra.local.airflow run --simulate "$(SIMULATE)"

up: $(STAMP) ## the same, and leave Airflow running; prints its URL
	@$(BIN)/python -m infra.local.airflow up --simulate "$(SIMULATE)"

down: ## stop what `make up` or `make run` started
	@if test -x $(BIN)/python; then $(BIN)/python -m infra.local.airflow down; fi

status: $(STAMP) ## what runs, and what waits in the lake
	@$(BIN)/python -m infra.local.airflow status

emulators: $(STAMP) ## the stores' emulators that come from npm, into tests/emulators
	@if test -f tests/emulators/package.json; then $(MAKE) --no-print-directory tests/emulators/node_modules/.installed; fi

# npm from the system, else the one that came with the virtual environment
tests/emulators/node_modules/.installed: tests/emulators/package-lock.json $(STAMP)
	@cd tests/emulators && $$(command -v npm || echo $(CURDIR)/$(BIN)/npm) ci --no-audit --no-fund --loglevel=error
	@touch $@

chromium: ## the browser in which tests look at the dashboard, from the system's packages
	@command -v chromium > /dev/null || { \
		if test "$$(id -u)" = 0 && command -v apt-get > /dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium > /dev/null; \
		else echo "tests look at the dashboard in chromium: install it (apt-get install chromium)" >&2; exit 1; fi; }

lint: $(STAMP) ## ruff, mypy, import-linter, dbt parse, sqlfluff
	ruff check .
	ruff format --check .
	mypy transforms
	lint-imports
	cd dbt_project && dbt --quiet --warn-error parse --profiles-dir .
	PYTHONWARNINGS=ignore::UserWarning:multiprocessing.resource_tracker sqlfluff lint --processes $(WORKERS) dbt_project/models

# The tests in Airflow measure how long an object takes to become a finding: nothing runs beside them.
test: $(STAMP) emulators chromium lint ## lint and the whole suite
	@$(MAKE) --no-print-directory --keep-going tests-in-airflow tests-besides

tests-in-airflow:
	pytest -q tests/e2e/test_airflow.py

tests-besides:
	pytest -q -n $(WORKERS) --dist loadgroup --ignore tests/e2e/test_airflow.py tests

bench: $(STAMP) ## speed, as ratios in one run; writes the table that the README links
	pytest -q -s --no-header tests/benchmarks -m bench

samples: $(STAMP) ## what the real samples beside the checkout become, written anew to tests/samples
	CATCHMENT_WRITE_SAMPLES=1 pytest -q tests/integration/test_real_samples.py

soak: $(STAMP) ## the long runs: memory over gigabytes, kill tests over many seeds
	pytest -q -s --no-header tests -m soak

lock: $(STAMP) ## resolve again and rewrite requirements.lock
	$(UV) pip compile --quiet --universal --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate --group dev pyproject.toml -o requirements.lock
	@! grep -nE '://|^-' requirements.lock

clean: down ## remove everything that was built here, the simulated lake included
	rm -rf $(VENV) .run tests/emulators/node_modules dbt_project/target dbt_project/logs *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
