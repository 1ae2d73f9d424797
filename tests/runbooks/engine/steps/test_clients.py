"""Moving producers: done when the driver shows them there and their topics grow."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from clusters.declared import DriverEntry
from clusters.facts import ClientFacts
from clusters.routing.conduktor import ConduktorSettings, Instance
from clusters.routing.kafka_acl import AclSettings, Denied, Fenced
from clusters.routing.webhook import WebhookSettings
from clusters.sandbox.server import Sandbox
from clusters.secrets import SecretReference
from clusters.sign_in import Basic
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.outcome import ItemState, Refused, Result
from runbooks.engine.steps.clients_route import RouteClients
from runbooks.engine.steps.clients_stop import StopClients
from tests.clusters.servers import answering, misbehaving
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import Stage, states

HOME, AWAY = "us-east", "eu-west"
ROUTE = RouteClients(clients=("checkout",), away_from=HOME)
ITEM = "clients/checkout"


def test_producers_have_moved_when_their_topics_grow_there(orders: Stage, control: Control) -> None:
    control.fault("orders", "region-down", HOME)
    doing = orders.begin(ROUTE)
    assert doing.items == (ITEM,)
    (answer,) = doing.send()
    assert (answer.result, set(answer.replies)) == (Result.ACCEPTED, {ITEM})

    found = doing.until(lambda seen: seen.is_done)

    assert "log ends on eu-west grow: " in found.items[ITEM].saw
    assert doing.memory["marks"]["T5"] == {"checkout": doing.memory["first_growth"][ITEM]}
    assert control.ask("GET", "/pairs/orders/targets/checkout")["side"] == AWAY


def test_one_order_for_each_and_each_with_its_own_state(orders: Stage, control: Control) -> None:
    both = RouteClients(clients=("checkout", "storefront"), to=AWAY)
    assert (both.batch(), both.targets(orders.case())) == (1, (ITEM, "clients/storefront"))
    assert len(orders.begin(both).send()) == 2


def test_producers_that_write_nothing_have_not_arrived(orders: Stage, control: Control) -> None:
    """The driver moves a fleet whose topics nobody can be seen to write: shown there is not enough."""
    quiet = tuple(
        replace(client, topics=("refunds",)) if client.name == "checkout" else client for client in orders.entry.clients
    )
    orders.entry = replace(orders.entry, clients=quiet)
    doing = orders.begin(ROUTE)
    doing.send()
    found = doing.until(lambda seen: "have not grown since the move" in seen.items[ITEM].saw)
    assert states(found) == {ITEM: ItemState.WAITING}


def test_an_order_that_was_never_given_is_seen_not_to_be_applied(orders: Stage) -> None:
    doing = orders.begin(ROUTE)
    doing.pre_state = ROUTE.pre_state(doing.context(), (ITEM,))
    found = doing.look()
    assert found.is_not_applied
    assert found.items[ITEM].saw.startswith("unchanged: on us-east, 2 of 2 instances ready")


def test_without_a_last_look_nothing_is_sent(orders: Stage, control: Control) -> None:
    control.fault("orders", "clients-cut", AWAY)
    with pytest.raises(Refused, match="the log ends of eu-west, right before sending"):
        orders.begin(ROUTE).send()
    assert control.ask("GET", "/pairs/orders/targets/checkout")["side"] == HOME


def test_people_move_what_no_driver_can_and_attest_it(orders: Stage, control: Control) -> None:
    clients = tuple(
        replace(client, driver="by-hand", is_by_hand=True) if client.name == "checkout" else client
        for client in orders.entry.clients
    )
    orders.entry = replace(orders.entry, clients=clients)
    assert [prompt.name for prompt in ROUTE.prompts(orders.case())] == ["attested_by", "attested_reason"]
    assert "Start checkout on eu-west" in ROUTE.preview(orders.context(ROUTE)).command
    doing = orders.begin(ROUTE, {"attested_by": "Commander 2", "attested_reason": "pods are up"})
    doing.send()
    control.ask("POST", "/pairs/orders/records", {"side": AWAY, "topic": "orders", "partition": 0, "count": 5})
    found = doing.until(lambda seen: seen.is_done)
    assert found.items["by-hand/checkout"].saw.startswith("attested by Commander 2: pods are up")


def test_each_team_acknowledges_its_own_clients(orders: Stage) -> None:
    """One team's word moves nothing of another's, and what each said is kept with its team."""
    teams = {"checkout": "payments", "storefront": "web"}
    orders.entry = replace(
        orders.entry,
        clients=tuple(
            replace(client, driver="by-hand", is_by_hand=True, team=teams[client.name])
            if client.name in teams
            else client
            for client in orders.entry.clients
        ),
    )
    stop = StopClients(clients=("checkout", "storefront"), side=HOME)
    asked = stop.prompts(orders.case())
    payments = ["attested_by-payments", "attested_reason-payments"]
    assert [prompt.name for prompt in asked] == [*payments, "attested_by-web", "attested_reason-web"]
    assert all(prompt.is_required for prompt in asked)
    assert "Who of web acknowledges that storefront" in asked[2].label

    one = orders.begin(stop, {"attested_by-payments": "Commander 2", "attested_reason-payments": "02:14, scaled to 0"})
    one.send()
    found = one.look()
    assert states(found) == {"by-hand/checkout": ItemState.DONE, "by-hand/storefront": ItemState.UNKNOWN}
    assert found.items["by-hand/checkout"].saw == "attested by Commander 2 of payments: 02:14, scaled to 0"
    assert not found.is_done

    one.inputs = {**one.inputs, "attested_by-web": "Commander 3", "attested_reason-web": "02:20, no pod is left"}
    first = one.memory["acknowledged"]["by-hand/checkout"]
    assert one.look().is_done
    kept = one.memory["acknowledged"]
    assert kept["by-hand/checkout"] == first  # the time is that of the first look, not of the last
    assert kept["by-hand/storefront"]["team"] == "web"
    assert kept["by-hand/storefront"]["said"] == "Commander 3 of web: 02:20, no pod is left"


@pytest.mark.parametrize(("client", "says"), [("nobody", "declares no such client"), ("settlement", "consumer group")])
def test_only_declared_producers_are_routed(orders: Stage, client: str, says: str) -> None:
    with pytest.raises(MissingFact, match=says):
        RouteClients(clients=(client,), to=AWAY).targets(orders.case())


def test_producers_are_not_sent_to_a_mirror(ledger: Stage) -> None:
    step = RouteClients(clients=("ledger-writer",), to="eu-south")
    assert ledger.refusals(step)["topics_writable"].startswith(
        "accounts on eu-south is not writable yet (state ACTIVE). R16"
    )


def test_stopped_producers_start_again_with_as_many_instances(orders: Stage, control: Control) -> None:
    stop = StopClients(side=HOME, clients=("checkout",))
    doing = orders.begin(stop)
    doing.pre_state = stop.pre_state(doing.context(), (ITEM,))
    assert doing.look().is_not_applied
    orders.do(stop)
    assert orders.evidence["clients.stop"]["instances"] == {ITEM: 2}
    orders.do(RouteClients(clients=("checkout",), to=HOME))
    assert control.ask("GET", "/pairs/orders/targets/checkout")["desired"] == 2


def test_producers_that_do_not_end_are_not_stopped(orders: Stage, control: Control) -> None:
    control.fault("orders", "pods-stuck", HOME)
    doing = orders.begin(StopClients(side=HOME, clients=("checkout",)))
    doing.send()
    assert states(doing.look()) == {ITEM: ItemState.WAITING}
    control.heal("orders", "pods-stuck", HOME)
    assert doing.until(lambda seen: seen.is_done)


@pytest.mark.parametrize(
    ("status", "state", "says"),
    [
        ({"state": "working", "said": "draining"}, ItemState.WAITING, "control says working: draining"),
        ({"state": "failed", "said": "no quota"}, ItemState.FAILED, "control says failed: no quota"),
        ({}, ItemState.WAITING, "how its order gets on is not known"),
    ],
)
def test_an_order_taken_for_later_is_done_by_what_is_seen_alone(
    orders: Stage,
    control: Control,
    monkeypatch: pytest.MonkeyPatch,
    status: dict[str, str],
    state: ItemState,
    says: str,
) -> None:
    """What its driver tells of it can end it, and never make it done; an unchanged state proves nothing meanwhile."""
    monkeypatch.setenv("HOOK", "s3cret")
    standing = {"target": "checkout", "side": HOME, "desired": 2, "ready": 2, "terminating": 0, "version": 7}

    def behave(connection: socket.socket, request: bytes) -> None:
        body = status if request.startswith(b"GET /orders/17 ") else standing
        answering(json.dumps(body), "202 Accepted" if request.startswith(b"PUT") else "200 OK", Location="/orders/17")(
            connection, request
        )

    with misbehaving(behave) as server:
        later = DriverEntry("control", "webhook", "", WebhookSettings(server.url, SecretReference("env:HOOK")))
        moved = tuple(replace(client, driver="control") for client in orders.entry.clients)
        stage = Stage(replace(orders.entry, drivers=(later,), clients=moved))
        doing = stage.begin(ROUTE)
        assert doing.send()[0].said.startswith("taken, not carried out yet")
        found = doing.look().items["control/checkout"]
        assert found.state is state
        assert says in found.saw
        stage.close()


def test_writes_past_the_switch_are_named_until_they_end(orders: Stage, control: Control) -> None:
    """By topic, partition and rate; nothing is said where there are no two looks to compare."""
    orders.do(ROUTE)
    orders.facts()
    assert ROUTE.holds(orders.case()) is None
    control.ask("POST", "/pairs/orders/records", {"side": HOME, "topic": "orders", "partition": 1, "count": 40})
    found = ROUTE.holds(orders.case())
    assert found is not None
    assert found.startswith("R14: orders-1 on us-east is still receiving writes (40 records, ")
    assert found.endswith(" records a second): producers that were not routed. Stop all producers first.")
    orders.facts()
    assert ROUTE.holds(orders.case()) is None


def test_without_two_looks_after_the_switch_nothing_is_said(orders: Stage, control: Control) -> None:
    """What was written before it was done would look like writes past it."""
    orders.do(ROUTE)
    orders.facts()
    case = orders.case()
    at = datetime.now(UTC).isoformat()
    for blind in (
        replace(case, previous=case.facts),
        replace(case, evidence={}),
        replace(case, evidence={"clients.route": {"at": at}}),
    ):
        with pytest.raises(MissingFact, match="two looks at us-east"):
            ROUTE.holds(blind)
    control.fault("orders", "region-down", HOME)
    orders.facts()
    assert ROUTE.holds(orders.case()) is None


def test_what_others_write_there_is_theirs(orders: Stage) -> None:
    """storefront, still at home here, writes orders too; payments were checkout's alone."""
    at_home = tuple(
        replace(client, home=HOME) if client.name == "storefront" else client for client in orders.entry.clients
    )
    orders.entry = replace(orders.entry, clients=at_home)
    at = datetime.now(UTC).isoformat()
    before, now = orders.case(), orders.case()
    grown = {
        name: replace(topic, end_offsets=tuple((end or 0) + 5 for end in topic.end_offsets))
        for name, topic in (now.facts.side(HOME).topics or {}).items()
    }
    sides = {**now.facts.sides, HOME: replace(now.facts.side(HOME), topics=grown)}
    seen = replace(now.facts, sides=sides)
    found = ROUTE.holds(replace(now, previous=before.facts, facts=seen, evidence={"clients.route": {"at": at}}))
    assert found is not None
    assert found.startswith("R14: payments-0 on us-east is still receiving writes")
    assert "orders-" not in found


