# Two commands do all their own set-up with git, make and Python 3.11 or newer:  make demo   make test
# The rest: make check (the gates), make bench (figures), make lock (after editing pyproject.toml).

# What is imported is compiled once, beside the installed packages: a process starts in a third of the time.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/pycache

PY := .venv/bin/python
BIN := .venv/bin
WITH_DEMO := .venv/.demo-installed
WITH_TESTS := .venv/.tests-installed
PYTEST := $(PY) -m pytest
# Many tests wait for processes and simulated clusters: three times as many as the two cores this is measured on.
SIDE_BY_SIDE := -n 6 --dist loadfile --no-loadscope-reorder
LOCK := $(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet

.PHONY: demo test check bench lock format
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

# Everything once on a SQLite file, then whatever touches a database again on PostgreSQL.
test: $(WITH_TESTS)
	$(PYTEST) $(SIDE_BY_SIDE)
	TEST_DATABASE=postgres $(PYTEST) $(SIDE_BY_SIDE) -m database

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
