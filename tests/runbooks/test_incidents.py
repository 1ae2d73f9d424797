"""Declaring and closing: what is frozen, what is expected from then on, and what holds an incident open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.ledger import ledger
from audit.models import Event
from clusters.facts import MirrorStatus
from clusters.health import Expectations
from dashboard import expectations, history
from people.rights import Forbidden
from runbooks.engine.states import IllegalMove, Mode
from runbooks.models import Evidence, Incident
from runbooks.services import evidence, incidents, runs
from runbooks.services.errors import Invalid
from tests.runbooks.driving import who
from tests.runbooks.texts import ATTESTED, approved


def test_declaring_freezes_the_lag_as_the_clusters_themselves_have_it(orders, outage, control):
    receipt = Evidence.objects.get(incident=outage, kind="receipt").data
    truth = control.truth("orders")["sides"]["eu-west"]["topics"]
    assert receipt["survivor"] == "eu-west"
    assert set(receipt["topics"]) == {f"us-east.{topic}" for topic in ("orders", "payments", "refunds", "inventory")}
    for topic, kept in receipt["topics"].items():
        ends = [row["end"] for row in truth[topic]["partitions"]]
        assert [row["end"] for row in kept["partitions"]] == ends


def test_declaring_sets_the_clocks(orders, outage):
    marks = {mark.name: mark.at for mark in outage.marks.all()}
    assert marks["T0"] == outage.t0 <= marks["T1"] <= marks["T3"] == outage.declared_at
    assert outage.t0 < outage.declared_at


def test_what_follows_from_the_outage_is_expected(orders, outage):
    found: Expectations = expectations.current("orders")
    assert {row.side for row in found.rows} == {"us-east", "eu-west"}


@pytest.mark.parametrize("role", ["viewer", "reviewer", "admin"])
def test_only_a_commander_declares(orders, people, role):
    with pytest.raises(Forbidden):
        orders.declare(getattr(people, role), "us-east")


@pytest.mark.parametrize("side", ["nowhere", ""])
def test_only_a_side_of_the_pair_can_be_down(orders, people, side):
    with pytest.raises(Invalid, match="no side"):
        orders.declare(people.commander, side)


def test_one_open_incident_for_a_pair(orders, people, incident):
    with pytest.raises(IllegalMove, match="open already"):
        orders.declare(people.commander2, "eu-west")


def test_a_reason_is_needed(orders, people):
    with pytest.raises(Invalid, match="Say why"):
        incidents.declare(who(people.commander), "orders", "us-east", reason=" ")
    assert not Incident.objects.exists()


def test_an_incident_ends_a_drill_in_the_same_act(orders, people):
    approved(ATTESTED % 0)
    drill = orders.start(people.commander, "attested", {}, mode=Mode.DRILL)
    orders.declare(people.commander2, "us-east")

    drill.refresh_from_db()
    assert drill.state == "aborted"
    declared, aborted = (Event.objects.get(kind=kind) for kind in ("incident.declared", "run.aborting"))
    assert declared.at == aborted.at


def test_it_closes_when_nothing_is_left_open(orders, people, incident):
    orders.look()
    after = incidents.close(who(people.commander), incident.pk, reason="over")
    assert not after.is_open
    assert expectations.current("orders").rows == ()


def test_an_active_run_holds_it_open(orders, people, incident):
    approved(ATTESTED % 0)
    run = orders.start(people.commander, "attested", {}, incident)
    with pytest.raises(Invalid, match=str(run)):
        incidents.close(who(people.commander), incident.pk, reason="over")
    runs.abort(who(people.commander), run.pk, reason="enough")
    incidents.close(who(people.commander), incident.pk, reason="over")


def test_a_side_that_does_not_answer_holds_it_open(orders, people, outage):
    with pytest.raises(Invalid, match="us-east are not known"):
        incidents.close(who(people.commander), outage.pk, reason="over")


def paused_by(people, incident, *topics):
    with ledger(who(people.commander).actor) as book:
        evidence.keep(
            book, "mirrors.pause", {"side": "eu-west", "topics": list(topics)}, incident.t0, incident=incident
        )


def with_mirrors(change):
    """The pair as it was last read, the mirrors on eu-west changed."""
    facts = history.latest("orders")
    side = facts.side("eu-west")
    changed = replace(side, mirrors=change(side.mirrors))
    return replace(facts, sides={**facts.sides, "eu-west": changed})


def pause_all(mirrors):
    return tuple(replace(mirror, status=MirrorStatus.PAUSED) for mirror in mirrors)


@pytest.mark.claims("R39", case=("refuses", "passes"))
def test_mirrors_that_it_paused_hold_it_open(orders, people, incident):
    orders.look()
    paused_by(people, incident, "us-east.orders")
    assert incidents.held_open_by(incident, with_mirrors(pause_all)) == [
        "Mirror us-east.orders on eu-west, paused by this incident, is still paused."
    ]
    assert incidents.held_open_by(incident, with_mirrors(tuple)) == []


@pytest.mark.claims("R39", case="unknown")
def test_mirrors_that_cannot_be_read_hold_it_open_where_it_paused_some(orders, people, incident):
    orders.look()
    unread = with_mirrors(lambda mirrors: None)
    assert incidents.held_open_by(incident, unread) == []
    paused_by(people, incident, "us-east.orders")
    assert incidents.held_open_by(incident, unread) == [
        "The mirrors of eu-west are not known: this incident paused some, and they may still be."
    ]


def test_a_closed_incident_is_kept_as_it_is(orders, people, incident):
    incidents.close(who(people.commander), incident.pk, reason="over")
    with pytest.raises(IllegalMove):
        incidents.will_not_return(who(people.commander), incident.pk, reason="gone")


def test_giving_a_side_up_and_calling_it_healthy_are_words_of_a_commander(orders, people, incident):
    with pytest.raises(Forbidden):
        incidents.will_not_return(who(people.viewer), incident.pk, reason="gone")
    assert incidents.will_not_return(who(people.commander), incident.pk, reason="gone").will_not_return
    assert incidents.healthy(who(people.commander), incident.pk, reason="orders flow").name == "T8"
