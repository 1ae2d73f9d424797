"""The case for waiting and the case for acting, on made facts: numbers where known, and never a nought for unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clusters.facts import (
    ClientFacts,
    Edition,
    Fact,
    MetadataMode,
    MirrorFacts,
    MirrorStatus,
    Origin,
    PairFacts,
    PartitionLag,
    SideFacts,
    Topology,
)
from runbooks.engine.loss import Source
from runbooks.queries.cases import arguments, figures
from runbooks.queries.groups import groups_on_sides

NOW = datetime(2026, 11, 20, 2, 20, tzinfo=UTC)
T0 = NOW - timedelta(minutes=6)


def mirror(status: MirrorStatus = MirrorStatus.ACTIVE, lag: int = 7, fetched: int = 100) -> MirrorFacts:
    lags = (PartitionLag(0, lag, fetched),)
    return MirrorFacts("link", "a", "a", status, status.value, "", NOW, 1, lags)


def side(name: str, *mirrors: MirrorFacts, reachable: bool = True) -> SideFacts:
    known = {"edition": Edition.PLATFORM, "metadata": MetadataMode.KRAFT, "tiering": False}
    facts = {key: Fact(value, Origin.DECLARED) for key, value in known.items()}
    groups = {} if reachable else None
    return SideFacts(
        name, name, name == "home", NOW, reachable, "", (), name, brokers=(), mirrors=mirrors, groups=groups, **facts
    )


def pair(*mirrors: MirrorFacts, topology: Topology = Topology.ACTIVE_PASSIVE) -> PairFacts:
    clients = (
        ClientFacts("writer", "producers", ("a",), "clients", "home"),
        ClientFacts("reader", "group", ("a",), "clients", "home", "readers"),
    )
    sides = {"home": side("home", reachable=False), "away": side("away", *mirrors)}
    return PairFacts("p", topology, "link", "home", sides, clients)


def said(facts: PairFacts, rates: dict[str, float] | None = None, t0: datetime | None = T0) -> tuple[str, str]:
    source = Source(rates=rates or {}, likely=timedelta(seconds=5))
    found = figures(facts, "home", rates or {}, source, t0, NOW)
    waiting, acting = arguments(facts, "home", found)
    texts = [
        " ".join([case.number, case.says, *(f"{point.lead} {point.text}" for point in [*case.speaks, *case.costs])])
        for case in (waiting, acting)
    ]
    return texts[0], texts[1]


def test_both_cases_carry_their_numbers():
    waiting, acting = said(pair(mirror()), {"a": 100.0})
    assert waiting.startswith("24:00 left of the RTO of 30:00")
    assert "About 6,000 writes refused a minute, about 36,000 so far." in waiting
    assert "Producers: writer." in waiting
    assert "1 consumer group at a stand: readers." in waiting
    assert acting.startswith("1 topic to make writable on away.")
    assert "at least 7, about 507 records" in acting
    assert "about 100 a second are accepted on away" in acting
    assert "No way back" in acting


def test_active_active_needs_no_mirror_command():
    _, acting = said(pair(mirror(), topology=Topology.ACTIVE_ACTIVE), {"a": 100.0})
    assert acting.startswith("0 mirror commands.")
    assert "Failover is refused (R09)" in acting
    assert "Delay, not loss." in acting


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (pair(), "a number not known (no mirror is left to measure by)"),
        (pair(mirror(MirrorStatus.STOPPED)), "a number not known (no mirror is left to measure by)"),
        (pair(mirror(lag=0, fetched=-1)), "1 partitions have no usable number"),
        (pair(mirror(lag=-207)), "1 partitions have no usable number"),
    ],
)
def test_what_is_not_known_is_never_a_nought(facts, words):
    _, acting = said(facts, {"a": 100.0})
    assert words in acting


def test_what_is_failed_over_already_is_not_offered_again():
    _, acting = said(pair(mirror(MirrorStatus.STOPPED)))
    assert "0 topics left to fail over: 1 are writable on away already." in acting


def test_without_a_rate_nothing_is_made_up():
    waiting, acting = said(pair(mirror()))
    assert "how many is not known" in waiting
    assert "at what rate is not known" in acting
    assert "about" not in acting.partition("Repeated reads")[0].partition("Stranded records")[2]


def test_without_a_failure_no_clock_runs():
    waiting, _ = said(pair(mirror()), t0=None)
    assert waiting.startswith("No clock No failure of home has been seen")


def test_after_the_rto_there_is_nothing_left():
    waiting, _ = said(pair(mirror()), t0=NOW - timedelta(hours=2))
    assert "0:00 left of the RTO of 30:00: it is over." in waiting


def test_a_side_that_does_not_answer_has_no_known_groups():
    rows = groups_on_sides(pair(mirror()))
    assert [(row.group, [chip.word for _, chip in row.on]) for row in rows] == [
        ("readers", ["not known: no answer", "inactive"])
    ]
    assert not rows[0].is_double
    assert groups_on_sides(replace(pair(), clients=())) == []
