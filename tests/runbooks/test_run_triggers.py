"""Migrations that make a table anew leave its triggers in place, forwards and back."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from runbooks.models import triggers

pytestmark = pytest.mark.django_db(transaction=True)
STATEMENT = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'runbooks_run'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'runbooks_run'::regclass AND NOT tgisinternal",
}
OURS = {f"runbooks_{name}" for name, table, *_ in triggers.triggers(differs="") if table == "run"}


def there() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT[connection.vendor])
        return {name for (name,) in cursor.fetchall()}


def migrate(to: str) -> None:
    MigrationExecutor(connection).migrate([("runbooks", to)])


def test_the_triggers_of_a_run_outlast_the_constraint_that_went() -> None:
    assert there() == OURS
    try:
        migrate("0005_beat_ahead")
        assert there() == OURS
    finally:
        migrate("0006_planned_runs")
    assert there() == OURS
