"""A sheet is complete without the program: every step, name, command and box, nothing fetched, nothing secret."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from audit.clock import database_now
from clusters.facts import ClientFacts
from dashboard import inventory
from runbooks.engine.kinds import Nature
from runbooks.engine.steps.kind import UNSPELT
from runbooks.paper.drawn import drawn
from runbooks.paper.every import every_sheet
from runbooks.paper.folding import folded
from runbooks.paper.sheet import Sheet

P1, P7 = "unplanned-outage-active-active", "failover-active-passive"


class Words(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def everything(sheet: Sheet) -> list[str]:
    """What a reader must find on it."""
    found = [title for each in sheet.values for title in each]
    for step in sheet.steps:
        hand = step.hand
        found += [f"Step {step.line.number} of {len(sheet.steps)}: {step.step.title}", step.challenge, step.step.help]
        found += [*hand.does, *hand.expects, *hand.notes]
        found += [text for command in (*hand.looks, *hand.sends) for text in (command.what, command.text)]
        found += [text for guard in step.guards for text in (guard.code, guard.title, guard.help)]
    return found


def boxes(sheet: Sheet) -> int:
    """One for each step, guard, deed, command to send and expected value, and two at the end."""
    hands = [step.hand for step in sheet.steps]
    inside = sum(len(hand.does) + len(hand.sends) + len(hand.expects) for hand in hands)
    return 2 + len(sheet.steps) + sum(len(step.guards) for step in sheet.steps) + inside


@pytest.mark.parametrize(("pair", "slug", "side"), [("orders", P1, "us-east"), ("ledger", P7, "eu-north")])
def test_it_holds_every_step_name_command_and_box(sheet_of, pair, slug, side) -> None:
    sheet = sheet_of(pair, slug, side)
    read = Words(drawn(sheet))
    for text in everything(sheet):
        assert " ".join(text.split()) in read.text, text
    assert sum(attrs.get("class") == "box" for _, attrs in read.tags) == boxes(sheet)
    assert sheet.runbook.digest in read.text
    assert inventory.digest_in_force() in read.text
    for each in sheet.sides:
        assert each.entry.cluster_id in read.text


def test_nothing_is_fetched_run_or_followed(sheet_of) -> None:
    read = Words(drawn(sheet_of("orders", P1, "us-east")))
    assert {"script", "link", "img", "a", "iframe", "form"}.isdisjoint(tag for tag, _ in read.tags)
    assert not [attrs for _, attrs in read.tags if {"src", "href", "style", "onclick"} & attrs.keys()]
    assert "url(" not in drawn(sheet_of("orders", P1, "us-east"))


def test_p1_sends_no_mirror_command_and_p7_fails_over_by_name(sheet_of) -> None:
    p1 = [command.text for step in sheet_of("orders", P1, "us-east").steps for command in step.hand.sends]
    assert p1
    assert not any("mirrors:" in text or "kafka-mirrors" in text for text in p1)
    failover = next(step for step in sheet_of("ledger", P7, "eu-north").steps if step.step.kind == "mirrors.failover")
    dry, rest, tool = (command.text for command in failover.hand.sends)
    assert "validate_only=true" in dry
    assert "validate_only" not in rest
    for text in (dry, rest):
        assert '{"mirror_topic_names":["accounts","entries","transfers"]}' in text
    assert "--failover --topics accounts,entries,transfers" in tool
    assert "Agreed by another person" in drawn(sheet_of("ledger", P7, "eu-north"))
    assert drawn(sheet_of("ledger", P7, "eu-north")).count("Point of no return") == 1


def test_every_shipped_runbook_is_filled_in_whole(in_force, shipped) -> None:
    """Where a kind that acts could not say how, there would be a step that nobody can do by paper."""
    now, seen = database_now(), set()
    for each in every_sheet():
        sheet = each.sheet(now)
        seen.add(sheet.runbook.slug)
        for step in sheet.steps:
            where = f"{sheet.file}, step {step.line.number}"
            assert not step.problem, f"{where}: {step.problem}"
            assert step.hand.expects or step.hand.looks, where
            if step.step.kind_class.nature is Nature.ACT:
                assert step.hand.sends or step.hand.does, where
    assert len(seen) >= 9


def test_a_group_that_no_driver_moves_is_left_to_people(wanted) -> None:
    each = wanted("orders", P1, "us-east")
    loner = ClientFacts("by-nobody", "group", ("orders",), "nowhere", "us-east", "loner")
    sheet = replace(each, entry=replace(each.entry, clients=(*each.entry.clients, loner))).sheet(database_now())
    stop = next(step for step in sheet.steps if step.step.kind == "groups.stop")
    assert "Stop loner everywhere by the means of nowhere." in stop.hand.does


def test_what_is_not_known_is_left_blank_and_said(wanted) -> None:
    each = wanted("orders", P1, "us-east")
    sheet = replace(each, entry=replace(each.entry, clients=())).sheet(database_now())
    stop = next(step for step in sheet.steps if step.step.kind == "groups.stop")
    assert "parameter groups has no value" in stop.problem
    assert stop.hand.does
    assert stop.problem in Words(drawn(sheet)).text


def test_hostile_names_are_inert_and_turn_nothing_around(wanted) -> None:
    each = wanted("orders", P1, "us-east")
    entry = replace(each.entry, title="<script>alert(1)</script>\u202etsew")
    html = drawn(replace(each, entry=entry).sheet(database_now()))
    assert "<script" not in html
    assert "\u202e" not in html
    assert "⟨U+202E⟩tsew" in html


@pytest.mark.parametrize(
    "text",
    [
        "curl --data '{\"a b\": 1}' --user \"$A:$(cat '/x y')\" " + "http://host/" + "p" * 60 + " --last",
        "kafka-mirrors --failover --topics " + ",".join(f"topic-{n}" for n in range(40)) + " --command-config F",
        "one\ntwo three",
    ],
)
def test_long_commands_are_broken_where_a_shell_allows_it(text) -> None:
    lines = folded(text)
    assert re.sub(r" \\\n  ", " ", lines) == text
    assert all(line.count("'") % 2 == 0 for line in lines.splitlines())


def test_an_act_whose_command_is_not_printed_says_so(in_force, shipped) -> None:
    """Paper that passes over it in silence would be taken for complete."""
    for each in every_sheet():
        for step in each.sheet(database_now()).steps:
            if step.step.kind_class.nature is Nature.ACT and not step.hand.sends:
                where = f"{each.runbook.slug}, step {step.line.number}"
                assert UNSPELT in step.hand.does or "by the means of" in " ".join(step.hand.does), where
