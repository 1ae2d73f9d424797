"""The fixture under all other tests: what one test commits, the next does not find."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import DatabaseError, connection

from audit.ledger import Actor, ledger

pytestmark = pytest.mark.django_db(transaction=True)


def rows() -> dict[str, int]:
    return {model._meta.db_table: model._base_manager.count() for model in apps.get_models()}


@pytest.mark.parametrize("turn", [1, 2])
def test_a_committed_event_is_gone_and_rows_of_migrations_are_back(turn: int) -> None:
    before = rows()
    assert before["audit_event"] == 0
    assert before["django_content_type"] > 0
    with ledger(Actor.product("cli")) as book:
        book.add("test.committed", object=f"turn {turn}")
    assert rows()["audit_event"] > 0


def test_the_record_is_sealed_after_a_reset() -> None:
    with ledger(Actor.product("cli")) as book:
        book.add("test.committed")
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_event")
