"""The judge of runs under faults is not blind: what was doubled, lost or left untold is named."""

from __future__ import annotations

import httpx
import pytest
from django.db.models import F

from runbooks.models import StepRun
from tests.faults.judge import doubled, misplaced
from tests.faults.lanes import P7_P4
from tests.faults.record import mismatches
from tests.runbooks.conftest import in_force, lost_messages, orders
from tests.runbooks.texts import ATTESTED, approved

__all__ = ["in_force", "lost_messages", "orders"]

PAIRS = ("orders",)


@pytest.fixture
def fail_over(sandbox):
    """One command for one topic, by nobody's decision."""
    url = sandbox.rest_url("ledger", P7_P4.away)
    cluster = sandbox.pair("ledger").cluster(P7_P4.away).id

    def send() -> None:
        path = f"/kafka/v3/clusters/{cluster}/links/ledger-link/mirrors:failover"
        body = {"mirror_topic_names": ["accounts"]}
        httpx.post(url + path, json=body, trust_env=False, verify=False).raise_for_status()

    return send


@pytest.mark.django_db
def test_a_command_that_nobody_armed(fail_over, control):
    assert doubled(control, "ledger", []) == []
    fail_over()
    assert doubled(control, "ledger", []) == ["failover of accounts was received 1 times"]


def test_what_is_not_where_it_should_be(sandbox, control):
    assert misplaced(control, "ledger", P7_P4.moved, P7_P4.lost) == []
    said = misplaced(control, "ledger", P7_P4.moved, P7_P4.away)
    assert "ledger-writer runs on eu-north" in said
    assert "accounts on eu-south is not writable" in said


def test_a_move_that_the_record_does_not_tell(orders, people):
    approved(ATTESTED % 0)
    run = orders.start(people.commander, "attested", {}, orders.declare(people.commander, "us-east"))
    assert mismatches(run) == []
    StepRun.objects.filter(run=run).update(state="skipped", fence=F("fence") + 1)
    assert mismatches(run) == [f"{run.steps.get()} is skipped, and the record ends with ready"]
