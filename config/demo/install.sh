#!/bin/sh
# Makes .venv and installs hash-checked requirements into it:  sh config/demo/install.sh requirements.txt
# Writes inside the checkout alone: package caches stay in .venv. uv is quick; pip is the fallback where uv is missing or fails.
set -eu

requirements=$1
say() { echo "set-up: $*" >&2; }

suitable() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
        if suitable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    say "no Python 3.11 or newer with venv was found (on Debian: apt install python3-venv); name one with PYTHON=..."
    exit 1
}

# A checkout that was moved, or whose Python was upgraded away, leaves a .venv that does not run.
if ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
    say "making .venv"
    "$(find_python)" -m venv --clear .venv
fi
python=$PWD/.venv/bin/python

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
export UV_CACHE_DIR="${UV_CACHE_DIR:-$PWD/.venv/cache}"
# uv reads none of pip's configuration, so a mirror or a certificate named there is handed on.
index=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
if [ -n "$index" ]; then export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"; fi
if [ -n "${PIP_CERT:-}" ]; then export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"; fi

with_uv() {
    if ! "$python" -m uv --version >/dev/null 2>&1; then
        "$python" -m pip install --quiet --require-hashes -r requirements-setup.txt || return 1
    fi
    "$python" -m uv pip install --quiet --python "$python" --require-hashes -r "$requirements"
}

say "installing $requirements"
if ! with_uv; then
    say "uv could not install it; trying pip, which is slower"
    "$python" -m pip install --quiet --require-hashes -r "$requirements"
fi
