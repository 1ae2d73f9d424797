"""A definition's complaints name the line and the nearest known word; what is written is what a run gets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clusters.facts import Topology
from runbooks.engine.definition import BadValue, Confirm, DefinitionError, build, diff, parse, schema
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.steps.groups_stop import StopGroups
from runbooks.engine.steps.proof import Proof

GOOD = """\
runbook: move-groups
title: Move groups
applies_to: {topology: active-active}
parameters:
  failed: {type: side, title: The failed side}
  groups: {type: consumer-groups}
steps:
  - key: confirm-outage
    kind: outage.confirm
    with: {side: "${failed}"}
  - key: stop-groups
    kind: groups.stop
    with: {side: "${failed}", groups: "${groups}", proof: E1}
    confirm: {typed: cluster}
    approvals: 1
    guards: [{fresh_facts: {within: 5s}}]
    timeout: 90s
    optional: true
"""


def complaints(text: str) -> list[tuple[int, str]]:
    with pytest.raises(DefinitionError) as refused:
        parse(text)
    return [(complaint.line, complaint.text) for complaint in refused.value.complaints]


def edited(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_what_is_written_is_kept() -> None:
    found = parse(GOOD)
    first, second = found.steps

    assert (found.slug, found.title, found.applies_to) == ("move-groups", "Move groups", Topology.ACTIVE_ACTIVE)
    assert [(parameter.name, parameter.type.name, parameter.title) for parameter in found.parameters] == [
        ("failed", "side", "The failed side"),
        ("groups", "consumer-groups", "Groups"),
    ]
    assert (first.needs, first.confirm, first.approvals, first.timeout) == ((), Confirm.CLICK, 0, timedelta(minutes=10))
    assert first.title == "Confirm the outage"
    assert (second.needs, second.confirm, second.approvals) == (("confirm-outage",), Confirm.CLUSTER, 1)
    assert (second.timeout, second.is_optional, second.line) == (timedelta(seconds=90), True, 11)
    assert second.guards == (FreshFacts(timedelta(seconds=5)),)


def test_a_run_puts_its_values_in() -> None:
    step = parse(GOOD).step("stop-groups")
    built = build(step, {"failed": "us-east", "groups": ["a", "b"]})
    assert built == StopGroups(side="us-east", groups=("a", "b"), proof=Proof.E1)


@pytest.mark.parametrize(
    "values", [{"failed": "us-east"}, {"failed": "us-east", "groups": "a"}, {"failed": "", "groups": ["a"]}]
)
def test_a_missing_or_wrong_value_builds_nothing(values: dict[str, object]) -> None:
    with pytest.raises(BadValue, match="stop-groups"):
        build(parse(GOOD).step("stop-groups"), values)


def test_the_digest_is_of_the_text() -> None:
    assert parse(GOOD).digest == parse(str(GOOD)).digest != parse(f"{GOOD}# changed\n").digest


PARAMETERS = GOOD[GOOD.index("parameters:") : GOOD.index("steps:")]
BAD = {
    "no runbook": ("runbook: move-groups\n", "", 1, "runbook is missing"),
    "odd slug": ("runbook: move-groups", "runbook: Move_Groups", 1, "must be written like"),
    "no title": ("title: Move groups\n", "", 1, "title is missing"),
    "unknown key": ("title: Move groups", "title: Move groups\ntile: x", 3, "'tile'; did you mean 'title'"),
    "unknown topology": ("active-active", "activeactive", 3, "must be one of active-active, active-passive"),
    "unknown parameter type": ("type: side", "type: sides", 5, "did you mean 'side'"),
    "odd parameter name": ("  failed:", "  Failed:", 5, "small word"),
    "list of parameters": (PARAMETERS, "parameters: [failed, groups]\n", 4, "must be a mapping"),
    "unknown kind": ("kind: groups.stop", "kind: groups.stopp", 12, "did you mean 'groups.stop'"),
    "no kind": ("    kind: groups.stop\n", "", 11, "kind is missing"),
    "unknown field": ("proof: E1", "prof: E1", 13, "no field 'prof'; did you mean 'proof'"),
    "missing field": ('groups: "${groups}", ', "", 13, "needs groups"),
    "unknown choice": ("proof: E1", "proof: E9", 13, "one of E1, E2, E3, E4"),
    "unknown parameter": ("${groups}", "${group}", 13, "no parameter 'group'; did you mean 'groups'"),
    "wrong type": ('groups: "${groups}"', 'groups: "${failed}"', 13, "wants consumer-groups"),
    "expression": ("${failed}\", groups", "${failed}-x\", groups", 13, "whole value"),
    "dotted": ("${failed}\", groups", "${failed.name}\", groups", 13, "no expressions"),
    "nested reference": ('groups: "${groups}"', 'groups: ["${groups}"]', 13, "whole value"),
    "both sides": ('{side: "${failed}", groups', '{side: "${failed}", away_from: "${failed}", groups', 13,
        "exactly one"),
    "no side": ('{side: "${failed}", groups', "{groups", 13, "exactly one of side and away_from"),
    "fields of another kind": ("kind: groups.stop", "kind: topics.quiet", 13, "no field 'groups'"),
    "odd confirm": ("confirm: {typed: cluster}", "confirm: twice", 14, "confirm must be click"),
    "odd phrase": ("{typed: cluster}", "{typed: password}", 14, "confirm must be click"),
    "approvals as a word": ("approvals: 1", "approvals: two", 15, "whole number from 0 to 3; found 'two'"),
    "too many approvals": ("approvals: 1", "approvals: 4", 15, "0 to 3"),
    "approvals true": ("approvals: 1", "approvals: true", 15, "0 to 3"),
    "guards as a word": ("[{fresh_facts: {within: 5s}}]", "none", 16, "must be a list"),
    "unknown guard": ("fresh_facts", "fresh_fact", 16, "did you mean 'fresh_facts'"),
    "unknown guard field": ("within: 5s", "above: 5s", 16, "no field 'above'"),
    "guard field from a parameter": ("within: 5s", 'within: "${failed}"', 16, "no parameter"),
    "odd time-out": ("timeout: 90s", "timeout: 90", 17, "a time such as"),
    "no time at all": ("timeout: 90s", "timeout: 0s", 17, "more than nothing"),
    "odd optional": ("optional: true", "optional: yes", 18, "true or false"),
    "needs nobody": ("    timeout: 90s", "    needs: [confirm-outag]\n    timeout: 90s", 11,
        "did you mean 'confirm-outage'"),
    "needs as a word": ("    timeout: 90s", "    needs: confirm-outage\n    timeout: 90s", 17, "list of step keys"),
    "needs itself": ("    timeout: 90s", "    needs: [stop-groups]\n    timeout: 90s", 11, "circle"),
    "no steps": ("steps:", "steps: []\nold:", 7, "at least one"),
    "two alike": ("key: stop-groups", "key: confirm-outage", 11, "the first is in line 8"),
    "a step that is a word": ("  - key: confirm-outage", "  - hello\n  - key: confirm-outage", 8, "must be a mapping"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_each_mistake_is_named_with_its_line(name: str) -> None:
    old, new, line, says = BAD[name]
    found = complaints(edited(old, new))
    assert any(at == line and (says in text) for at, text in found), found


def test_all_mistakes_are_named_at_once() -> None:
    text = edited("approvals: 1", "approvals: nine").replace("kind: outage.confirm", "kind: outage").replace("90s", "x")
    assert [line for line, _ in complaints(text)] == [9, 15, 17]


def test_needs_that_run_in_a_circle_are_named_on_every_step() -> None:
    text = edited('    with: {side: "${failed}"}\n', '    with: {side: "${failed}"}\n    needs: [stop-groups]\n')
    assert [line for line, text in complaints(text) if "circle" in text] == [8, 12]


def test_a_guard_a_kind_already_has_can_only_be_made_stricter() -> None:
    tightened = parse(edited("within: 5s", "within: 1s")).step("stop-groups")
    assert tightened.guards == (FreshFacts(timedelta(seconds=1)),)
    # Written without a limit of its own it is what the kind has anyway: identical, and allowed.
    assert parse(edited("[{fresh_facts: {within: 5s}}]", "[fresh_facts]")).step("stop-groups").guards == (FreshFacts(),)


def test_a_definition_cannot_take_a_guard_away() -> None:
    for guards in ("[]", "[fresh_facts]"):
        step = parse(edited("[{fresh_facts: {within: 5s}}]", guards)).step("stop-groups")
        assert step.kind_class.guards == StopGroups.guards


def test_what_cannot_be_undone_asks_for_a_typed_phrase() -> None:
    text = edited("kind: groups.stop", "kind: mirrors.failover").replace(
        'with: {side: "${failed}", groups: "${groups}", proof: E1}', 'with: {away_from: "${failed}", topics: [orders]}'
    )
    assert parse(text).step("stop-groups").confirm is Confirm.CLUSTER
    assert any("cannot be undone" in text for _, text in complaints(text.replace("{typed: cluster}", "click")))


@pytest.mark.parametrize("topics", ["['*']", "['.*']", "['orders-*']", "[]", "[orders, orders]", "orders"])
def test_topics_are_named_one_by_one(topics: str) -> None:
    text = edited("kind: groups.stop", "kind: topics.quiet").replace(
        'groups: "${groups}", proof: E1', f"topics: {topics}"
    )
    assert complaints(text)


def test_a_difference_is_said_in_sentences() -> None:
    new = (
        edited("proof: E1", "proof: E2")
        .replace("approvals: 1", "approvals: 2")
        .replace("timeout: 90s", "timeout: 5m")
        .replace("  groups: {type: consumer-groups}", "  groups: {type: consumer-groups}\n  note: {type: text}")
        .replace("title: Move groups", "title: Move all groups")
    )
    assert diff(parse(GOOD), parse(new)) == (
        "the runbook's title was “Move groups”, is now “Move all groups”",
        "parameter note is new (text)",
        "step stop-groups: with was “groups ${groups}, proof E1, side ${failed}”, "
        "is now “groups ${groups}, proof E2, side ${failed}”",
        "step stop-groups: approvals was 1, is now 2",
        "step stop-groups: timeout was 1:30, is now 5:00",
    )


def test_comments_and_layout_are_no_difference() -> None:
    assert diff(parse(GOOD), parse(f"# a comment\n{GOOD}")) == ()


def test_steps_that_come_go_and_move_are_said() -> None:
    first, second = GOOD.index("  - key: confirm"), GOOD.index("  - key: stop")
    turned = GOOD[:first] + GOOD[second:] + GOOD[first:second]
    said = diff(parse(GOOD), parse(turned.replace("key: confirm-outage", "key: look-first")))
    assert said[:2] == ("step confirm-outage (outage.confirm) is gone", "step look-first (outage.confirm) is new")
    assert diff(parse(GOOD), parse(turned))[0] == (
        "the order of steps was confirm-outage, stop-groups; it is stop-groups, confirm-outage"
    )


def test_the_schema_tells_a_writer_everything() -> None:
    found = schema()
    stop = next(kind for kind in found.kinds if kind.kind == "groups.stop")

    assert {kind.kind for kind in found.kinds} >= {
        *(
            "outage.confirm",
            "lag.record",
            "cut.save",
            "loss.accept",
            "mirrors.failover",
            "mirrors.truncate-and-restore",
        ),
        *("mirrors.reverse-and-start", "lag.drained", "topics.quiet", "clients.route", "groups.stop", "groups.start"),
        *("manual", "check"),
    }
    assert all(kind.title and kind.help for kind in found.kinds)
    assert all(guard.title and guard.help and guard.source and guard.code for guard in found.guards)
    assert all(field.help for kind in found.kinds for field in kind.fields)
    assert [field.name for field in stop.fields if field.is_required] == ["groups"]
    assert stop.guards == ("may_change", "fresh_facts", "not_kept")
