"""How far behind, over time: kept, rolled up, drawn. No value is a gap, never a zero."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dashboard import trends
from dashboard.chart import Point, chart, spark
from dashboard.models import Trend

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def points(*values: int | None, every: timedelta = MINUTE) -> list[Point]:
    return [Point(NOW - every * (len(values) - place - 0.5), value) for place, value in enumerate(values)]


def drawn(*values: int | None) -> object:
    return chart([("a to b", points(*values))], NOW - MINUTE * len(values), NOW, every=MINUTE / 2).series[0]


def test_a_value_that_was_not_known_is_a_gap_in_the_line():
    line = drawn(5, None, 7, 8)
    assert line.path.count("M") == 2
    assert len(line.gaps) == 1
    assert line.now == 8


def test_a_time_nobody_looked_is_a_gap():
    first, *_, last = points(*range(10))
    line = chart([("a to b", [first, last])], NOW - MINUTE * 10, NOW, every=MINUTE / 2).series[0]
    assert len(line.gaps) == 1


def test_one_slice_without_a_poll_is_no_gap():
    few = points(1, 2, 3, 4, 5, 6)
    line = chart([("a to b", [few[0], few[2], few[4]])], NOW - MINUTE * 6, NOW, every=MINUTE / 2).series[0]
    assert (line.path.count("M"), line.gaps) == (1, ())


def test_zero_is_a_value():
    line = drawn(0, 0)
    assert (line.gaps, line.now, line.path.count("M")) == ((), 0, 1)


@pytest.mark.parametrize(("highest", "top"), [(0, 10), (10, 10), (11, 20), (21, 50), (51, 100), (12_610, 20_000)])
def test_the_axis_ends_at_a_round_number(highest, top):
    assert chart([("a to b", points(highest))], NOW - MINUTE, NOW, every=MINUTE / 2).top == top


def test_a_spark_says_in_words_what_it_draws():
    line = spark(points(3, 9, 4), NOW - MINUTE * 15, NOW, is_live=True)
    assert line.label == "Lag, last 15 minutes: between 3 and 9, now 4"
    assert spark(points(3), NOW - MINUTE * 15, NOW, is_live=False).kind == "gone"
    assert spark(points(None), NOW - MINUTE * 15, NOW, is_live=True) is None


@pytest.mark.django_db
def test_raw_rows_become_slices_of_five_minutes_after_a_day():
    now = datetime.now(UTC)
    begins = datetime.fromtimestamp((now - timedelta(hours=25)).timestamp() // 300 * 300, UTC)
    for seconds, lag in ((0, 3), (60, 9), (299, None), (301, 4)):
        at = begins + timedelta(seconds=seconds)
        Trend.objects.create(pair="orders", side="us-east", at=at, max_lag=lag, total_lag=lag)
    Trend.objects.create(pair="orders", side="us-east", at=now, max_lag=1, total_lag=1)
    trends.prune()
    rows = Trend.objects.order_by("at").values_list("seconds", "max_lag")
    assert list(rows) == [(300, 9), (0, 4), (0, 1)]
    trends.prune()
    assert list(rows.all()) == [(300, 9), (300, 4), (0, 1)]


@pytest.mark.django_db
def test_slices_are_kept_for_ninety_days():
    old = datetime.now(UTC) - timedelta(days=91)
    Trend.objects.create(pair="orders", side="us-east", at=old, seconds=300, max_lag=1)
    trends.prune()
    assert not Trend.objects.exists()
