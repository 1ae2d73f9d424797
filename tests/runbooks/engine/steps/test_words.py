"""Steps that take a person's word, or ask a team's own endpoint."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runbooks.engine.outcome import ItemState
from runbooks.engine.steps.check import Check
from runbooks.engine.steps.kind import THE_STEP
from runbooks.engine.steps.loss_accept import AcceptLoss, Purpose
from runbooks.engine.steps.manual import Manual
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.made import OLD, TOPIC, case, cut_saved, failover_case, lost, pair, restore_case, side, topic
from tests.runbooks.engine.stage import Stage, states

MANUAL = Manual(action="Put the returning cluster behind deny ACLs", evidence="Output of the ACL listing")
TAIL = AcceptLoss(side=OLD, topics=(TOPIC,), purpose=Purpose.TAIL)
LOSS = AcceptLoss(side=OLD, topics=(TOPIC,))


def test_what_is_done_by_hand_is_attested_with_what_was_seen(orders: Stage) -> None:
    (prompt,) = MANUAL.prompts(orders.case())
    assert (prompt.name, prompt.help) == ("observed", "Expected: Output of the ACL listing")
    assert states(orders.begin(MANUAL).look()) == {THE_STEP: ItemState.WAITING}
    assert states(orders.begin(MANUAL, {"observed": "  "}).look()) == {THE_STEP: ItemState.WAITING}
    found = orders.do(MANUAL, {"observed": "12 deny rules"})
    assert found.said == "attested by Commander 1: 12 deny rules"
    assert orders.evidence["manual"]["expected"] == "Output of the ACL listing"


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (Check(endpoint="status", status=404), ""),
        (Check(endpoint="status", path="/nothing-here", status=200), "answered 404; expected 200"),
        (Check(endpoint="nowhere"), "the inventory names no such endpoint"),
    ],
)
def test_an_endpoint_answers_as_expected_or_says_what_it_answered(orders: Stage, check: Check, says: str) -> None:
    url = orders.entry.sandbox.control if orders.entry.sandbox else ""
    orders.close()
    orders.__init__(replace(orders.entry, endpoints={"status": f"{url}/nothing"}))  # type: ignore[misc]
    found = orders.begin(check).look()
    assert found.is_done is not bool(says)
    assert says in found.items[THE_STEP].saw


def test_an_endpoint_must_contain_the_text(orders: Stage) -> None:
    url = orders.entry.sandbox.control.removesuffix("/orders") if orders.entry.sandbox else ""
    orders.close()
    orders.__init__(replace(orders.entry, endpoints={"status": url}))  # type: ignore[misc]
    assert orders.begin(Check(endpoint="status", path="", text="ledger")).look().is_done
    found = orders.begin(Check(endpoint="status", path="", text="no such pair")).look()
    assert "expected 200 with “no such pair”" in found.items[THE_STEP].saw


def test_the_tail_is_counted_from_the_saved_cut() -> None:
    facts = restore_case()
    assert TAIL.record_count(facts) == 7
    assert TAIL.challenge(facts) == "7 records exist only on eu-north: worthless, or exported?"
    assert TAIL.record_count(replace(facts, evidence={})) is None


def test_the_tail_of_a_side_that_lost_records_is_not_settled() -> None:
    facts = restore_case({"topics": {TOPIC: topic(103, 99)}})
    (guard,) = [guard for guard in TAIL.guards if type(guard).__name__ == "TailMeasured"]
    verdict = guard.judge(TAIL, facts)
    assert verdict.says == (
        "eu-north ends at 99 on entries-1, below the cut 100: it has lost records that eu-south has. "
        "Do not restore; look at eu-north first."
    )


def test_a_tail_cannot_be_settled_while_its_side_is_gone() -> None:
    facts = case(pair(lost(OLD), side("eu-south")), evidence={"cut.save": cut_saved(100, 100)})
    (guard,) = [guard for guard in TAIL.guards if type(guard).__name__ == "TailMeasured"]
    assert guard.judge(TAIL, facts).code == "R13"
    assert guard.judge(LOSS, facts).is_met


def test_a_loss_is_counted_from_the_last_known_lag_and_void_when_it_grows() -> None:
    facts = failover_case()
    assert LOSS.record_count(facts) == 5
    assert LOSS.worse_than({"records": 5}, {"records": 5}) is None
    assert LOSS.worse_than({"records": 5}, {"records": 9}) == (
        "5 records were at stake when this was approved, 9 are now"
    )
    assert LOSS.record_count(replace(facts, evidence={})) is None


def test_words_are_kept_with_the_figures(ledger: Stage, control: Control) -> None:
    from runbooks.engine.steps.cut_save import SaveCut

    ledger.facts()
    control.fault("ledger", "region-down", OLD)
    ledger.do(SaveCut(away_from=OLD, topics=(TOPIC,)))
    assert states(ledger.begin(LOSS).look()) == {THE_STEP: ItemState.WAITING}
    ledger.do(LOSS, {"statement": "the day's batch can be replayed"})
    kept = ledger.evidence["loss.accept"]
    assert (kept["by"], kept["statement"]) == ("Commander 1", "the day's batch can be replayed")
    assert kept["records"] == ledger.evidence["cut.save"]["lower"]


def test_a_manual_step_that_names_no_side_has_none() -> None:
    facts = restore_case()
    assert MANUAL.acts_on(facts) is None
    assert replace(MANUAL, side=OLD).acts_on(facts) == OLD
    assert MANUAL.binding_facts(facts) == {"acts_on": None, "targets": [THE_STEP]}
