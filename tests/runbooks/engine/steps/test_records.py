"""Exporting and replaying records: counted, hashed, each written once, and read back before it is called done."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.outcome import ItemState, Result
from runbooks.engine.steps.cut_save import SaveCut
from runbooks.engine.steps.records_decide import DecideRecords
from runbooks.engine.steps.records_export import ExportRecords
from runbooks.engine.steps.records_replay import ReplayRecords
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import Stage, states
from tests.runbooks.engine.steps.scenes import NEW, OLD, place, sent

TOPIC = "entries"
EXPORT = ExportRecords(topics=(TOPIC,), side=OLD)
DECIDE = DecideRecords(topics=(TOPIC,), side=OLD)
REPLAY = ReplayRecords(topics=(TOPIC,), away_from=OLD)
SAID = {"decision-entries": "replay: no booking may be missing"}


@pytest.fixture
def cut_off(ledger: Stage, control: Control) -> Stage:
    """Nobody runs, the mirror was failed over at its cut, and two partitions of the old home go on above it."""
    ledger.facts()
    for client in ("ledger-writer", "balances", "statements"):
        place(ledger, client, None)
    control.fault("ledger", "link-down", "")
    ledger.do(SaveCut(away_from=OLD, topics=(TOPIC,)))
    argv = ["kafka-mirrors", "--failover", "--topics", TOPIC]
    control.ask("POST", "/pairs/ledger/kafka-mirrors", {"side": NEW, "argv": argv})
    ledger.do(SaveCut(away_from=OLD, topics=(TOPIC,)))
    for partition, count in ((0, 7), (1, 700)):
        rows = {"side": OLD, "topic": TOPIC, "partition": partition, "count": count}
        control.ask("POST", "/pairs/ledger/records", rows)
    control.heal("ledger", "link-down", "")
    control.ask("DELETE", "/journal?pair=ledger")
    return ledger


@pytest.fixture
def ready(cut_off: Stage) -> Stage:
    cut_off.do(EXPORT)
    cut_off.do(DECIDE, SAID)
    return cut_off


def told(control: Control) -> list[str]:
    carried = [row for row in sent(control) if row["outcome"] in {"accepted", "dropped-applied"}]
    return [record for row in carried for record in row["records"]]


def exported(stage: Stage) -> int:
    """With those of the producers that were still on their way when the link went down."""
    return int(stage.evidence["records.export"]["records"])


def test_an_export_goes_on_where_a_death_left_it(cut_off: Stage) -> None:
    doing = cut_off.begin(EXPORT)
    doing.until(lambda _: bool(doing.memory.get("topics")))
    before = doing.memory
    whole = doing.until(lambda seen: seen.is_done)
    file = Path(cut_off.connections.exports.path(doing.memory["topics"][TOPIC]["file"]))
    first, digest = file.read_bytes(), doing.memory["topics"][TOPIC]["sha256"]

    doing.memory = {**before, "topics": {TOPIC: {**before["topics"][TOPIC], "sha256": ""}}}
    file.write_bytes(first + b"what a worker wrote and nobody noted")
    assert doing.until(lambda seen: seen.is_done).items == whole.items
    assert (file.read_bytes(), doing.memory["topics"][TOPIC]["sha256"]) == (first, digest)
    assert oct(file.stat().st_mode & 0o777) == "0o600"


def test_a_record_written_meanwhile_begins_the_wait_anew(cut_off: Stage, control: Control) -> None:
    doing = cut_off.begin(EXPORT)
    doing.look()
    control.ask("POST", "/pairs/ledger/records", {"side": OLD, "topic": TOPIC, "partition": 2, "count": 1})
    found = doing.look()
    assert found.said == "R14: somebody still writes on eu-north. Stop all producers there first."


def test_a_side_that_lost_records_is_told(cut_off: Stage, control: Control) -> None:
    control.fault("ledger", "records-lost", OLD, records=300)
    found = cut_off.begin(EXPORT).until(lambda seen: ItemState.FAILED in states(seen).values())
    assert found.items[TOPIC].saw.startswith("Critical: eu-north ends ")


@pytest.mark.parametrize("word", ["maybe", "", "I would replay them"])
def test_a_decision_that_does_not_begin_with_its_word_is_none(cut_off: Stage, word: str) -> None:
    cut_off.do(EXPORT)
    found = cut_off.begin(DECIDE, {"decision-entries": word}).look()
    assert found.items[TOPIC].state is ItemState.FAILED
    assert "it must begin with replay, hand over or drop" in found.items[TOPIC].saw


def test_each_record_is_appended_once_and_read_back(ready: Stage, control: Control) -> None:
    found = ready.do(REPLAY)
    assert len([name for name in found.items if name.startswith("entries-1@")]) == 2, "700 records in two calls"
    assert {item.state for item in found.items.values()} == {ItemState.DONE}
    assert len(told(control)) == len(set(told(control))) == exported(ready) >= 707


@pytest.mark.parametrize("applied", [True, False])
def test_an_answer_that_never_came_is_settled_by_reading_back(ready: Stage, control: Control, *, applied: bool) -> None:
    ready.allowed(REPLAY)
    control.fault("ledger", "accepted-then-dropped", NEW, applied=applied, action="produce", times=1)
    doing = ready.begin(REPLAY)
    lost, *others = doing.send()
    assert (lost.result, {answer.result for answer in others}) == (Result.UNKNOWN, {Result.ACCEPTED})
    wanted = {ItemState.DONE} if applied else {ItemState.DONE, ItemState.NOT_APPLIED}
    doing.until(lambda seen: set(states(seen).values()) == wanted)
    never = 0 if applied else next(iter(REPLAY._chunks(ready.case()).values())).records
    assert len(told(control)) == len(set(told(control))) == exported(ready) - never


def test_what_an_earlier_attempt_brought_there_is_not_sent_again(ready: Stage, control: Control) -> None:
    ready.allowed(REPLAY)
    doing = ready.begin(REPLAY)
    doing.send()
    doing.until(lambda seen: seen.is_done)
    name = next(name for name in doing.memory["scan"] if name.startswith("entries-0@"))
    there = doing.memory["scan"][name]["found"]
    seen = dict(list(there.items())[:4])
    ready.evidence["records.replay (in part)"] = {"scan": {name: {"next": 0, "found": seen}}}
    again = ready.begin(REPLAY.only(frozenset({name})))
    again.send()
    assert len(told(control)) == exported(ready) + len(there) - 4
    again.until(lambda found: found.is_done)


def test_a_file_that_was_changed_is_not_replayed(ready: Stage, control: Control) -> None:
    file = Path(ready.connections.exports.path(ready.evidence["records.export"]["topics"][TOPIC]["file"]))
    file.write_bytes(file.read_bytes().replace(b'"partition":0', b'"partition":5'))
    with pytest.raises(MissingFact, match="has been changed since"):
        ready.begin(REPLAY).send()
    assert told(control) == []
