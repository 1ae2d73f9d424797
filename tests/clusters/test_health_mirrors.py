"""A mirror is OK only where a fresh reading proves it; a table written by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clusters.facts import MirrorStatus, TransitionError
from clusters.health import Expectations, Severity, expected_in_outage, judge_mirror
from tests.clusters.made import NOW, POLICY, gone, mirror, side

OK, EXPECTED, WATCH, ACT, CRITICAL, UNKNOWN = (
    Severity.OK,
    Severity.EXPECTED,
    Severity.WATCH,
    Severity.ACT,
    Severity.CRITICAL,
    Severity.UNKNOWN,
)
NOTHING = Expectations()
OUTAGE = Expectations(expected_in_outage("east", "west", "incident 7"))
S = MirrorStatus


def judge(found, *, here=None, source=None, expectations=NOTHING, rate=None, now=NOW):
    there = side("east") if source is None else source
    return judge_mirror(found, here or side("west"), POLICY, expectations, now, source=there, rate=rate)


@pytest.mark.parametrize(
    ("lags", "severity", "said"),
    [
        (((0, 10), (0, 12)), OK, "lag 0 on every partition"),
        (((3, 10), (0, 12)), OK, "lag 3 records"),
        (((0, -1), (0, 12)), UNKNOWN, "a lag of 0 means nothing"),
        (((0, -1), (0, -1)), UNKNOWN, "partition 0 has not fetched"),
        (((-1, 10), (0, 12)), UNKNOWN, "a lag of -1"),
        (((-207, 207), (0, 12)), UNKNOWN, "a lag of -207"),
        (((2_000, 10), (0, 12)), WATCH, "no rate is known"),
        ((), UNKNOWN, "0 of 0 partitions"),
    ],
)
def test_an_active_mirror_by_its_numbers(lags, severity, said):
    found = judge(mirror(lags=lags))
    assert found.severity is severity
    assert said in found.why


def test_a_partition_that_does_not_report_makes_the_lag_unknown():
    found = judge(mirror(num_partitions=3))
    assert found.severity is UNKNOWN
    assert "2 of 3 partitions" in found.why


@pytest.mark.parametrize(("lag", "severity"), [(100, OK), (290, OK), (310, WATCH), (590, WATCH), (610, ACT)])
def test_lag_is_judged_in_time_where_a_rate_is_known(lag, severity):
    assert judge(mirror(lags=((lag, 10_000),)), rate=10.0).severity is severity


@pytest.mark.parametrize("lags", [((0, 10), (0, 12)), ((5, 10), (0, 12)), ((0, -1), (0, -1))])
def test_lag_is_frozen_while_the_source_is_gone(lags):
    assert judge(mirror(lags=lags), source=gone("east")).severity is UNKNOWN
    assert judge(mirror(lags=lags), source=gone("east"), expectations=OUTAGE).severity is EXPECTED


def test_a_reading_older_than_three_polls_is_unknown():
    late = NOW + 3 * POLICY.poll
    assert judge(mirror(), now=late).severity is OK
    assert judge(mirror(), now=late + timedelta(seconds=1)).severity is UNKNOWN
    assert judge(mirror(status=S.FAILED), now=late + timedelta(seconds=1)).severity is UNKNOWN


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        (S.PAUSED, ACT),
        (S.LINK_PAUSED, CRITICAL),
        (S.LINK_FAILED, CRITICAL),
        (S.FAILED, CRITICAL),
        (S.STOPPED, ACT),
        (S.UNRECOGNISED, UNKNOWN),
    ],
)
def test_states_nobody_explains(status, severity):
    assert judge(mirror(status=status)).severity is severity


def test_every_state_is_judged_and_only_active_may_be_ok():
    for status in MirrorStatus:
        found = judge(mirror(status=status))
        assert (found.severity is OK) == (status is S.ACTIVE), status
        assert found.words


def test_an_unknown_state_shows_what_the_cluster_said():
    found = judge(mirror(status=S.UNRECOGNISED, said_status="TELEPORTING"))
    assert found.words == "TELEPORTING"


@pytest.mark.parametrize(
    ("since", "source", "severity"),
    [
        (timedelta(minutes=1), side("east"), ACT),
        (timedelta(minutes=6), side("east"), CRITICAL),
        (timedelta(minutes=1), gone("east"), CRITICAL),
    ],
)
def test_source_unavailable_grows_worse_with_time_and_with_our_own_probes(since, source, severity):
    found = mirror(status=S.SOURCE_UNAVAILABLE, state_at=NOW - since)
    assert judge(found, source=source).severity is severity
    assert judge(found, source=source, expectations=OUTAGE).severity is EXPECTED


def test_an_outage_explains_nothing_on_the_other_side():
    found = mirror(status=S.SOURCE_UNAVAILABLE)
    assert judge_mirror(found, side("east"), POLICY, OUTAGE, NOW, source=side("west")).severity is CRITICAL


@pytest.mark.parametrize("status", [status for status in S if status.is_in_transition])
@pytest.mark.parametrize(
    ("since", "severity"),
    [(timedelta(seconds=30), WATCH), (timedelta(minutes=3), ACT), (timedelta(minutes=11), CRITICAL)],
)
def test_a_transition_grows_worse_with_time(status, since, severity):
    assert judge(mirror(status=status, state_at=NOW - since)).severity is severity


def test_a_transition_with_errors_needs_an_act_at_once():
    stuck = mirror(status=S.PENDING_STOPPED, state_at=NOW, transition_errors=(TransitionError("CONSUMER", "in use"),))
    assert judge(stuck).severity is ACT
    assert "CONSUMER: in use" in judge(stuck).why


def test_a_transition_of_unknown_age_is_unknown():
    assert judge(mirror(status=S.PENDING_STOPPED, state_at=None)).severity is UNKNOWN


def test_an_active_mirror_with_an_error_needs_an_act():
    assert judge(mirror(error="SOURCE_TOPIC_MAY_BE_DELETED")).severity is ACT
