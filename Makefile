# Everything a newcomer needs: `make demo` and `make test`. Each target creates what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEER_VENV := .venv-peer
PEER_STAMP := $(PEER_VENV)/.installed

.PHONY: demo serve test test-real test-browser test-fuzz soak lint format bench bench-peer bench-check lock clean help

help:
	@echo "make demo       sandbox, service and an EHR in one go; prints the cards"
	@echo "make test       the tests that need nothing but Python"
	@echo "make test-real  the tests against real servers: HAPI FHIR (Java 17, Maven), PostgreSQL, Redis"
	@echo "make test-browser  the pages in a real browser (Chromium)"
	@echo "make test-fuzz  20,000 generated and 20,000 hostile requests"
	@echo "make soak       the hostile mixture for longer"
	@echo "make lint       ruff and mypy"
	@echo "make bench      what a request costs, beside a constant Flask route"
	@echo "make bench-peer  beside the same kind of service built with HealthChain"
	@echo "make bench-check  has a request become dearer? Counted, not timed"
	@echo "make lock       renew requirements.lock"

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: $(STAMP)
	$(BIN)/calciphylaxis-cds demo $(DEMO)

serve: $(STAMP)
	$(BIN)/calciphylaxis-cds serve --dev

test: $(STAMP)
	$(BIN)/python -m pytest -n auto -m "not real and not fuzz and not browser" --cov --cov-report= $(PYTEST)
	$(BIN)/python -m coverage report --include="hooks/*,fhir_mappings/*" --fail-under=100
	$(BIN)/python -m coverage report --include="cds_service/*" --fail-under=90

test-real: $(STAMP)
	$(BIN)/python -m pytest tests/real -m real $(PYTEST)

test-browser: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist loadfile tests/browser -m browser $(PYTEST)

test-fuzz: $(STAMP)
	$(BIN)/python -m pytest -n auto tests/fuzz -m fuzz $(PYTEST)

soak: $(STAMP)
	$(BIN)/python -m bench.soak $(SOAK)

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --strict -p tests -p bench

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python -m bench $(BENCH)

# The peer has a virtual environment of its own, which keeps itself out of version control.
$(PEER_STAMP): bench/peer-requirements.txt
	$(PYTHON) -m venv $(PEER_VENV)
	@echo '*' > $(PEER_VENV)/.gitignore
	$(PEER_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement bench/peer-requirements.txt
	@touch $@

bench-peer: $(STAMP) $(PEER_STAMP)
	$(BIN)/python -m bench.peer $(BENCH)

bench-check: $(STAMP)
	$(BIN)/python -m bench.instructions

lock: $(STAMP)
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) $(PEER_VENV) build dist *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
