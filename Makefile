# Hounsfield. `make run` starts a PACS with demo studies; `make test` runs every test.
SHELL := /bin/bash
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEB_OUT := src/hounsfield/servers/webapi/static
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help run build test check conformance bench prove gallery lock wheel clean test-tools

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## start a PACS with demo studies
	@$(BIN)/hounsfield demo --data-dir var/demo

build: $(VENV)/.installed $(WEB_OUT)/.built ## all that `run` needs, without starting

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.python requirements/runtime.txt pyproject.toml
	@echo "Installing Python packages (once; a few minutes)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements/dev.txt
	@echo "Installing development packages (once)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer"; exit 1; }
	@echo "Installing web packages (once)"
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB_OUT)/.built: web/node_modules/.installed $(WEB_SOURCES)
	@echo "Building the web app"
	@cd web && npm run --silent build
	@touch $@

tests/peers/dcmjs/node_modules/.installed: tests/peers/dcmjs/package.json tests/peers/dcmjs/package-lock.json
	@cd tests/peers/dcmjs && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# 200 MB: only for the proofs.
tests/peers/ohif/node_modules/.installed: tests/peers/ohif/package.json tests/peers/ohif/package-lock.json
	@cd tests/peers/ohif && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

test-tools: $(VENV)/.installed-dev tests/peers/dcmjs/node_modules/.installed ## install what the tests need, from Debian and npm
	@tools/install_test_tools.sh

# The tests' own byte code is kept, whatever the environment says of it: each of eight processes would compile some 600 modules anew.
test: export PYTHONDONTWRITEBYTECODE =
test: build test-tools ## every test; those of whole servers on PostgreSQL and on SQLite
	@cd web && npm run --silent test
	@# Hundreds of processes are started: each would compile anew what an environment without byte code (PYTHONDONTWRITEBYTECODE) does not keep.
	@$(BIN)/python -m compileall -q src
	@HOUNSFIELD_TEST_DATABASE=postgresql $(BIN)/pytest -q -n 3 --dist worksteal -m 'not prove and not no_database' tests/integration tests/fuzz tests/prove
	@# The browser's driver keeps an event loop in its process, which tests of coroutines cannot share.
	@$(BIN)/pytest -q -n 2 --dist worksteal tests/e2e
	@$(BIN)/pytest -q -n 3 --dist worksteal --ignore tests/e2e

check: $(VENV)/.installed-dev web/node_modules/.installed ## lint, types, layers; web lint and types
	@$(BIN)/ruff check src tests tools bench
	@$(BIN)/ruff format --check src tests tools bench
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd web && npm run --silent check

conformance: $(VENV)/.installed-dev ## judge a DICOMweb server: URL=http://host:port/dicom-web [TOKEN=...] [USER_PASSWORD=name:password] [REPORT=path]
	@[ -n "$(URL)" ] || { echo "make conformance URL=http://host:port/dicom-web [TOKEN=...]"; exit 1; }
	@HOUNSFIELD_CONFORMANCE_URL="$(URL)" HOUNSFIELD_CONFORMANCE_TOKEN="$(TOKEN)" HOUNSFIELD_CONFORMANCE_USER="$(USER_PASSWORD)" \
	  HOUNSFIELD_CONFORMANCE_REPORT="$(or $(REPORT),var/conformance/results)" $(BIN)/pytest -q -rfE tests/conformance

bench: build test-tools ## the benchmark, side by side with Orthanc
	@tools/install_bench_tools.sh
	@$(BIN)/python -m bench; missed=$$?; $(BIN)/python -m bench.million && exit $$missed

prove: build test-tools tests/peers/ohif/node_modules/.installed ## the long proofs: kills, power cuts, large objects, hostile requests, OHIF, videos
	@tools/install_test_tools.sh ffmpeg || echo "Without ffmpeg, videos are not proved."
	@$(BIN)/pytest -m prove --timeout 3600

gallery: build test-tools ## take the pictures of docs/gallery anew, as the browser tests go
	@tools/install_test_tools.sh fonts-droid-fallback || echo "Without fonts-droid-fallback, Chinese and Korean names are boxes."
	@rm -f docs/gallery/*.webp
	@HOUNSFIELD_GALLERY=$(CURDIR)/docs/gallery $(BIN)/pytest -q -n 2 --dist worksteal tests/e2e
	@$(BIN)/python tools/write_gallery_page.py

wheel: build $(VENV)/.installed-dev ## a wheel that carries the built web app
	@$(BIN)/python -m build --wheel --no-isolation

lock: $(VENV)/.installed-dev ## pin the newest versions with hashes
	@tools/lock.sh

clean: ## remove what was built
	rm -rf $(VENV) web/node_modules web/dist $(WEB_OUT) dist var
