"""What must hold for any input, not only for the ones somebody thought of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.facts import PartitionLag, TopicFacts, Version
from clusters.gateway import MirrorReply, Truncation
from runbooks.engine.judge import judge, refusals
from runbooks.engine.loss import Source, cut, loss
from runbooks.engine.matrix import TIERED_RESTORE, TieredRestore, tiered_restore
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from runbooks.engine.truncation import Tail, contradiction
from tests.runbooks.engine.made import OLD, TOPIC, brokers, declared, mirror, restore_case, topic

RESTORE = TruncateAndRestore(side=OLD, topics=(TOPIC,))
VERSIONS = st.builds(Version, st.integers(7, 9), st.integers(0, 9), st.integers(0, 5))
AFFECTED = {(7, 9, 0), (7, 9, 1), (7, 9, 2), (8, 0, 0)}
SETTING = st.sampled_from([True, False, None])


@given(VERSIONS)
def test_exactly_the_versions_of_the_advisory_lose_data(version: Version) -> None:
    loses = (version.major, version.minor, version.patch) in AFFECTED
    assert (tiered_restore(version).verdict is TieredRestore.LOSES_DATA) is loses


@given(VERSIONS)
def test_every_version_has_one_row_at_most(version: Version) -> None:
    assert sum(row.covers(version) for row in TIERED_RESTORE) == (version >= Version(7, 7, 0))


@given(st.lists(VERSIONS, min_size=1, max_size=4), st.lists(VERSIONS, min_size=1, max_size=4), *[SETTING] * 4)
def test_an_affected_broker_and_a_tier_that_is_not_off_never_pass(
    old: list[Version], new: list[Version], a: bool | None, b: bool | None, c: bool | None, d: bool | None
) -> None:
    case = restore_case(
        {"brokers": brokers(*map(str, old)), "tiering": declared(a), "topics": {TOPIC: topic(103, 104, tiered=b)}},
        {"brokers": brokers(*map(str, new)), "tiering": declared(c), "topics": {TOPIC: topic(150, 160, tiered=d)}},
    )
    is_affected = any((version.major, version.minor, version.patch) in AFFECTED for version in (*old, *new))
    if is_affected and (a, b, c, d) != (False, False, False, False):
        held = refusals(judge(RESTORE, case), {"no_tiered_restore", "R01", "R19"})
        assert "no_tiered_restore" in {verdict.guard for verdict in held}


NUMBERS = st.integers(-300, 300)


@given(st.lists(st.tuples(NUMBERS, st.integers(-1, 300)), max_size=6), st.integers(0, 6))
def test_a_loss_never_hides_a_partition(rows: list[tuple[int, int]], ends: int) -> None:
    lags = tuple(PartitionLag(number, lag, fetched) for number, (lag, fetched) in enumerate(rows))
    found = cut(mirror(partitions=lags, num_partitions=len(rows)), TopicFacts(TOPIC, ends, (), (5,) * ends))
    total = loss([found], Source())

    usable = [lag for lag, fetched in rows if lag >= 0 and fetched >= 0]
    assert len(found.partitions) == max(len(rows), ends)
    assert total.lower == sum(usable)
    assert total.unknown_partitions == len(found.partitions) - len(usable)
    assert (found.lower is None) == (total.unknown_partitions > 0 or not found.partitions)


def test_an_estimate_needs_the_rate_of_every_topic() -> None:
    topics = [cut(mirror(), topic(5, 5)), replace(cut(mirror(), topic(5, 5)), topic="other")]
    window = timedelta(seconds=5)
    assert loss(topics, Source(rates={TOPIC: 10}, likely=window)).estimate is None
    assert loss(topics, Source(rates={TOPIC: 10, "other": 2.5}, likely=window)).estimate == 62


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=6), st.integers(0, 900))
def test_a_lower_bound_is_never_above_what_is_missing_and_needs_ends_read_after_the_loss(
    rows: list[tuple[int, int]], written: int
) -> None:
    """Whatever was read of the source before it wrote on: `rows` are (mirror end, source end as it was read last)."""
    lags = tuple(PartitionLag(number, max(0, at - end), end) for number, (end, at) in enumerate(rows))
    made = mirror(partitions=lags, num_partitions=len(rows))
    topic_facts = TopicFacts(TOPIC, len(rows), (), tuple(end for end, _ in rows))
    ends = tuple(at for _, at in rows)
    found = cut(made, topic_facts, ends)
    missing = sum(max(0, at - end) for end, at in rows) + written
    assert found.lower is not None
    assert found.lower <= missing
    assert cut(made, topic_facts, ends, is_settled=False).lower is None


@pytest.mark.parametrize("lag", [PartitionLag(0, 0, -1), PartitionLag(0, -207, 40), PartitionLag(0, -207, -1)])
def test_a_lag_that_says_nothing_is_unknown_unless_the_source_end_tells(lag: PartitionLag) -> None:
    made = mirror(partitions=(lag,), num_partitions=1)
    assert cut(made, topic(40)).lower is None
    told = cut(made, topic(40), (47,))
    assert told.lower == 7
    assert "counted by the source's log end" in told.partitions[0].label


def test_nothing_bounds_a_loss_with_a_hole_or_a_source_that_was_never_read() -> None:
    source = Source(ends={TOPIC: (9, 9)}, rates={TOPIC: 10}, peaks={TOPIC: 40}, longest=timedelta(seconds=2))
    whole = loss([cut(mirror(), topic(5, 5), (9, 9))], source)
    assert (whole.lower, whole.upper) == (8, 8 + 80 + 27 + 2)  # 80 at the peak, 3 deviations of it, a record each
    assert loss([cut(mirror(), topic(5, 5))], source).upper is None
    holed = mirror(partitions=(PartitionLag(0, 0, -1), PartitionLag(1, 0, 5)))
    assert loss([cut(holed, topic(None, 5), (9, 9))], source).upper is None


TAILS = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=5).map(
    lambda rows: tuple(Tail(number, cut, cut + more) for number, (cut, more) in enumerate(rows))
)


@given(TAILS)
def test_figures_as_settled_are_no_contradiction(tails: tuple[Tail, ...]) -> None:
    rows = tuple(Truncation(tail.partition, tail.cut, tail.records) for tail in tails if tail.records)
    total = sum(tail.records for tail in tails)
    assert contradiction(tails, MirrorReply("t", truncations=rows, messages_truncated=total)) == ""


@given(TAILS, st.integers(0, 4), st.integers(-3, 3), st.integers(-3, 3))
def test_any_other_figure_is_one(tails: tuple[Tail, ...], at: int, offset: int, records: int) -> None:
    rows = [Truncation(tail.partition, tail.cut, tail.records) for tail in tails]
    at %= len(rows)
    rows[at] = replace(
        rows[at],
        offset_truncated_to=rows[at].offset_truncated_to + offset,
        messages_truncated=rows[at].messages_truncated + records,
    )
    said = contradiction(tails, MirrorReply("t", truncations=tuple(rows)))
    assert bool(said) is bool(offset or records)
