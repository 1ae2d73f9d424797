"""The hand-written table of verdicts for truncate-and-restore, against the guards."""

from __future__ import annotations

import pytest

from clusters.facts import Edition
from runbooks.engine.judge import judge, refusals
from runbooks.engine.kinds import guards
from runbooks.engine.outcome import Level
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from tests.restore_table import FEW, ROWS, Cluster, Row
from tests.runbooks.engine.made import NEW, OLD, TOPIC, brokers, declared, restore_case, topic

STEP = TruncateAndRestore(side=OLD, topics=(TOPIC,))


def as_facts(cluster: Cluster, *ends: int) -> dict[str, object]:
    return {
        "edition": declared(Edition(cluster.edition) if cluster.edition else None),
        "brokers": brokers(*cluster.versions),
        "tiering": declared(cluster.tiering),
        "topics": {TOPIC: topic(*ends, tiered=cluster.topics)},
    }


def held(row: Row, overridden: set[str] | None = None) -> list[str]:
    case = restore_case(as_facts(row.old_home, 103, 104), as_facts(row.other, 150, 160))
    return [verdict.says for verdict in refusals(judge(STEP, case), overridden or set())]


@pytest.mark.claims("R01", case=("refuses", "passes", "unknown"))
def test_the_table() -> None:
    assert [row.name for row in ROWS if (held(row) == []) is not row.is_allowed] == []


@pytest.mark.claims("R01", case=("refuses", "unknown"))
def test_no_override_opens_a_refused_row() -> None:
    everything = {*guards, *(f"R{number:02}" for number in range(1, 43)), "R12b", "may-change"}
    assert [row.name for row in ROWS if not row.is_allowed and held(row, everything) == []] == []


def test_the_table_is_whole() -> None:
    versions = {"7.7.0", "7.8.3", "7.9.0", "7.9.1-1-ce", "7.9.2", "7.9.3", "8.0.0", "8.0.0-rc1", "8.0.1", "8.1.0"}
    named = {row.name.split(" on ")[0] for row in ROWS}
    assert named >= versions | {"none", "nonsense"}
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert {row.is_allowed for row in FEW} == {True, False}


def test_nothing_is_asked_of_the_cluster_before_the_absolute_guards() -> None:
    row = FEW[0]
    case = restore_case(as_facts(row.old_home, 103, 104), as_facts(row.other, 150, 160))
    levels = [verdict.level for verdict in judge(STEP, case)]
    assert levels == sorted(levels, key=[Level.ABSOLUTE, Level.OVERRIDABLE, Level.WARNING].index)
    assert "no_tiered_restore" in [verdict.guard for verdict in judge(STEP, case) if verdict.level is Level.ABSOLUTE]


@pytest.mark.claims("R01", case="refuses")
def test_the_refusal_says_what_was_seen_and_what_to_do() -> None:
    row = next(
        row for row in ROWS if row.name.startswith("7.9.1-1-ce on mixed brokers of other, tiering on and topic off")
    )
    assert held(row) == [
        "Truncate-and-restore is refused: this cluster runs 7.9.1 with Tiered Storage. "
        "Versions 7.9.0–7.9.2 and 8.0.0 can lose data silently or leave the topic inconsistent. "
        "Upgrade to 7.9.3, 8.0.1 or 8.1.0 first. "
        f"Seen on broker 2 of {NEW}; Tiered Storage is on for {OLD}."
    ]
