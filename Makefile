# Two commands do all their own set-up with git, make and Python 3.11 or newer:  make demo   make test
# The rest: make check (the gates), make faults (runbooks under faults), make bench (figures), make lock (after editing
# pyproject.toml).

# What is imported is compiled once, beside the installed packages: a process starts in a third of the time.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/pycache

PY := .venv/bin/python
BIN := .venv/bin
WITH_DEMO := .venv/.demo-installed
WITH_TESTS := .venv/.tests-installed
PYTEST := $(PY) -m pytest
# Many tests wait for processes and simulated clusters: three times as many as the two cores this is measured on.
SIDE_BY_SIDE = -n 6 --dist loadfile --no-loadscope-reorder
RUNS ?= 200
LOCK := $(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet

.PHONY: demo test test-main test-browser test-faults test-domain drills forced faults check bench lock format
.DEFAULT_GOAL := demo

$(WITH_DEMO): requirements.txt requirements-setup.txt config/demo/install.sh
	@sh config/demo/install.sh requirements.txt
	@touch $@

$(WITH_TESTS): requirements-dev.txt requirements-setup.txt config/demo/install.sh
	@sh config/demo/install.sh requirements-dev.txt
	@touch $@ $(WITH_DEMO)

# exec: Ctrl-C and SIGTERM reach the supervisor itself, with no shell in between.
demo: $(WITH_DEMO)
	@exec $(PY) -m config.demo

# In four groups, each once on a SQLite file, and then whatever touches a database again on PostgreSQL; and then every
# guard and check lies once, and is found out.
test: test-main test-browser test-faults test-domain forced

test-main: GROUP := not browser and not faults and not domain
test-browser: GROUP := browser
test-faults: GROUP := faults
test-domain: GROUP := domain
test-domain: WHERE := tests/drills tests/runbooks/engine/test_whole_runbooks.py
# Each file of these has a whole installation beside its browsers: six would do little but keep themselves alive.
test-browser: SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder
# These wait most of the time, and few of a file share anything.
test-faults test-domain: SIDE_BY_SIDE := -n 8 --dist load
test-main test-browser test-faults test-domain: $(WITH_TESTS)
	$(PYTEST) $(SIDE_BY_SIDE) -m "$(GROUP)" $(WHERE)
	TEST_DATABASE=postgres $(PYTEST) $(SIDE_BY_SIDE) -m "database and $(GROUP)" $(WHERE)

# Every shipped runbook in every mode, and every fault at every kind of step that sends. Not yet part of `make test`: it
# has not been seen whole and green at once.
drills: SIDE_BY_SIDE := -n 8 --dist load
drills: $(WITH_TESTS)
	$(PYTEST) $(SIDE_BY_SIDE) -m domain tests/domain
	TEST_DATABASE=postgres $(PYTEST) $(SIDE_BY_SIDE) -m domain tests/domain

# Every guard and readiness check answers wrongly, one at a time: the tests that claim it must fail. CODES="R12 C04"
forced: $(WITH_TESTS)
	$(PY) -m tests.forced $(CODES)

# Whole runbooks while everything around them dies: make faults RUNS=200 SEED=7
faults: $(WITH_TESTS)
	$(PY) -m tests.faults --runs $(RUNS) $(if $(SEED),--seed $(SEED))

check: $(WITH_TESTS)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh config/check.sh

bench: $(WITH_TESTS)
	$(PY) -m tests.bench

format: $(WITH_TESTS)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(WITH_TESTS)
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	$(LOCK) --group setup -o requirements-setup.txt
