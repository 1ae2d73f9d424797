"""What must hold for any input, not only for the ones somebody thought of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from clusters.facts import PartitionLag, TopicFacts, Version
from clusters.gateway import MirrorReply, Truncation
from runbooks.engine.judge import judge, refusals
from runbooks.engine.loss import cut, loss
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
    total = loss([found], {}, timedelta(seconds=5))

    usable = [lag for lag, fetched in rows if lag >= 0 and fetched >= 0]
    assert len(found.partitions) == max(len(rows), ends)
    assert total.lower == sum(usable)
    assert total.unknown_partitions == len(found.partitions) - len(usable)
    assert (found.lower is None) == (total.unknown_partitions > 0 or not found.partitions)


def test_an_estimate_needs_the_rate_of_every_topic() -> None:
    topics = [cut(mirror(), topic(5, 5)), replace(cut(mirror(), topic(5, 5)), topic="other")]
    window = timedelta(seconds=5)
    assert loss(topics, {TOPIC: 10}, window).estimate is None
    assert loss(topics, {TOPIC: 10, "other": "2.5"}, window).estimate == 62


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
