"""What production refuses to start with, seen as an administrator sees it: `manage.py check` as a process."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from config.demo.children import ROOT
from tests.processes import without_test_settings

GOOD = {
    "SECRET_KEY": secrets.token_urlsafe(48),
    "ALLOWED_HOSTS": "console.example",
    "DATABASE_URL": "postgres://breakwater@127.0.0.1/breakwater",
}


def check(*, deploy: bool = False, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """`manage.py check` in production with the good environment, changed; None takes a name away."""
    env = {**without_test_settings(), **GOOD, **changes}
    return subprocess.run(
        [sys.executable, "manage.py", "check", *(["--deploy", "--fail-level", "WARNING"] if deploy else [])],
        cwd=ROOT,
        env={name: value for name, value in env.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_production_is_the_mode_nobody_has_to_ask_for_and_it_checks_clean() -> None:
    result = check(deploy=True)
    assert (result.returncode, result.stdout) == (0, "System check identified no issues (0 silenced).\n"), result.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "x" * 49}, "SECRET_KEY is too easy to guess"),
        ({"SECRET_KEY": "changeme"}, "SECRET_KEY is too easy to guess"),
        ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nowhere"}, "SECRET_KEY_FILE names /nowhere, which cannot be read"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS must name"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name"),
        ({"ALLOWED_HOSTS": "console.example,*"}, "ALLOWED_HOSTS must name"),
        ({"DATABASE_URL": None}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL must begin with postgres:// or sqlite:///"),
        ({"DEMO_SIGN_IN_FILE": "/tmp/tokens"}, "DEMO_SIGN_IN_FILE is set, but BREAKWATER_MODE is not demo"),
        ({"ANCHOR_KEY_FILE": "/key"}, "ANCHOR_KEY_FILE is set for a process that must not have it"),
        ({"BREAKWATER_MODE": "prod"}, "BREAKWATER_MODE is 'prod'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_production_refuses_to_start(changes: dict[str, str | None], said: str) -> None:
    result = check(**changes)
    assert result.returncode != 0
    assert said in result.stderr


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(GOOD["SECRET_KEY"] + "\n")
    assert check(SECRET_KEY=None, SECRET_KEY_FILE=str(path)).returncode == 0


def test_sqlite_in_production_is_warned_about(tmp_path: Path) -> None:
    result = check(deploy=True, DATABASE_URL=f"sqlite:///{tmp_path}/x.sqlite3")
    assert result.returncode != 0
    assert "config.W001" in result.stderr


def test_no_refusal_repeats_a_secret() -> None:
    for changes in ({"SECRET_KEY": "hunter2hunter2"}, {"DATABASE_URL": "mysql://u:hunter2hunter2@h/d"}):
        result = check(**changes)
        assert result.returncode != 0
        assert "hunter2hunter2" not in result.stdout + result.stderr


def test_each_setting_is_documented_and_nothing_else_is() -> None:
    read = set(
        re.findall(
            r'env\.(?:text|names|switch|for_commands)\(\s*"([A-Z_]+)"', (ROOT / "config" / "settings.py").read_text()
        )
    )
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert told - {"FORWARDED_ALLOW_IPS"} == read


def test_a_switch_is_on_or_off_and_nothing_else() -> None:
    assert check(READ_ONLY="on").returncode == 0
    result = check(READ_ONLY="yes")
    assert result.returncode != 0
    assert "READ_ONLY is 'yes'; say on or off" in result.stderr
