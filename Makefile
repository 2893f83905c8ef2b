# Everything a newcomer needs: `make demo` and `make test`. Each target creates what it needs; `make help` lists all.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEER_VENV := .venv-peer
PEER_STAMP := $(PEER_VENV)/.installed
TOOLS_VENV := .venv-tools
TOOLS_BIN := $(TOOLS_VENV)/bin
TOOLS_STAMP := $(TOOLS_VENV)/.installed
COMPILE := $(TOOLS_BIN)/uv pip compile --quiet
SBOM_VENV := build/sbom-venv
# Not quiet: pip says what it installs, so that nobody wonders whether anything happens.
INSTALL := -m pip install --disable-pip-version-check
# Many tests wait for a server or for time to pass: one process more than there are cores.
WORKERS := $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
MEASURED := tests/unit/hooks tests/unit/fhir_mappings
NOT_HERE := not real and not fuzz and not browser and not walk
# The revision that `make mutants` compares with.
BASE ?= main~1

.PHONY: help demo serve test coverage test-quick test-real test-browser test-fuzz test-walk soak kill-rounds lint format graph mutants bench \
	bench-peer bench-check burden docs lock sbom clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

$(STAMP): requirements.lock pyproject.toml
	@echo "Installing the packages of requirements.lock into $(VENV); about a minute"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) --require-hashes --requirement requirements.lock
	$(BIN)/python $(INSTALL) --no-deps --editable .
	@touch $@

demo: $(STAMP) ## sandbox, service and an EHR in one go; prints the cards (DEMO="--once")
	$(BIN)/calciphylaxis-cds demo $(DEMO)

serve: $(STAMP) ## the service for development, on loopback only
	$(BIN)/calciphylaxis-cds serve --dev

# The clinical rooms are measured, each by its own tests; to measure makes tests take three times as long.
test: $(STAMP) ## the tests that need nothing but Python, with coverage (PYTEST="-x -k words")
ifeq ($(PYTEST),)
	$(BIN)/python -m pytest -n auto -m "$(NOT_HERE)" $(MEASURED) --cov=hooks --cov=fhir_mappings --cov-report=
	$(BIN)/python -m coverage report --include="hooks/*,fhir_mappings/*" --fail-under=100
	$(BIN)/python -m pytest -n $(WORKERS) -m "$(NOT_HERE)" $(MEASURED:%=--ignore=%)
else
	$(BIN)/python -m pytest -n auto -m "$(NOT_HERE)" $(PYTEST)
endif

coverage: $(STAMP) ## how far the unit tests of the service cover it: at least 90 %; about twenty minutes
	$(BIN)/python -m pytest -n auto -m "$(NOT_HERE)" tests/unit --cov --cov-report=
	$(BIN)/python -m coverage report --include="cds_service/*" --fail-under=90

test-quick: $(STAMP) ## before each commit: each story in one dialect, the contract, the pure rooms
	$(BIN)/python -m pytest -q -n auto -m "$(NOT_HERE) and not thorough" \
		tests/vignettes tests/contract tests/unit/hooks tests/unit/fhir_mappings $(PYTEST)

test-real: $(STAMP) ## on HAPI FHIR (Java 17, Maven), also behind nginx, PostgreSQL, Redis, and as a wheel
ifeq ($(PYTEST),)
	$(BIN)/python -m pytest -n 2 tests/real -m "real and not alone"; first=$$?; \
		$(BIN)/python -m pytest tests/real -m "real and alone" && exit $$first
else
	$(BIN)/python -m pytest tests/real -m real $(PYTEST)
endif

test-browser: $(STAMP) ## the pages in a real browser (Chromium)
	$(BIN)/python -m pytest -n auto --dist loadfile tests/browser -m browser $(PYTEST)

test-fuzz: $(STAMP) ## 20,000 generated and 20,000 hostile requests, and a hostile FHIR server
	$(BIN)/python -m pytest -n auto tests/fuzz -m fuzz $(PYTEST)

