"""The shipped runbooks, step by step through the real backends on the sandbox."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from clusters.sandbox.link_settings import ALL_GROUPS
from runbooks.engine.definition import RunbookDefinition, build, check_parameters, parse, suggested
from runbooks.engine.kinds import StepKind
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import Stage

pytestmark = pytest.mark.domain
WORDS = {
    "statement": "worthless: test records",
    "observed": "deny ACLs are in place",
}


def shipped(slug: str) -> RunbookDefinition:
    return parse((files("runbooks") / "library" / f"{slug}.yaml").read_text())


def steps_of(slug: str, stage: Stage, values: dict[str, Any]) -> dict[str, StepKind]:
    definition = shipped(slug)
    assert check_parameters(definition, values, stage.facts()) == ()
    return {step.key: build(step, values) for step in definition.steps}


def run(slug: str, stage: Stage, values: dict[str, Any]) -> None:
    for step in steps_of(slug, stage, values).values():
        assert step.preview(stage.context(step)).problems == {}
        stage.do(step, WORDS)


@pytest.fixture
def lost(orders: Stage, control: Control) -> dict[str, Any]:
    orders.facts()
    values = suggested(shipped("unplanned-outage-active-active"), "us-east", orders.facts())
    control.fault("orders", "region-down", "us-east")
    return values


@pytest.mark.claims("P1", "P2")
def test_an_active_active_outage_and_the_return_send_no_mirror_command(
    orders: Stage, control: Control, lost: dict[str, Any]
) -> None:
    run("unplanned-outage-active-active", orders, lost)
    placed = {name: target["side"] for name, target in _targets(control).items()}
    assert placed == dict.fromkeys(placed, "eu-west")

    control.heal("orders", "region-down", "us-east")
    values = {"home": "us-east", "groups": lost["groups"], "producers": lost["producers"]}
    run("return-home-active-active", orders, values)

    assert {
        name: target["side"] for name, target in _targets(control).items() if name in ("checkout", "settlement")
    } == {
        "checkout": "us-east",
        "settlement": "us-east",
    }
    assert control.journal("orders") == []


def _targets(control: Control) -> dict[str, Any]:
    return {target["target"]: target for target in control.ask("GET", "/pairs/orders/targets")["targets"]}


@pytest.mark.claims("P7", "P4")
def test_an_active_passive_failover_and_the_restore_send_each_command_once(ledger: Stage, control: Control) -> None:
    ledger.facts()
    values = suggested(shipped("failover-active-passive"), "eu-north", ledger.facts())
    control.fault("ledger", "region-down", "eu-north")
    run("failover-active-passive", ledger, values)

    control.heal("ledger", "region-down", "eu-north")
    home = {"home": "eu-north", **{name: values[name] for name in ("topics", "groups", "producers")}}
    run("restore-active-passive", ledger, home)

    sent = [command for command in control.journal("ledger") if not command["validate_only"]]
    assert [(command["action"], command["side"], sorted(command["topics"])) for command in sent] == [
        ("failover", "eu-south", ["accounts", "entries", "transfers"]),
        ("truncate-and-restore", "eu-north", ["accounts", "entries", "transfers"]),
        ("reverse-and-start", "eu-north", ["accounts", "entries", "transfers"]),
    ]


LEDGER = {
    "topics": ["accounts", "entries", "transfers"],
    "groups": ["balances", "statements"],
    "producers": ["ledger-writer"],
}


def commands(control: Control, pair: str) -> list[tuple[str, str, list[str]]]:
    sent = [command for command in control.journal(pair) if not command["validate_only"]]
    return [(command["action"], command["side"], sorted(command["topics"])) for command in sent]


def ends(stage: Stage, side: str) -> dict[str, Any]:
    topics = stage.facts().side(side).topics or {}
    return {name: topics[name].end_offsets for name in LEDGER["topics"]}


@pytest.mark.claims("P6b", "P15")
def test_a_planned_switch_and_the_way_back_swap_the_roles_without_loss(ledger: Stage, control: Control) -> None:
    ledger.facts()
    for side, left in (("eu-south", "eu-north"), ("eu-north", "eu-south")):
        run("planned-switch-active-passive", ledger, {"from": left, **LEDGER})
        placed = control.ask("GET", "/pairs/ledger/targets")["targets"]
        assert {target["side"] for target in placed} == {side}
    assert commands(control, "ledger") == [
        ("reverse-and-start", "eu-south", LEDGER["topics"]),
        ("reverse-and-start", "eu-north", LEDGER["topics"]),
    ]


@pytest.mark.claims("P8")
def test_a_planned_migration_leaves_nothing_behind(ledger: Stage, control: Control) -> None:
    ledger.facts()
    run("planned-promote-active-passive", ledger, {"from": "eu-north", **LEDGER})
    assert commands(control, "ledger") == [
        ("promote", "eu-south", LEDGER["topics"]),
        ("PUT links/ledger-link/configs:alter", "eu-south", []),
    ]
    old, new = ends(ledger, "eu-north"), ends(ledger, "eu-south")
    assert all(sum(new[name]) >= sum(old[name]) for name in LEDGER["topics"])


@pytest.mark.claims("P6a", "P15")
def test_a_planned_move_between_active_regions_needs_no_mirror_command(orders: Stage, control: Control) -> None:
    orders.facts()
    moved = {"producers": ["checkout"], "groups": ["settlement", "fulfilment"]}
    run("planned-move-active-active", orders, {"from": "us-east", **moved})
    names = moved["producers"] + moved["groups"]
    assert {_targets(control)[name]["side"] for name in names} == {"eu-west"}
    assert control.journal("orders") == []


@pytest.mark.claims("P3")
def test_mirrors_of_a_region_that_will_not_return_are_made_writable(
    orders: Stage, control: Control, lost: dict[str, Any]
) -> None:
    run("unplanned-outage-active-active", orders, lost)
    values = {"failed": "us-east", "topics": ["us-east.orders", "us-east.payments"], "groups": ["settlement"]}
    held = orders.refusals(steps_of("extended-loss-active-active", orders, values)["failover"])
    assert held["no_command_needed"].startswith("Active-active: a regional outage needs no mirror command.")
    assert control.journal("orders") == []

    orders.will_not_return = True
    run("extended-loss-active-active", orders, values)
    assert commands(control, "orders") == [("failover", "eu-west", values["topics"])]


@pytest.mark.claims("P11")
def test_late_records_are_held_back_and_let_in(orders: Stage, control: Control) -> None:
    orders.facts()
    values = {"side": "eu-west", "topics": ["us-east.orders", "us-east.payments"]}
    run("pause-catch-up", orders, values)
    sent = commands(control, "orders")
    assert sent == [(verb, "eu-west", values["topics"]) for verb in ("pause", "resume")]


@pytest.mark.claims("P3", "P5")
def test_a_region_that_returned_after_all_is_mirrored_anew(
    orders: Stage, control: Control, lost: dict[str, Any]
) -> None:
    run("unplanned-outage-active-active", orders, lost)
    mirrors = ["us-east.orders", "us-east.payments"]
    orders.will_not_return = True
    loss = {"failed": "us-east", "topics": mirrors, "groups": ["settlement", "fulfilment"]}
    run("extended-loss-active-active", orders, loss)
    control.ask("POST", "/pairs/orders/records", {"side": "eu-west", "topic": mirrors[0], "partition": 0, "count": 40})
    control.heal("orders", "region-down", "us-east")

    rebuild = {"home": "us-east", "topics": mirrors, "groups": ["settlement", "fulfilment", "reporting"]}
    run("rebuild-mirrors-active-active", orders, rebuild)

    assert commands(control, "orders") == [
        ("failover", "eu-west", mirrors),
        *(("delete-topic", "eu-west", [topic]) for topic in mirrors),
        *(("create-mirror", "eu-west", [topic]) for topic in mirrors),
        *(("set-offsets", "eu-west", []) for _ in range(3)),
    ]
    cut = {
        topic: [row["end"] for row in orders.evidence["cut.save"]["topics"][topic]["partitions"]] for topic in mirrors
    }
    placed = orders.evidence["groups.set-offsets"]["placed"]
    assert placed["settlement"].keys() == {f"{topic}-{number}" for topic in mirrors for number in range(6)}
    assert placed["settlement"]["us-east.orders-0"] == cut["us-east.orders"][0], "it had read beyond the cut"
    assert all(
        offset <= cut[at.rpartition("-")[0]][int(at.rpartition("-")[2])] for at, offset in placed["settlement"].items()
    )


@pytest.mark.claims("P11")
def test_group_offsets_are_held_back_and_let_cross(ledger: Stage, control: Control) -> None:
    ledger.facts()
    run("hold-offset-sync", ledger, {"side": "eu-south"})
    sent = [command["settings"] for command in control.journal("ledger") if not command["validate_only"]]
    enable, filters = "consumer.offset.sync.enable", "consumer.offset.group.filters"
    assert sent == [{enable: "false"}, {filters: ALL_GROUPS, enable: "true"}]


@pytest.mark.claims("P10")
def test_what_never_crossed_is_exported_decided_and_appended_once(ledger: Stage, control: Control) -> None:
    ledger.facts()
    control.fault("ledger", "link-down", "")
    for partition in (0, 1):
        rows = {"side": "eu-north", "topic": "entries", "partition": partition, "count": 30}
        control.ask("POST", "/pairs/ledger/records", rows)
    values = suggested(shipped("failover-active-passive"), "eu-north", ledger.facts())
    control.fault("ledger", "region-down", "eu-north")
    run("failover-active-passive", ledger, values)
    control.heal("ledger", "region-down", "eu-north")
    control.heal("ledger", "link-down", "")
    hole = _ends(control, "eu-north")[0] - 3
    holes = {"side": "eu-north", "topic": "entries", "partition": 0, "offsets": [hole]}
    control.ask("POST", "/pairs/ledger/compactions", holes)
    control.ask("DELETE", "/journal?pair=ledger")

    words = {
        **WORDS,
        "decision-entries": "Replay: the owners of entries, bookings must not be missing",
        "decision-accounts": "drop: rebuilt from entries",
        "decision-transfers": "hand over: the owners of transfers look through them",
        "attested_by": "Commander 1",
        "attested_reason": "asked the owners of balances",
    }
    recover = {"lost": "eu-north", "topics": ["accounts", "entries", "transfers"]}
    for step in steps_of("recover-unreplicated", ledger, recover).values():
        assert step.preview(ledger.context(step)).problems == {}
        ledger.do(step, words)

    cuts = [row["end"] for row in ledger.evidence["cut.save"]["topics"]["entries"]["partitions"]]
    ranges = enumerate(zip(cuts, _ends(control, "eu-north"), strict=True))
    never = [(number, at) for number, (cut, end) in ranges for at in range(cut, end) if (number, at) != (0, hole)]
    found = ledger.evidence["records.export"]["topics"]["entries"]
    assert (found["records"], found["empty"], len(never) >= 59) == (len(never), 1, True)
    file = Path(ledger.connections.exports.path(found["file"]))
    written = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert [(row["partition"], row["offset"]) for row in written] == never
    assert hashlib.sha256(file.read_bytes()).hexdigest() == found["sha256"]
    journal = control.journal("ledger")
    assert {row["action"] for row in journal} == {"produce"}
    told = [record for row in journal for record in row["records"]]
    assert sorted(told) == sorted(f"eu-north/entries-{number}@{at}" for number, at in never)


@pytest.mark.claims("P9")
def test_the_side_that_took_over_stays_and_the_old_link_goes_last(ledger: Stage, control: Control) -> None:
    ledger.facts()
    values = suggested(shipped("failover-active-passive"), "eu-north", ledger.facts())
    control.fault("ledger", "region-down", "eu-north")
    run("failover-active-passive", ledger, values)
    forward = {"lost": "eu-north", "topics": list(values["topics"])}
    delete = steps_of("fail-forward", ledger, forward)["delete-link"]
    held = ledger.refusals(delete)
    assert "whether the cut offsets of eu-south are exported" in held["link_can_go"]
    for key in ("declare-primary", "export-cut"):
        ledger.do(steps_of("fail-forward", ledger, forward)[key], WORDS)
    assert "what is to become of the records of eu-north" in ledger.refusals(delete)["link_can_go"]
    ledger.will_not_return = True
    run("fail-forward", ledger, forward)
    assert commands(control, "ledger")[1:] == [("delete-link", "eu-south", [])]
    names = {half["side"]: half["mirrors"] for half in control.truth("ledger")["links"]}
    assert set(names) == {"eu-north"}


@pytest.mark.claims("P14")
def test_producers_move_first_and_groups_follow_later(ledger: Stage, control: Control) -> None:
    ledger.facts()
    run("consumer-last-active-passive", ledger, {"from": "eu-north", **LEDGER})
    placed = {row["target"]: row["side"] for row in control.ask("GET", "/pairs/ledger/targets")["targets"]}
    assert placed == {"ledger-writer": "eu-south", "balances": "eu-north", "statements": "eu-north"}
    run("consumers-follow-active-passive", ledger, {"from": "eu-north", "groups": ["balances"]})
    placed = {row["target"]: row["side"] for row in control.ask("GET", "/pairs/ledger/targets")["targets"]}
    assert placed == {"ledger-writer": "eu-south", "balances": "eu-south", "statements": "eu-north"}
    assert commands(control, "ledger") == [("reverse-and-start", "eu-south", LEDGER["topics"])]


def _ends(control: Control, side: str) -> list[int]:
    return [row["end"] for row in control.truth("ledger")["sides"][side]["topics"]["entries"]["partitions"]]
