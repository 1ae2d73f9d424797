"""Readiness judged again and again, stored where something is new, and what changed kept as its history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.clock import database_now
from clusters.readiness import Answer, Standing, checks
from dashboard import inventory, poll, readiness
from dashboard.models import ReadinessChange, ReadinessNow, ReadinessState


@pytest.fixture
def judge(look):
    """Look at both sides of ledger, then judge it."""

    def again() -> None:
        look("ledger", "eu-north", "eu-south")
        entry = inventory.pair_entry("ledger")
        assert entry is not None
        assert readiness.judge(entry)

    return again


def standing(code: str) -> str:
    return ReadinessNow.objects.get(pair="ledger", code=code).standing


def drifts() -> list[tuple[str, str, str]]:
    """But of the clocks, which take several looks to be known, and of the answer that hangs on them."""
    rows = readiness.changes("ledger")
    return [(row.code, row.before, row.after) for row in rows if row.code not in {"", "C26"}]


def test_every_check_is_stored_and_nothing_has_changed_yet(judge):
    judge()
    assert set(ReadinessNow.objects.values_list("code", flat=True)) == {checks.get(name).code for name in checks}
    assert drifts() == []
    state = ReadinessState.objects.get(pair="ledger")
    assert state.answer in Answer.__members__
    assert state.since == state.judged_at is not None


def test_a_fall_and_a_rise_are_told_with_what_was_seen(judge, sandbox):
    judge()
    began = ReadinessNow.objects.get(pair="ledger", code="C21").since
    topic = sandbox.pair("ledger").sides["eu-south"].topics["entries"]
    topic.configs["retention.ms"] = "3600000"
    forget_settings()
    judge()
    assert standing("C21") == Standing.FAILS.name
    assert drifts() == [("C21", "MET", "FAILS")]
    (fall,) = ReadinessChange.objects.filter(code="C21")
    assert "entries on eu-south 1 h" in fall.saw
    assert ReadinessNow.objects.get(pair="ledger", code="C21").since > began
    del topic.configs["retention.ms"]
    forget_settings()
    judge()
    assert drifts() == [("C21", "FAILS", "MET"), ("C21", "MET", "FAILS")]


def forget_settings() -> None:
    """Settings are read every half minute; here at the next look."""
    inventory.close_connections()
    poll.close_ways()


def test_what_stands_as_it_stood_stands_so_since_then(judge):
    judge()
    rows = ReadinessNow.objects.exclude(code="C26").order_by("code").values_list("code", "since")
    before = list(rows)
    judge()
    assert list(rows.all()) == before
    assert drifts() == []


def test_an_outage_changes_the_answer_and_no_check(judge, control, look):
    judge()
    rows = ReadinessNow.objects.order_by("code").values_list("code", "standing", "since")
    before = list(rows)
    control.fault("ledger", "region-down", "eu-north", mode="refuse")
    judge()
    assert ReadinessState.objects.get(pair="ledger").answer == "NOT_NOW"
    (change,) = readiness.changes("ledger")
    assert (change.code, change.after) == ("", "NOT_NOW")
    assert list(rows.all()) == before


def test_it_is_judged_when_due_by_one_alone(look):
    look("ledger", "eu-north", "eu-south")
    assert readiness.judge_due() == ["ledger"]  # the others were never read
    assert readiness.judge_due() == []
    ReadinessState.objects.update(claimed_at=database_now() - readiness.EVERY - timedelta(seconds=1))
    assert readiness.judge_due() == ["ledger"]


def test_history_ends_after_a_while(judge):
    judge()
    old = database_now() - readiness.KEPT_FOR - timedelta(days=1)
    ReadinessChange.objects.create(pair="ledger", code="C21", before="MET", after="FAILS", at=old)
    judge()
    assert drifts() == []


def test_a_check_that_is_no_more_is_forgotten(judge):
    judge()
    ReadinessNow.objects.create(pair="ledger", code="C99", standing="MET", weight="low", since=database_now())
    judge()
    assert not ReadinessNow.objects.filter(code="C99").exists()
