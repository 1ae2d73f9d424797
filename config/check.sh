#!/bin/sh
# The gates of `make check`; run from the root with .venv/bin on the path. Each speaks for itself; all run, then the verdict.
set -u

failed=""
gate() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed, $name"
}

# Settings are read by mypy's plugin and by Django's own checks; nothing listens at these addresses and nothing is asked.
key=$(python -c 'import secrets; print(secrets.token_urlsafe(48))')
in_test() { env BREAKWATER_MODE=test SECRET_KEY="$key" DATABASE_URL=sqlite:// "$@"; }
in_production() {
    env BREAKWATER_MODE=production SECRET_KEY="$key" ALLOWED_HOSTS=console.example \
        DATABASE_URL=postgres://breakwater@127.0.0.1/breakwater "$@"
}

gate "ruff" ruff check .
gate "ruff format" ruff format --check .
gate "mypy" in_test mypy
gate "djlint" djlint templates --lint --quiet
gate "layers, templates, tree" python -m pytest -q tests/test_layering.py tests/test_templates.py tests/test_tree.py
gate "migrations" in_test python manage.py makemigrations --check --dry-run
gate "production settings" in_production python manage.py check --deploy --fail-level WARNING

echo "== worth a second look (informative)"
python -m tests.sizes

if [ -n "$failed" ]; then
    echo "make check failed: ${failed#, }"
    exit 1
fi
echo "make check passed"