test-walk: $(STAMP) ## a newcomer: the commands of README and docs/ typed in a fresh clone (ports 5000, 8090)
	$(BIN)/python -m pytest tests/walk -m walk $(PYTEST)

soak: $(STAMP) ## the hostile mixture for half an hour, then kill-rounds (SOAK="--hosts 2")
	$(BIN)/python -m bench.soak $(SOAK)
	$(BIN)/python -m bench.kill_rounds $(KILL)

kill-rounds: $(STAMP) ## kill -9 under load, 50 times on each database; nothing acknowledged is lost (KILL="--help")
	$(BIN)/python -m bench.kill_rounds $(KILL)

lint: $(STAMP) ## ruff and mypy
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --strict -p tests -p bench

format: $(STAMP) ## let ruff format the code and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

graph: ## the rooms of the house, their floors, and who imports whom
	@$(PYTHON) -m tests.house

# The tools have a virtual environment of their own, which keeps itself out of version control.
$(TOOLS_STAMP): requirements-tools.lock
	$(PYTHON) -m venv $(TOOLS_VENV)
	@echo '*' > $(TOOLS_VENV)/.gitignore
	$(TOOLS_BIN)/python $(INSTALL) --require-hashes --requirement requirements-tools.lock
	@touch $@

mutants: $(STAMP) $(TOOLS_STAMP) ## would the tests notice a fault in the rules changed since BASE=main~1?
	$(BIN)/python -m tests.mutants --base $(BASE) --cosmic-ray $(TOOLS_BIN)/cosmic-ray $(MUTANTS)

bench: $(STAMP) ## what a request costs, beside a constant Flask route (BENCH="--quick")
	$(BIN)/python -m bench $(BENCH)

# The peer has a virtual environment of its own, which keeps itself out of version control.
$(PEER_STAMP): bench/peer-requirements.txt
	$(PYTHON) -m venv $(PEER_VENV)
	@echo '*' > $(PEER_VENV)/.gitignore
	$(PEER_VENV)/bin/python $(INSTALL) --requirement bench/peer-requirements.txt
	@touch $@

bench-peer: $(STAMP) $(PEER_STAMP) ## what a request costs, beside the same kind of service built with HealthChain
	$(BIN)/python -m bench.peer $(BENCH)

bench-check: $(STAMP) ## has a request become dearer? Counted, not timed
	$(BIN)/python -m bench.instructions

burden: $(STAMP) ## how often the rules speak in 2,000 synthetic charts (BURDEN="--charts 500")
	$(BIN)/python -m cds_service.demo.burden_report $(BURDEN)

# The variable keeps the theme from telling of its successor.
docs: $(STAMP) $(TOOLS_STAMP) ## the documents as a site in build/site; every link of it is tried
	NO_MKDOCS_2_WARNING=1 $(TOOLS_BIN)/mkdocs build
	$(BIN)/python -m tests.docs_site build/site

# The second file holds what the service needs with PostgreSQL and Redis, for the container and the bill of materials.
lock: $(TOOLS_STAMP) ## write the lock files anew, with hashes (LOCK="--upgrade" for newer versions)
	$(COMPILE) $(LOCK) --all-extras --output-file requirements.lock pyproject.toml
	$(COMPILE) --constraint requirements.lock --extra postgres --extra redis --output-file requirements-service.lock pyproject.toml
	$(COMPILE) $(LOCK) --group tools --output-file requirements-tools.lock

# Without pip in it: the list names what the service needs and nothing else.
sbom: $(STAMP) $(TOOLS_STAMP) ## what the service is made of, as a CycloneDX list in dist/sbom.json
	$(PYTHON) -m venv --clear --without-pip $(SBOM_VENV)
	$(BIN)/python -m pip --python $(SBOM_VENV)/bin/python install --disable-pip-version-check \
		--require-hashes --requirement requirements-service.lock
	@mkdir -p dist
	$(TOOLS_BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file dist/sbom.json \
		$(SBOM_VENV)/bin/python

clean: ## remove what the other targets made
	rm -rf $(VENV) $(PEER_VENV) $(TOOLS_VENV) build dist *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache \
		.pytest_cache .hypothesis
