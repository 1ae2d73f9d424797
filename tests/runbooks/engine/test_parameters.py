"""What a run is started with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clusters.facts import Topology
from runbooks.engine.definition import RunbookDefinition, check_parameters, parse, suggested
from tests.runbooks.engine.made import NEW, OLD, group, lost, mirror, pair, side

DEFINITION = parse("""\
runbook: everything
title: Everything
applies_to: {topology: active-passive}
parameters:
  failed: {type: side}
  topics: {type: topics}
  groups: {type: consumer-groups}
  producers: {type: clients}
  probe: {type: endpoint}
  note: {type: text}
  count: {type: number}
steps:
  - {key: confirm, kind: outage.confirm, with: {side: "${failed}"}}
""")
GOOD: dict[str, Any] = {
    "failed": OLD,
    "topics": ["entries"],
    "groups": ("balances",),
    "producers": ["writer"],
    "probe": "status",
    "note": "a drill",
    "count": 3,
}
FACTS = pair(lost(OLD), side(NEW, mirrors=(mirror(topic="late"),), groups={"undeclared": group("undeclared")}))


def problems(**changes: Any) -> tuple[str, ...]:
    return check_parameters(DEFINITION, {**GOOD, **changes}, FACTS)


def test_good_values_start_a_run() -> None:
    assert problems() == ()
    assert problems(count="12") == ()


def test_names_seen_on_a_side_that_answers_count_as_known() -> None:
    assert problems(topics=["late"], groups=["undeclared"]) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"failed": "mars"}, "Failed: ledger has no side 'mars'"),
        ({"failed": ["eu-north"]}, "Failed (failed) must be the name of one side"),
        ({"topics": []}, "Topics (topics) must name at least one"),
        ({"topics": ["entries", "entries"]}, "Topics (topics) names something twice"),
        ({"topics": ["entr*"]}, "R18: no wildcards"),
        ({"topics": "entries"}, "Topics (topics) must be a list"),
        ({"topics": ["mars"]}, "knows a topic 'mars'"),
        ({"groups": ["mars"]}, "knows a group 'mars'"),
        ({"groups": ["a\nb"]}, "is not a usable name"),
        ({"producers": ["mars"]}, "the inventory declares no client 'mars'"),
        ({"probe": "http://elsewhere/"}, "is not a name"),
        ({"note": ""}, "Note (note) must be a sentence"),
        ({"note": "x" * 2001}, "is longer than 2000 characters"),
        ({"count": -1}, "a whole number, 0 or more"),
        ({"count": "many"}, "a whole number, 0 or more"),
        ({"count": True}, "a whole number, 0 or more"),
        ({"extra": 1}, "there is no parameter 'extra'"),
    ],
)
def test_each_wrong_value_is_named(changes: dict[str, Any], says: str) -> None:
    found = problems(**changes)
    assert len(found) == 1
    assert says in found[0]


def test_all_problems_are_named_at_once() -> None:
    assert len(check_parameters(DEFINITION, {}, FACTS)) == len(GOOD)


def test_a_runbook_of_another_topology_is_refused() -> None:
    facts = replace(FACTS, topology=Topology.ACTIVE_ACTIVE)
    assert check_parameters(DEFINITION, GOOD, facts) == (
        "this runbook is for active-passive pairs; ledger is active-active",
    )


def test_what_a_commander_would_fill_in_is_suggested() -> None:
    found = suggested(DEFINITION, OLD, FACTS)
    assert found == {"failed": OLD, "topics": ("entries",), "groups": ("balances",), "producers": ("writer",)}
    assert suggested(DEFINITION, NEW, FACTS) == {"failed": NEW}
    rest: RunbookDefinition = parse("runbook: x\ntitle: X\nsteps: [{key: a, kind: lag.record, with: {side: a-b}}]\n")
    assert suggested(rest, OLD, FACTS) == {}
