"""Migrations that make a table anew leave its triggers in place, forwards and back."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from runbooks.models import triggers

pytestmark = pytest.mark.django_db(transaction=True)
STATEMENT = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'runbooks_%s'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'runbooks_%s'::regclass AND NOT tgisinternal",
}


def ours(of: str) -> set[str]:
    return {f"runbooks_{name}" for name, table, *_ in triggers.triggers(differs="") if table == of}


def there(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT[connection.vendor] % table)
        return {name for (name,) in cursor.fetchall()}


def newest() -> str:
    (leaf,) = MigrationExecutor(connection).loader.graph.leaf_nodes("runbooks")
    return leaf[1]


def migrate(to: str) -> None:
    MigrationExecutor(connection).migrate([("runbooks", to)])


@pytest.mark.parametrize(("table", "before"), [("run", "0005_beat_ahead"), ("mark", "0006_planned_runs")])
def test_the_triggers_of_a_table_outlast_what_makes_it_anew(table: str, before: str) -> None:
    assert there(table) == ours(table) != set()
    try:
        migrate(before)
        assert there(table) == ours(table)
    finally:
        migrate(newest())
    assert there(table) == ours(table)
