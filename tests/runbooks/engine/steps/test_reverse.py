"""Swapping the roles, on the side that holds the mirrors now."""

from __future__ import annotations

import time

import pytest

from clusters.facts import MirrorStatus
from runbooks.engine.outcome import ItemState, Refused, Result
from runbooks.engine.steps.mirrors_reverse import ReverseAndStart
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import Stage, states
from tests.runbooks.engine.steps.scenes import NEW, OLD, TOPICS, restored, sent

REVERSE = ReverseAndStart(side=OLD, topics=TOPICS)


@pytest.fixture
def ready(ledger: Stage, control: Control) -> Stage:
    restored(ledger, control)
    return ledger


def test_it_is_done_when_both_sides_have_their_new_role(ready: Stage, control: Control) -> None:
    ready.allowed(REVERSE)
    for side in (OLD, NEW):
        control.fault("ledger", "transitions-stuck", side)
    doing = ready.begin(REVERSE)
    doing.send()
    assert set(states(doing.look()).values()) == {ItemState.WAITING}

    for side in (OLD, NEW):
        control.heal("ledger", "transitions-stuck", side)
    found = doing.until(lambda look: look.is_done)

    assert found.items["accounts"].saw == f"STOPPED on {OLD}, writable; ACTIVE mirror on {NEW}"
    assert [(command["action"], command["side"]) for command in sent(control)][-1] == ("reverse-and-start", OLD)
    facts = ready.facts()
    assert {mirror.status for mirror in facts.side(NEW).mirrors or ()} == {MirrorStatus.ACTIVE}


def test_what_sources_held_beyond_their_mirrors_is_counted_before_it_is_sent(ready: Stage, control: Control) -> None:
    control.fault("ledger", "link-down", OLD)
    control.ask("POST", "/pairs/ledger/records", {"side": NEW, "topic": "entries", "partition": 1, "count": 7})
    doing = ready.begin(REVERSE)
    doing.send()
    ends = doing.look().evidence["ends"]
    beyond = {
        (name, number): source - mirror
        for name in TOPICS
        for number, (mirror, source) in enumerate(zip(ends[name]["mirror"], ends[name]["source"], strict=True))
        if source != mirror
    }
    assert beyond == {("entries", 1): 7}


def test_without_the_log_ends_of_both_sides_nothing_is_sent(ready: Stage, control: Control) -> None:
    doing = ready.begin(REVERSE)
    before = len(sent(control))
    control.fault("ledger", "clients-cut", NEW)
    with pytest.raises(Refused, match="unknown"):
        doing.send()
    assert len(sent(control)) == before


@pytest.mark.parametrize("side", [OLD, NEW])
def test_a_topic_that_one_side_does_not_list_holds_it_by_name(ready: Stage, control: Control, side: str) -> None:
    doing = ready.begin(REVERSE)
    ready.connections.side(side).topic_deletion("entries").send(time.monotonic() + 5)
    before = len(sent(control))
    with pytest.raises(Refused, match=f"unknown: the log ends of entries on {side}, right before sending"):
        doing.send()
    assert len(sent(control)) == before


def test_a_command_that_was_dropped_is_seen_not_to_be_applied(ready: Stage, control: Control) -> None:
    ready.allowed(REVERSE)
    control.fault("ledger", "accepted-then-dropped", OLD, applied=False)
    doing = ready.begin(REVERSE)
    assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]
    assert doing.look().is_not_applied


def test_half_of_it_is_not_done_while_the_other_side_cannot_be_read(ready: Stage, control: Control) -> None:
    ready.allowed(REVERSE)
    doing = ready.begin(REVERSE)
    doing.send()
    control.fault("ledger", "clients-cut", NEW)
    found = doing.until(lambda look: set(states(look).values()) == {ItemState.UNKNOWN})
    assert "could not be read" in found.items["accounts"].saw
    control.heal("ledger", "clients-cut", NEW)
    assert doing.until(lambda look: look.is_done)


def test_a_writer_on_the_other_side_holds_it(ready: Stage, control: Control) -> None:
    control.ask("POST", "/pairs/ledger/records", {"side": NEW, "topic": "entries", "partition": 0, "count": 2})
    assert "quiet_there" in ready.refusals(REVERSE)


def test_on_a_prefixed_pair_it_is_refused(orders: Stage, control: Control) -> None:
    held = orders.refusals(ReverseAndStart(side="eu-west", topics=("us-east.orders",)))
    assert held["no_prefix"].startswith('This link uses prefix "')
    assert held["no_command_needed"].startswith("Active-active: a regional outage needs no mirror command.")
    assert control.journal("orders") == []
