"""Polling the simulated clusters over real sockets."""

from __future__ import annotations

import threading

import pytest

from clusters.health import Severity
from dashboard import history, leases, memory, poll
from dashboard.models import GroupNow, MirrorNow, Reading, SideLease, Trend
from tests.dashboard.conftest import put_in_force

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def slow_sandbox(in_force):
    """Link sides take half a minute to notice that their peer is gone, as real ones take five."""
    from clusters.sandbox.server import Sandbox

    with Sandbox(scale=10) as sandbox:
        put_in_force(sandbox.inventory_text())
        yield sandbox


def test_a_poll_keeps_what_it_read(look):
    look("orders", "us-east", "eu-west")
    facts = history.latest("orders")
    assert set(facts.sides) == {"us-east", "eu-west"}
    assert facts.sides["eu-west"].mirrors
    assert MirrorNow.objects.filter(pair="orders", side="eu-west").count() == len(facts.sides["eu-west"].mirrors)
    assert GroupNow.objects.filter(pair="orders", side="us-east", group="settlement").get().members > 0


def test_a_dead_region_is_seen_by_its_own_probes_while_the_link_still_says_active(look, slow_sandbox):
    look("orders", "us-east", "eu-west", "us-east", "eu-west")
    slow_sandbox.pair("orders").inject("region-down", "us-east", {})
    facts = look("orders", "us-east")
    assert not facts.reachable
    link = look("orders", "eu-west").link("orders-link")
    assert link.state == "ACTIVE"
    seen = {row.name: row for row in history.vantages("orders") if row.side == "us-east"}
    assert seen["console"].sees is False
    failure = history.first_failure("orders", "us-east")
    assert failure.at < seen["console"].since
    assert Severity.UNKNOWN in set(MirrorNow.objects.filter(side="eu-west").values_list("severity", flat=True))


def test_the_last_good_facts_outlive_the_side(look, control):
    before = look("orders", "us-east")
    control.fault("orders", "region-down", "us-east")
    assert look("orders", "us-east").topics is None
    assert set(history.last_good("orders", "us-east").topics) == set(before.topics)


def test_two_polls_at_once_are_one(look, in_force):
    look("orders", "us-east")
    SideLease.objects.update(started_at=leases.LONG_AGO)
    together, done = threading.Barrier(4), []

    def one() -> None:
        from django.db import connection

        together.wait()
        done.append(poll.poll_side("orders", "us-east"))
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(done) == [False, False, False, True]
    assert Reading.objects.get(pair="orders", side="us-east").number == 2


def test_a_poll_that_lost_its_side_stores_nothing(look, monkeypatch):
    look("orders", "us-east")
    read = poll.read_side

    def slow(*given, **named):
        facts = read(*given, **named)
        SideLease.objects.filter(pair="orders", side="us-east").update(holder="another")
        return facts

    monkeypatch.setattr(poll, "read_side", slow)
    SideLease.objects.update(started_at=leases.LONG_AGO)
    assert poll.poll_side("orders", "us-east") is False
    assert Reading.objects.get(pair="orders", side="us-east").number == 1


def test_a_quiet_poll_writes_no_mirror(look, django_assert_max_num_queries):
    look("archive", "us-west", "ca-central")
    known = memory.recall("archive", "us-west").mirrors
    look("archive", "us-west")
    assert memory.recall("archive", "us-west").mirrors == known
    assert Trend.objects.filter(pair="archive", side="us-west", topic="").count() == 2


def test_witnesses_are_asked_on_their_own(look):
    look("orders", "us-east", "")
    kinds = {(row.kind, row.side) for row in history.vantages("orders")}
    assert ("witness", "us-east") in kinds
    assert ("witness", "eu-west") in kinds


def test_an_unknown_pair_or_side_is_left_alone(in_force):
    assert poll.poll_side("nothing", "us-east") is False
    assert poll.poll_side("orders", "nowhere") is False
