"""What has to be so before records are decided on and replayed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clusters.facts import MirrorStatus
from runbooks.engine.context import Case
from runbooks.engine.judge import judge, refusals
from runbooks.engine.kinds import StepKind
from runbooks.engine.steps.records_decide import DecideRecords
from runbooks.engine.steps.records_export import ExportRecords
from runbooks.engine.steps.records_replay import ReplayRecords
from tests.runbooks.engine.guards.judged import said
from tests.runbooks.engine.made import NEW, OLD, TOPIC, case, cut_saved, lost, mirror, pair, side, topic

EXPORT = ExportRecords(topics=(TOPIC,), side=OLD)
DECIDE = DecideRecords(topics=(TOPIC,), side=OLD)
REPLAY = ReplayRecords(topics=(TOPIC,), away_from=OLD)
CHUNK = {"partition": 0, "first": 100, "last": 102, "records": 3, "start": 0, "end": 300, "sha256": "c"}


def exported(**changes: Any) -> dict[str, Any]:
    found = {"source": TOPIC, "file": "f.jsonl", "records": 3, "sha256": "f", "chunks": [CHUNK], **changes}
    return {"side": OLD, "topics": {TOPIC: found}}


def decided(word: str = "replay") -> dict[str, Any]:
    return {"side": OLD, "topics": {TOPIC: {"decision": word, "statement": word}}}


def recovering(new: dict[str, Any] | None = None, **evidence: Any) -> Case:
    there = {"mirrors": (mirror(MirrorStatus.STOPPED),), "topics": {TOPIC: topic(150, 160)}, **(new or {})}
    known = {
        "cut.save": cut_saved(100, 100),
        "records.export": exported(),
        "records.decide": decided(),
        **{name.replace("_", "."): data for name, data in evidence.items()},
    }
    return case(pair(side(OLD, topics={TOPIC: topic(103, 100)}), side(NEW, **there)), evidence=known)


@pytest.mark.claims("R15", "R25", "R38", case="passes")
@pytest.mark.parametrize("step", [EXPORT, DECIDE, REPLAY])
def test_nothing_stands_in_the_way_of_an_orderly_recovery(step: StepKind) -> None:
    assert {found.guard: found.says for found in refusals(judge(step, recovering()))} == {}


@pytest.mark.claims("R38", "R25", "R15", case="unknown")
@pytest.mark.parametrize(
    ("step", "case", "guard"),
    [
        (EXPORT, recovering(cut_save={}), "cut_saved"),
        (DECIDE, recovering(records_export={}), "export_complete"),
        (DECIDE, recovering(records_export=exported(sha256="")), "export_complete"),
        (REPLAY, recovering(records_export={"side": NEW, "topics": {}}), "export_complete"),
        (REPLAY, recovering(records_decide={}), "replay_decided"),
        (REPLAY, recovering({"topics": None}), "targets_writable"),
        (REPLAY, recovering({"mirrors": None}), "targets_writable"),
    ],
)
def test_what_is_not_known_recovers_nothing(step: StepKind, case: Case, guard: str) -> None:
    assert said(step, case, guard).startswith("R19: A fact needed to judge safety is unknown")


@pytest.mark.claims("R25", "R15", case="refuses")
@pytest.mark.parametrize(
    ("case", "guard", "says"),
    [
        (recovering(records_decide=decided("drop")), "replay_decided", "R25: Nobody has decided that"),
        (
            recovering({"topics": {}}),
            "targets_writable",
            "R15: entries on eu-south is not writable",
        ),
        (
            recovering({"mirrors": (mirror(),)}),
            "targets_writable",
            "R15: entries on eu-south is not writable yet (state A",
        ),
    ],
)
def test_a_replay_is_refused(case: Case, guard: str, says: str) -> None:
    assert said(REPLAY, case, guard).startswith(says)


def test_an_export_needs_the_side_that_was_lost() -> None:
    gone = replace(recovering(), facts=pair(lost(OLD), side(NEW)))
    assert said(EXPORT, gone, "both_reachable").startswith("R13")


def test_a_second_arming_is_about_the_chunks_that_are_left() -> None:
    both = recovering(records_export=exported(chunks=[CHUNK, {**CHUNK, "partition": 1}]))
    assert REPLAY.targets(both) == ("entries-0@100-102", "entries-1@100-102")
    assert REPLAY.only(frozenset({"entries-1@100-102"})).targets(both) == ("entries-1@100-102",)
    assert REPLAY.record_count(both) == 6
