"""Finding every process that a test started, however far it went from home."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

MARK = "BREAKWATER_TEST_MARK"


def marked(env: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    """An environment that every descendant inherits, and what to look for in it."""
    value = secrets.token_hex(16)
    return {**env, MARK: value}, f"{MARK}={value}".encode()


def living(mark: bytes) -> list[str]:
    """The command lines of all running processes with this mark. A zombie has no environment left, so it is gone."""
    return [_command(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _has(entry, mark)]


def pids(mark: bytes, *words: str) -> list[int]:
    """The marked processes whose command line holds all of `words`, oldest first."""
    found = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and _has(entry, mark)]
    return sorted(int(entry.name) for entry in found if all(word in _command(entry) for word in words))


def _has(entry: Path, mark: bytes) -> bool:
    try:
        return mark in (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _command(entry: Path) -> str:
    try:
        return f"{entry.name} {(entry / 'cmdline').read_bytes().replace(bytes(1), b' ').decode(errors='replace')}"
    except OSError:
        return entry.name


def without_test_settings() -> dict[str, str]:
    """This process's environment less what the test run set in it: what a person's shell holds."""
    ours = {"BREAKWATER_MODE", "SECRET_KEY", "DATABASE_URL", "INVENTORY_FILE", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("MAKE")}
