"""Ten thousand mirrors: what changed is written, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection

from clusters.facts import PartitionLag
from dashboard import inventory, memory, mirrors, store
from dashboard.models import MirrorNow, Trend
from dashboard.standing import standing
from tests.dashboard.made import mirror, read, side_facts, topics

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 10_000


class Written:
    """Counts the rows that statements on the mirrors' table carried, and the most in one transaction's statement."""

    def __init__(self) -> None:
        self.rows, self.most = 0, 0

    def __call__(self, execute, sql, params, many, context):
        if sql.startswith("INSERT INTO") and "dashboard_mirrornow" in sql:
            number = len(params) if many else len(params[0])
            self.rows, self.most = self.rows + number, max(self.most, number)
        return execute(sql, params, many, context)


@pytest.fixture
def entry(in_force):
    return inventory.pair_entry("ledger")


def test_five_per_cent_of_change_is_five_per_cent_of_writing(entry):
    facts = side_facts(entry, "eu-south", mirrors=tuple(map(mirror, topics(MANY))))
    with connection.execute_wrapper(first := Written()):
        read(entry, facts)
    assert (first.rows, first.most) == (MANY, store.AT_ONCE)
    assert MirrorNow.objects.count() == MANY

    moved = [replace(each, partitions=(PartitionLag(0, 7, 100), *each.partitions[1:])) for each in facts.mirrors[::20]]
    later = replace(
        facts, read_at=datetime.now(UTC), mirrors=tuple({m.topic: m for m in (*facts.mirrors, *moved)}.values())
    )
    with connection.execute_wrapper(second := Written()):
        read(entry, later)
    assert second.rows == MANY // 20
    assert MirrorNow.objects.filter(max_lag=7).count() == MANY // 20


def test_another_process_goes_on_from_what_is_stored(entry):
    facts = side_facts(entry, "eu-south", mirrors=tuple(map(mirror, topics(50))))
    read(entry, facts)
    memory.forget()
    with connection.execute_wrapper(written := Written()):
        read(entry, replace(facts, read_at=datetime.now(UTC)))
    assert written.rows == 0


def test_a_mirror_that_is_gone_leaves_its_row(entry):
    facts = side_facts(entry, "eu-south", mirrors=tuple(map(mirror, topics(3))))
    read(entry, facts)
    read(entry, replace(facts, read_at=datetime.now(UTC), mirrors=facts.mirrors[:1]))
    assert list(MirrorNow.objects.values_list("topic", flat=True)) == ["topic-00000"]


def test_mirrors_that_could_not_be_read_keep_their_rows(entry):
    facts = side_facts(entry, "eu-south", mirrors=tuple(map(mirror, topics(3))))
    read(entry, facts)
    read(entry, replace(facts, read_at=datetime.now(UTC), mirrors=None))
    assert MirrorNow.objects.count() == 3


def test_a_mirror_gets_one_point_of_its_trend_a_minute(entry):
    facts = side_facts(entry, "eu-south", mirrors=(mirror("accounts", 1),))
    for lag in (1, 2, 3):
        read(entry, replace(facts, read_at=datetime.now(UTC), mirrors=(mirror("accounts", lag),)))
    assert Trend.objects.filter(topic="accounts").count() == 1
    assert list(Trend.objects.filter(topic="").values_list("total_lag", flat=True)) == [1, 2, 3]


def test_a_page_of_ten_thousand_reads_fifty(entry, rf):
    read(entry, side_facts(entry, "eu-south", mirrors=tuple(map(mirror, topics(MANY)))))
    table = mirrors.mirror_table(standing("ledger"), rf.get("/").GET)
    assert len(table.lines) == mirrors.ROWS
    assert table.page.paginator.count == MANY
