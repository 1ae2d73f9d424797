"""Clients fenced off by ACLs, through the real client: against simulated brokers, never yet against real ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from clusters.by_hand import PairSpelt
from clusters.declared import DriverEntry, PairEntry
from clusters.document import read_document
from clusters.errors import Configuration, NoAnswer, Unauthorised
from clusters.form import Form
from clusters.gateway import RoutePlan
from clusters.routing.kafka_acl import AclSettings, KafkaAcl
from clusters.sandbox.server import Sandbox
from tests.clusters.wire import soon
from tests.fixtures.sandbox import Control

HOME, AWAY = "us-east", "eu-west"
RUN = {"run": "run-7", "key": "attempt-1"}
TARGETS = '[{target: checkout, principal: "User:checkout", topics: [orders, payments]}]'


def read(text: str) -> tuple[AclSettings, list[str]]:
    complaints: list[tuple[int, str]] = []
    form = Form(read_document(text), complaints, "driver fence")
    found = KafkaAcl.read_settings(form)
    form.done()
    return found, [said for _, said in complaints]


def entry_of(pair: PairEntry, targets: str = TARGETS) -> DriverEntry:
    sides = ", ".join(f'{{side: {side.name}, bootstrap: "{side.ways["kafka"].bootstrap}"}}' for side in pair.sides)
    settings, complaints = read(f"{{sides: [{sides}], targets: {targets}}}")
    assert not complaints
    return DriverEntry("fence", "kafka-acl", "console", settings)


@pytest.fixture
def pair(inventory: Any) -> PairEntry:
    found: PairEntry = inventory.pairs["orders"]
    return found


@pytest.fixture
def fence(pair: PairEntry) -> Iterator[KafkaAcl]:
    found = KafkaAcl(entry_of(pair))
    yield found
    found.close()


@pytest.fixture
def acls(sandbox: Sandbox) -> Any:
    """Of one side, as the authorizer itself holds them."""
    return lambda side: list(sandbox.pairs["orders"].sides[side].acls or ())


def moved(fence: KafkaAcl, to: str | None) -> RoutePlan:
    plan = fence.plan("checkout", to=to, deadline=soon())
    assert fence.apply(plan, **RUN, deadline=soon()).accepted
    return plan


def test_the_side_that_is_left_is_fenced_and_the_read_back_shows_it(fence: KafkaAcl, acls: Any) -> None:
    here, there = acls(HOME), acls(AWAY)
    plan = moved(fence, AWAY)
    state = fence.verify("checkout", deadline=soon())
    assert state.is_at(AWAY)
    assert not state.sees_instances
    assert state.said == "us-east: 2 of 2 DENY bindings stand; eu-west: 0 of 2 DENY bindings stand"
    assert state.version != plan.before.version  # type: ignore[union-attr]
    made = [acl for acl in acls(HOME) if acl not in here]
    assert {tuple(acl) for acl in made} == {
        ("TOPIC", topic, "User:checkout", "WRITE", "DENY", "LITERAL", "*") for topic in ("orders", "payments")
    }
    assert acls(AWAY) == there


def test_a_fence_keeps_producers_from_writing(fence: KafkaAcl, control: Control, sandbox: Sandbox) -> None:
    moved(fence, AWAY)
    checkout = sandbox.pairs["orders"].targets["checkout"]
    before, deadline = checkout.rejected, time.monotonic() + 10
    while checkout.rejected == before:
        assert time.monotonic() < deadline, "its records are still taken"
        control.truth("orders")


def test_the_way_back_opens_the_side_and_closes_the_other(fence: KafkaAcl, acls: Any, control: Control) -> None:
    here = acls(HOME)
    moved(fence, AWAY)
    control.ask("DELETE", "/journal?pair=orders")
    moved(fence, HOME)
    assert acls(HOME) == here
    assert fence.verify("checkout", deadline=soon()).is_at(HOME)
    sent = [(each["action"], each["side"]) for each in control.journal("orders")]
    assert sent == [("create-acls", AWAY), ("delete-acls", HOME)]  # kept out of both in between, never let into both


def test_nowhere_is_a_fence_on_both_sides(fence: KafkaAcl) -> None:
    assert fence.verify("checkout", deadline=soon()).side is None
    moved(fence, None)
    state = fence.verify("checkout", deadline=soon())
    assert state.is_sent_nowhere
    assert state.is_away_from(HOME)
    assert not state.is_stopped  # what runs, no ACL can see


def test_what_stands_already_is_not_sent_again(fence: KafkaAcl, control: Control) -> None:
    moved(fence, AWAY)
    control.ask("DELETE", "/journal?pair=orders")
    plan = fence.plan("checkout", to=AWAY, deadline=soon())
    assert "nothing was sent" in fence.apply(plan, **RUN, deadline=soon()).said
    assert control.journal("orders") == []


def test_a_lost_answer_is_unknown_and_the_read_back_tells(fence: KafkaAcl, control: Control) -> None:
    plan = fence.plan("checkout", to=AWAY, deadline=soon())
    control.fault("orders", "accepted-then-dropped", HOME, action="create-acls")
    with pytest.raises(NoAnswer):
        fence.apply(plan, **RUN, deadline=soon(3.0))
    assert fence.verify("checkout", deadline=soon()).is_at(AWAY)


def test_a_fence_in_part_is_none(fence: KafkaAcl, sandbox: Sandbox) -> None:
    moved(fence, AWAY)
    side = sandbox.pairs["orders"].sides[HOME]
    assert side.acls is not None
    side.acls.pop()
    state = fence.verify("checkout", deadline=soon())
    assert state.side is None
    assert "1 of 2" in state.said


def test_a_side_that_does_not_answer_cannot_be_fenced(fence: KafkaAcl, control: Control) -> None:
    control.fault("orders", "region-down", HOME)
    with pytest.raises(NoAnswer, match="us-east does not answer and cannot be fenced"):
        fence.plan("checkout", to=AWAY, deadline=soon())
    state = fence.verify("checkout", deadline=soon())
    assert (state.side, state.unseen) == (None, HOME)
    assert not state.is_at(AWAY)
    assert not state.is_away_from(HOME)


def test_no_authorizer_is_no_empty_list(fence: KafkaAcl, sandbox: Sandbox) -> None:
    """The client library reads a refusal as no ACL at all: that is not taken to be the truth."""
    sandbox.pairs["orders"].sides[AWAY].acls = None
    with pytest.raises(Unauthorised, match="told of no ACL at all"):
        fence.plan("checkout", to=AWAY, deadline=soon())


def test_only_what_the_inventory_names_is_denied(pair: PairEntry) -> None:
    fence = KafkaAcl(entry_of(pair))
    with pytest.raises(Configuration, match="whom and what to deny for storefront"):
        fence.plan("storefront", to=AWAY, deadline=soon())
    with pytest.raises(Configuration, match="how the brokers of mars are reached"):
        fence.plan("checkout", to="mars", deadline=soon())
    fence.close()


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        ('[{target: c, principal: "User:*", topics: [orders]}]', "'User:*' is not a principal"),
        ('[{target: c, principal: "User:c", topics: ["*"]}]', "'*' is not a topic name; patterns are not allowed"),
        ('[{target: c, principal: "User:c"}]', "needs a principal and topics, each by its name"),
        ('[{target: c, principal: "User:c", topics: [o], deny: [ALL]}]', "deny 'ALL' is not one of WRITE, READ"),
        ("[]", "targets must name at least one"),
    ],
)
def test_a_fence_never_takes_a_pattern(targets: str, says: str) -> None:
    sides = '[{side: us-east, bootstrap: "a:9092"}, {side: eu-west, bootstrap: "b:9092"}]'
    _, complaints = read(f"{{sides: {sides}, targets: {targets}}}")
    assert any(says in said for said in complaints), complaints


def test_both_sides_must_be_reached(pair: PairEntry) -> None:
    _, complaints = read(f'{{sides: [{{side: us-east, bootstrap: "a:9092"}}], targets: {TARGETS}}}')
    assert complaints == ["driver fence: sides must say how the brokers of both are reached, each once"]


def test_reading_is_denied_where_it_is_asked_for(pair: PairEntry) -> None:
    settings = entry_of(pair, TARGETS.replace("payments]", "payments], deny: [WRITE, READ]")).settings
    assert {denial.operation for denial in settings.targets[0].denials} == {"WRITE", "READ"}


def test_the_same_by_hand(pair: PairEntry) -> None:
    tools = PairSpelt(replace(pair, drivers=(entry_of(pair),)))
    home, away = (side.ways["kafka"].bootstrap for side in pair.sides)
    close, opened = tools.moves_client("fence", "checkout", AWAY)
    tool = "kafka-acls --bootstrap-server {} --command-config CLIENT.properties {} --deny-principal User:checkout"
    assert close.text == f"{tool.format(home, '--add')} --operation Write --topic orders --topic payments"
    assert opened.text == f"{tool.format(away, '--remove --force')} --operation Write --topic orders --topic payments"
    assert "--list --topic orders --topic payments" in tools.looks_at_client("fence", "checkout")[0].text
    assert tools.looks_at_client("fence", "nobody") == ()
