"""What an outage really cost: arithmetic that holds for every log, and a restore that keeps to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.sandbox.log import Log
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.judge import judge
from runbooks.engine.outcome import Verdict
from runbooks.engine.reconciling import Partition, known_cuts, totals, words
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from tests.runbooks.engine.made import NEW, OLD, TOPIC, case, cut_saved, lost, pair, reconciled, restore_case, side

RESTORE = TruncateAndRestore(side=OLD, topics=(TOPIC,))
NUMBER = st.integers(0, 200)


@given(NUMBER, NUMBER, NUMBER, NUMBER)
def test_it_is_what_the_two_logs_themselves_show(shared: int, only_there: int, written_here: int, expired: int) -> None:
    """A topic was mirrored up to `shared`; both sides wrote on by themselves after the failover."""
    source = Log(shared, "old#0")
    here = Log(shared, "old#0")
    source.append(only_there, "old#0", 1.0)
    here.append(written_here, "new#1", 2.0)
    found = Partition(0, shared, min(expired, source.end), source.end, here.end)

    assert found.unreplicated == source.end - source.diverges_from(here) == only_there
    begin, end = found.divergent
    assert (begin, end) == (shared, shared + min(only_there, written_here))
    assert found.behind == 0
    assert found.expired == len([offset for offset in range(shared, source.end) if offset < expired])
    assert found.missing == found.unreplicated  # nothing arrives by itself any more


@given(NUMBER, NUMBER, NUMBER)
def test_what_a_mirror_that_goes_on_has_taken_in_is_late_and_not_lost(cut: int, late: int, taken: int) -> None:
    end = cut + min(late, taken)
    found = Partition(0, cut, 0, cut + late, end, is_mirroring=True)
    assert (found.unreplicated, found.arrived, found.missing) == (late, min(late, taken), late - min(late, taken))
    assert found.divergent == (cut, cut)


@given(NUMBER, st.integers(1, 50))
def test_a_source_that_ends_below_the_cut_has_lost_what_was_acknowledged(end: int, lost_there: int) -> None:
    found = Partition(0, end + lost_there, 0, end, end + lost_there + 5)
    assert (found.behind, found.unreplicated) == (lost_there, 0)
    assert "has lost acknowledged data" in words([found])


@given(st.lists(st.builds(Partition, st.just(0), NUMBER, NUMBER, NUMBER, NUMBER), max_size=8))
def test_totals_are_the_sum_of_their_partitions(parts: list[Partition]) -> None:
    whole = totals(parts)
    for name in ("unreplicated", "behind", "expired", "arrived", "missing"):
        assert whole[name] == sum(part.as_evidence()[name] for part in parts)


def verdict(evidence: dict[str, Any]) -> Verdict:
    made = restore_case()
    found = judge(RESTORE, replace(made, evidence={**made.evidence, **evidence}))
    return next(each for each in found if each.guard == "as_reconciled")


@pytest.mark.claims("R36", case=("passes", "refuses"))
def test_a_restore_destroys_exactly_what_was_reconciled() -> None:
    assert verdict({}).saw == "as reconciled: 7 offsets never arrived, 7 hold different records"
    one_more = reconciled(Partition(0, 100, 0, 103, 150), Partition(1, 100, 0, 105, 160))
    held = verdict({"loss.reconcile": one_more})
    assert (held.is_met, held.level) == (False, "absolute")
    assert held.says == (
        "Restore would truncate 4 records of entries-1, expected 5 as reconciled. Stop: someone wrote on eu-north, "
        "or the cut is wrong."
    )


@pytest.mark.claims("R36", case="refuses")
@pytest.mark.parametrize("kind", ["loss.reconcile (failed)", "loss.reconcile (in part)"])
def test_an_old_home_behind_the_cut_is_never_restored(kind: str) -> None:
    behind = {**reconciled(Partition(0, 100, 0, 103, 150), Partition(1, 100, 0, 97, 160)), "at": "2026-11-20T11:59:50"}
    held = verdict({kind: behind})
    assert (held.is_met, held.level) == (False, "absolute")
    assert "eu-north ends at 97 on entries-1, below the cut 100" in held.says


@pytest.mark.claims("R36", case="refuses")
def test_without_a_reconciliation_it_is_said_and_of_another_side_it_does_not_count() -> None:
    for known in ({}, reconciled(Partition(0, 100, 0, 103, 150), of=NEW)):
        held = verdict({"loss.reconcile": known})
        assert (held.is_met, held.level, held.waits_for) == (False, "warning", "loss.reconcile")


def test_the_cut_comes_from_what_was_saved_before_what_was_only_recorded() -> None:
    facts = pair(lost(OLD), side(NEW))
    recorded = {"lag.record": cut_saved(90, 90), "receipt": {**cut_saved(80, 80), "is_settled": True}}
    assert known_cuts(case(facts, evidence={"cut.save": cut_saved(100, 100), **recorded}), NEW)[1] == {
        TOPIC: (100, 100)
    }
    assert known_cuts(case(facts, evidence=recorded), NEW) == ("lag.record", {TOPIC: (90, 90)})
    moving = {"receipt": {**cut_saved(80, 80), "is_settled": False}}
    for evidence in (moving, {"cut.save": cut_saved(100, 100, survivor=OLD)}, {}):
        with pytest.raises(MissingFact, match="where mirroring to eu-south stopped"):
            known_cuts(case(facts, evidence=evidence), NEW)