def test_what_no_driver_can_see_is_proven_by_log_ends_alone(
    orders: Stage, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway takes the switch and has no call that tells: nothing is done before the topics grow on that side."""
    monkeypatch.setenv("GW_USER", "operator")
    monkeypatch.setenv("GW_PW", "pw-1")
    sign_in = Basic(SecretReference("env:GW_USER"), SecretReference("env:GW_PW"))
    with misbehaving(answering('{"message": "Cluster switched"}')) as server:
        settings = ConduktorSettings(
            sign_in, None, (Instance("gw-1", "", server.url),), {HOME: "main", AWAY: "failover"}
        )
        moved = tuple(
            replace(client, driver="gateways", topics=("refunds",)) if client.name == "checkout" else client
            for client in orders.entry.clients
        )
        entry = replace(orders.entry, drivers=(DriverEntry("gateways", "conduktor", "x", settings),), clients=moved)
        stage = Stage(entry)
        doing = stage.begin(ROUTE)
        assert states(doing.look()) == {"gateways/checkout": ItemState.WAITING}  # nobody took an order yet
        (answer,) = doing.send()
        assert answer.result is Result.ACCEPTED
        waiting = doing.look()
        assert states(waiting) == {"gateways/checkout": ItemState.WAITING}
        assert "have not grown since the move" in waiting.items["gateways/checkout"].saw
        control.ask("POST", "/pairs/orders/records", {"side": AWAY, "topic": "refunds", "partition": 0, "count": 5})
        found = doing.until(lambda seen: seen.is_done)
        assert "no call that tells" in found.items["gateways/checkout"].saw
        assert len(server.requests) == 1
        stage.close()


def test_a_fence_is_routed_like_a_client_after_those_it_keeps_out(orders: Stage, sandbox: Sandbox) -> None:
    """Once its producers have moved, the side they left is closed to them: the step is done when it is read back."""
    orders.do(ROUTE)
    sides = {side.name: side.ways["kafka"] for side in orders.entry.sides}
    fenced = Fenced("fence", "User:checkout", ("orders", "payments"), (Denied.WRITE,))
    driver = DriverEntry("acls", "kafka-acl", "x", AclSettings(sides, (fenced,)))
    client = ClientFacts("fence", "producers", ("orders", "payments"), "acls", HOME, principal="User:checkout")
    stage = Stage(
        replace(orders.entry, drivers=(*orders.entry.drivers, driver), clients=(*orders.entry.clients, client))
    )
    route = RouteClients(clients=("fence",), away_from=HOME)
    assert "DENY WRITE on orders, payments for User:checkout created on us-east" in (
        stage.begin(route).step.preview(stage.context(route)).will_happen
    )
    found = stage.do(route)
    assert found.items["acls/fence"].saw.startswith("us-east: 2 of 2 DENY bindings stand; eu-west: 0 of 2")
    denied = [acl for acl in sandbox.pairs["orders"].sides[HOME].acls or () if acl.permission == "DENY"]
    assert {acl.resource_name for acl in denied if acl.principal == "User:checkout"} == {"orders", "payments"}
    stage.close()
