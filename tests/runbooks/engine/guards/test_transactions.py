"""Topics with transactional records: refused on Confluent Platform unless overridden, and taken one at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clusters.facts import ClientFacts, Edition, MirrorStatus
from runbooks.engine.context import Case
from runbooks.engine.kinds import StepKind
from runbooks.engine.outcome import Level
from runbooks.engine.steps.mirrors_failover import FailOverMirrors
from runbooks.engine.steps.mirrors_promote import PromoteMirrors
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from runbooks.engine.steps.mirrors_reverse import ReverseAndStart
from runbooks.engine.steps.transactions_scan import ScanTransactions
from tests.runbooks.engine.guards.judged import said, verdict
from tests.runbooks.engine.made import NEW, OLD, TOPIC, case, declared, mirror, pair, side

TOPICS = ("accounts", TOPIC, "transfers")
STEPS: tuple[StepKind, ...] = (
    FailOverMirrors(away_from=OLD, topics=TOPICS),
    PromoteMirrors(away_from=OLD, topics=TOPICS),
    ReverseAndStart(side=NEW, topics=TOPICS),
    TruncateAndRestore(side=OLD, topics=TOPICS),
)


def written(transactional: bool | None, edition: Edition | None = Edition.PLATFORM, **tiers: int) -> Case:
    clients = [ClientFacts("writer", "producers", (TOPIC,), "clients", OLD, transactional=transactional)]
    clients += [
        ClientFacts(f"of-{topic}", "producers", (topic,), "clients", OLD, transactional=False, tier=tiers.get(topic))
        for topic in TOPICS
    ]
    mirrors = tuple(mirror(MirrorStatus.ACTIVE, topic) for topic in TOPICS)
    sides = (side(OLD, edition=declared(edition)), side(NEW, edition=declared(edition), mirrors=mirrors))
    return case(pair(*sides, clients=tuple(clients)))


@pytest.mark.claims("R24", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("case", "says"),
    [
        (
            written(True),
            "R24: entries carries transactional records. Confluent Platform does not support mirroring them.",
        ),
        (written(True, Edition.CLOUD_DEDICATED), "met"),
        (written(False), "met"),
        (written(True, None), "R19: A fact needed to judge safety is unknown: the edition of eu-north"),
    ],
)
def test_what_is_refused_on_platform_is_taken_in_turn_on_cloud(step: StepKind, case: Case, says: str) -> None:
    assert said(step, case, "transactions_in_turn").startswith(says)
    assert verdict(step, case, "transactions_in_turn").level is Level.OVERRIDABLE


def test_what_nobody_has_declared_is_shown_and_does_not_hold() -> None:
    found = verdict(STEPS[0], written(None), "transactions_in_turn")
    assert (found.level, found.is_met) == (Level.WARNING, False)
    assert found.says.startswith("Nobody has declared whether entries carry transactional records")


def test_a_mirror_carries_what_its_source_carries() -> None:
    facts = written(True)
    prefixed = replace(mirror(topic=f"old.{TOPIC}"), source_topic=TOPIC)
    new = replace(facts.facts.side(NEW), mirrors=(prefixed,))
    facts = replace(facts, facts=replace(facts.facts, sides={**facts.facts.sides, NEW: new}))
    step = FailOverMirrors(away_from=OLD, topics=(f"old.{TOPIC}",))
    assert said(step, facts, "transactions_in_turn").startswith("R24: old.entries carries transactional records.")


@pytest.mark.parametrize(
    ("case", "waiting", "call"),
    [
        (written(False), TOPICS, TOPICS),
        (written(True), TOPICS, ("accounts",)),
        (written(True), (TOPIC, "transfers"), (TOPIC,)),
        (written(True), ("transfers",), ("transfers",)),
        (written(False, transfers=1, accounts=2), TOPICS, ("transfers", "accounts", TOPIC)),
        (written(True, transfers=1), TOPICS, ("transfers", "accounts")),
        (written(True), (), ()),
    ],
)
def test_what_the_next_call_takes(case: Case, waiting: tuple[str, ...], call: tuple[str, ...]) -> None:
    assert STEPS[0].next_call(case, waiting) == call


def test_only_with_transactions_the_next_waits_for_the_end_of_the_one_before() -> None:
    assert STEPS[0].goes_in_turn(written(True), ("accounts", TOPIC))
    assert not STEPS[0].goes_in_turn(written(True), ("accounts", "transfers"))
    assert not STEPS[0].goes_in_turn(written(False), TOPICS)


@pytest.mark.parametrize("transactional", [True, None])
def test_a_person_scans_what_carries_transactions_or_may(transactional: bool | None) -> None:
    step = ScanTransactions(topics=TOPICS, side=NEW)
    facts = written(transactional)
    (prompt,) = step.prompts(facts)
    assert prompt.label == "Hanging transactions on entries"
    preview: Any = step.preview(_context(facts))
    assert "kafka-transactions --bootstrap-server BOOTSTRAP" in preview.command
    assert preview.command.count("find-hanging --broker-id") == 3
    assert not step.observe(_context(facts)).is_done
    found = step.observe(_context(replace(facts, inputs={"observed": "none on brokers 1, 2, 3"})))
    assert found.is_done


def test_nobody_is_asked_where_no_topic_carries_transactions() -> None:
    step = ScanTransactions(topics=TOPICS, side=NEW)
    assert step.prompts(written(False)) == ()
    assert step.observe(_context(written(False))).is_done
    assert written(False).policy.longest_transaction == timedelta(minutes=15)


def _context(found: Case) -> Any:
    from runbooks.engine.context import StepContext

    nothing: Any = None
    return StepContext(found, nothing, "run-1", "1", 0.0)
