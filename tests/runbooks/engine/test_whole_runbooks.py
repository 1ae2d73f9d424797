"""The four shipped runbooks, step by step through the real backends on the sandbox."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from runbooks.engine.definition import RunbookDefinition, build, check_parameters, parse, suggested
from runbooks.engine.kinds import StepKind
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import Stage

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
