"""Stopping groups with proof, and starting them where they run alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clusters.facts import ClientFacts
from runbooks.engine.outcome import ItemState, Refused, Result
from runbooks.engine.steps.groups_absent import GroupsAbsent
from runbooks.engine.steps.groups_start import StartGroups
from runbooks.engine.steps.groups_stop import StopGroups
from runbooks.engine.steps.groups_within_log import GroupsWithinLog
from runbooks.engine.steps.proof import Proof
from runbooks.engine.steps.routed import is_outside
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import SECOND, Stage, states

HOME, AWAY = "us-east", "eu-west"
STOP = StopGroups(side=HOME, groups=("settlement",))
START = StartGroups(away_from=HOME, groups=("settlement",))
ATTESTED = {"attested_by": "Commander 2", "attested_reason": "looked at the rack"}


def by_people(stage: Stage, group: str = "settlement") -> None:
    """The inventory gives this group to the driver that only instructs people."""
    clients = tuple(
        replace(client, driver="by-hand", is_by_hand=True) if client.group == group else client
        for client in stage.entry.clients
    )
    stage.entry = replace(stage.entry, clients=clients)


def without_driver(stage: Stage, group: str = "settlement") -> None:
    stage.entry = replace(stage.entry, clients=tuple(one for one in stage.entry.clients if one.group != group))


@pytest.fixture
def down(orders: Stage, control: Control) -> Stage:
    orders.facts()
    control.fault("orders", "region-down", HOME)
    orders.facts()
    return orders


def test_a_lost_region_is_proven_stopped_by_a_driver_that_looks_from_outside(down: Stage, control: Control) -> None:
    found = down.do(STOP)
    assert found.items["settlement"].saw.startswith("E2: on no side, 0 of 0 instances ready, 0 ending, seen from")
    assert down.evidence["groups.stop"]["groups"]["settlement"]["level"] == "E2"
    assert down.evidence["groups.stop"]["instances"] == {"settlement": 2}


def test_a_running_group_is_not_stopped_while_its_coordinator_sees_members(orders: Stage, control: Control) -> None:
    control.fault("orders", "pods-stuck", HOME)
    doing = orders.begin(STOP)
    doing.send()
    found = doing.look()
    assert states(found) == {"settlement": ItemState.WAITING}
    assert found.items["settlement"].saw.startswith("R10: settlement is or may be active on us-east")
    control.heal("orders", "pods-stuck", HOME)
    assert doing.until(lambda seen: seen.is_done)


def test_the_best_proof_needs_two_looks_across_the_session_timeout(orders: Stage) -> None:
    orders.entry = replace(orders.entry, policy=replace(orders.entry.policy, session_timeout=4 * SECOND))
    doing = orders.begin(replace(STOP, proof=Proof.E1))
    doing.send()
    early = doing.until(lambda seen: "EMPTY on us-east" in seen.items["settlement"].saw or seen.is_done)
    assert not early.is_done
    found = doing.until(lambda seen: seen.is_done)
    assert found.items["settlement"].saw.startswith("E1: EMPTY on us-east in looks")


def test_a_member_that_comes_back_begins_the_proof_anew(orders: Stage, control: Control) -> None:
    step = replace(STOP, proof=Proof.E1)
    doing = orders.begin(step)
    doing.send()
    doing.until(lambda _: bool(doing.memory["first_empty"]["settlement"]))
    control.ask("POST", "/pairs/orders/members", {"side": HOME, "group": "settlement", "members": 1})
    doing.until(lambda seen: "with 1 members" in seen.items["settlement"].saw)
    assert doing.memory["first_empty"] == {"settlement": None}
    assert doing.memory["groups"] == {"settlement": None}
    control.ask("POST", "/pairs/orders/members", {"side": HOME, "group": "settlement", "members": 0})
    assert doing.until(lambda seen: seen.is_done)


def test_a_lost_region_can_never_give_the_best_proof(down: Stage) -> None:
    doing = down.begin(replace(STOP, proof=Proof.E1))
    doing.send()
    found = doing.until(lambda seen: "reached E2, needs E1" in seen.items["settlement"].saw)
    assert states(found) == {"settlement": ItemState.WAITING}


def test_with_nothing_but_people_only_an_attestation_proves_it(down: Stage) -> None:
    by_people(down)
    step = replace(STOP, proof=Proof.E4)
    assert [prompt.name for prompt in step.prompts(down.case())] == ["attested_by", "attested_reason"]
    assert STOP.prompts(down.case()) == ()

    silent = down.begin(step)
    silent.send()
    assert (
        silent.look().items["settlement"].saw.startswith("R10: settlement is or may be active on us-east; not proven")
    )
    half = down.begin(step, {"attested_by": "Commander 2"})
    half.send()
    assert not half.look().is_done
    found = down.do(step, ATTESTED)
    assert found.items["settlement"].saw == "E4: attested by Commander 2: looked at the rack"


def test_an_attestation_is_not_enough_where_more_is_asked(down: Stage) -> None:
    by_people(down)
    doing = down.begin(STOP, ATTESTED)
    doing.send()
    assert "reached E4, needs E2" in doing.look().items["settlement"].saw


def test_a_group_that_no_driver_moves_is_only_proven(orders: Stage, control: Control) -> None:
    without_driver(orders)
    assert "Stop settlement everywhere by hand." in STOP.preview(orders.context(STOP)).command
    doing = orders.begin(replace(STOP, proof=Proof.E1))
    (answer,) = doing.send()
    assert answer.result is Result.ACCEPTED
    assert "nothing was sent" in answer.said
    assert not doing.look().is_done


def test_an_order_that_was_never_given_is_seen_not_to_be_applied(orders: Stage) -> None:
    doing = orders.begin(STOP)
    doing.pre_state = STOP.pre_state(doing.context(), ("settlement",))
    assert doing.look().is_not_applied


def test_somebody_else_was_faster(orders: Stage) -> None:
    doing = orders.begin(STOP)
    doing.pre_state = STOP.pre_state(doing.context(), ("settlement",))
    orders.begin(STOP).send()
    assert STOP.apply(doing.context(), ("settlement",)).result is Result.REFUSED


def test_the_same_order_sent_twice_is_one(orders: Stage, control: Control) -> None:
    doing = orders.begin(STOP)
    doing.send()
    assert STOP.apply(doing.context(), ("settlement",)).result is Result.ACCEPTED
    target = control.ask("GET", "/pairs/orders/targets/settlement")
    assert target["version"] == int(doing.pre_state["clients/settlement"]["before"]["version"]) + 1


def test_a_stopped_group_that_runs_again_is_told_as_drift(orders: Stage, control: Control) -> None:
    orders.do(STOP)
    assert STOP.holds(orders.case()) is None
    control.ask("POST", "/pairs/orders/members", {"side": HOME, "group": "settlement", "members": 1})
    orders.begin(STOP).until(lambda _: STOP.holds(orders.case()) is not None)
    assert STOP.holds(orders.case()) == "R10: settlement runs on us-east again"


@pytest.mark.parametrize(
    ("vantage", "outside"),
    [
        ("control host, in neither region", True),
        ("people", True),
        ("a host in us-east", False),
        ("us-east, rack 4", False),
        ("", False),
        ("   ", False),
    ],
)
def test_a_driver_proves_nothing_from_inside_the_lost_region(vantage: str, outside: bool) -> None:
    assert is_outside(vantage, "us-east", "us-east") is outside


def test_groups_start_where_they_were_proven_stopped_elsewhere(down: Stage, control: Control) -> None:
    assert "group_not_elsewhere" in down.refusals(START)
    down.do(STOP)
    found = down.do(START)
    assert found.items["settlement"].saw.startswith("STABLE on eu-west, 2 members")
    kept = down.evidence["groups.start"]
    assert kept["marks"]["T6"] == kept["first_commit"]
    rows = {(row["topic"], row["partition"]): row for row in kept["forecast"]["settlement"]}
    assert {name for name, _ in rows} == {"orders", "payments", "us-east.orders", "us-east.payments"}
    assert kept["happened"]["settlement"]["is_as_forecast"] is True
    begun = kept["happened"]["settlement"]["committed"]
    assert all(begun[f"{name}-{number}"] >= row["start"] for (name, number), row in rows.items())
    assert "records are read again" in START.preview(down.context(START)).clients_see
    assert control.ask("GET", "/pairs/orders/targets/settlement")["desired"] == 2


def test_a_workload_the_driver_shows_elsewhere_is_not_started_whatever_was_recorded(down: Stage) -> None:
    down.evidence["groups.stop"] = {"side": HOME, "groups": {"settlement": {"level": "E4", "saw": "", "at": ""}}}
    assert down.refusals(START) == {}
    with pytest.raises(Refused, match="Group settlement is or may be active on us-east"):
        down.begin(START).send()


def test_a_group_on_both_sides_is_never_started_and_told_as_split_brain(down: Stage, control: Control) -> None:
    down.do(STOP)
    down.do(START)
    control.heal("orders", "region-down", HOME)
    control.ask("POST", "/pairs/orders/members", {"side": HOME, "group": "settlement", "members": 1})
    doing = down.begin(START)
    doing.until(lambda _: START.holds(down.case()) is not None)

    assert START.holds(down.case()) == "R10: settlement runs on both sides; one group may run on one cluster only"
    assert doing.look().items["settlement"].saw.startswith("R10: settlement runs on us-east too")
    absent = GroupsAbsent(side=HOME, groups=("settlement",))
    found = down.begin(absent).look()
    assert states(found) == {"settlement": ItemState.WAITING}
    assert "split brain" in found.items["settlement"].saw
    control.ask("POST", "/pairs/orders/members", {"side": HOME, "group": "settlement", "members": 0})
    assert down.begin(absent).until(lambda seen: seen.is_done)


def test_a_group_with_nothing_to_read_is_done_and_says_so(orders: Stage, control: Control) -> None:
    """reporting reads refunds, which nobody writes, and orders; with its producers stopped nothing moves at all."""
    step = StartGroups(to=AWAY, groups=("reporting",))
    for client in ("checkout", "storefront"):
        driver = orders.connections.driver("clients")
        context = orders.context(step)
        driver.apply(
            driver.plan(client, to=None, deadline=context.deadline), run="t", key=client, deadline=context.deadline
        )
    orders.do(StopGroups(side=AWAY, groups=("reporting",)))
    found = orders.do(step)
    assert "commits advanced" in found.items["reporting"].saw or "nothing to read" in found.items["reporting"].saw


def test_offsets_above_the_log_are_waited_for_and_told(orders: Stage, control: Control) -> None:
    orders.do(StopGroups(side=HOME, groups=("settlement",)))
    step = GroupsWithinLog(away_from=HOME, groups=("settlement",))
    assert orders.begin(step).look().is_done
    high = {"side": AWAY, "group": "settlement", "offsets": [{"topic": "orders", "partition": 0, "offset": 10**9}]}
    control.ask("POST", "/pairs/orders/offsets", high)
    found = orders.begin(step).look()
    assert states(found) == {"settlement": ItemState.WAITING}
    assert found.items["settlement"].saw.startswith(
        "R20: Group settlement has committed offset 1000000000 above the log"
    )
    assert "committed_within_log" in orders.refusals(START)


def test_members_by_hand_must_be_attested(orders: Stage, control: Control) -> None:
    orders.do(STOP)
    by_people(orders)
    assert [prompt.name for prompt in START.prompts(orders.case())] == ["attested_by", "attested_reason"]
    assert "start settlement on eu-west" in START.preview(orders.context(START)).command.lower()
    doing = orders.begin(START)
    doing.send()
    control.ask("POST", "/pairs/orders/members", {"side": AWAY, "group": "settlement", "members": 1})
    doing.until(lambda seen: "nobody has attested it" in seen.items["settlement"].saw)
    doing.inputs = ATTESTED
    assert doing.until(lambda seen: seen.is_done)
    control.ask("POST", "/pairs/orders/members", {"side": AWAY, "group": "settlement", "members": 0})


def test_a_client_knows_its_driver_from_the_inventory(orders: Stage) -> None:
    assert [client.is_by_hand for client in orders.facts().clients] == [False] * len(orders.facts().clients)
    assert ClientFacts("x", "group", (), "by-hand", HOME, "x", is_by_hand=True).is_by_hand
