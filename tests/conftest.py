"""What every test shares. The fixtures stand in tests/fixtures/, by what they start."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest

FIXTURES = ("loggers", "database", "processes", "people", "browser", "sandbox", "static")
pytest_plugins = [f"tests.fixtures.{name}" for name in FIXTURES]

STARTS_PROCESSES = {"stage", "executor", "celery_workers", "demo", "workers"}
USES_DATABASE = {"db", "transactional_db", "django_db_setup"}
STRICT = os.environ.get("CI", "").lower() == "true"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches a database, so that `-m database` runs it again on another one; what starts processes of its
    own takes longest and goes first, and then the longest files, so that no core is idle at the end."""
    _only_known_claims(items)
    for item in items:
        if _uses_database(item) and not item.get_closest_marker("one_database"):
            item.add_marker("database")
    slow = {item.path for item in items if _is_slow(item)}
    many = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, -many[item.path]))


def _only_known_claims(items: list[pytest.Item]) -> None:
    """A marker that names no row of docs/coverage.md, or no case of it, ends the collection."""
    from config.coverage import wrong_claim

    for item in items:
        for mark in item.iter_markers("claims"):
            if said := wrong_claim(mark.args, **mark.kwargs):
                raise pytest.UsageError(f"{item.nodeid}: {said}")


def _uses_database(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker("django_db") or USES_DATABASE & set(getattr(item, "fixturenames", ())))


def _is_slow(item: pytest.Item) -> bool:
    return bool(
        item.get_closest_marker("faults")
        or item.get_closest_marker("domain")
        or STARTS_PROCESSES & set(getattr(item, "fixturenames", ()))
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    return _strict((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    return _strict((yield))


def _strict(report):
    """In CI nothing is skipped: a skip is a failure that names its reason."""
    if STRICT and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be skipped: {_reason(report.longrepr)}"
    return report


def _reason(skipped: object) -> str:
    return str(skipped[2] if isinstance(skipped, tuple) else skipped)
