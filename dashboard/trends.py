"""How far behind, over time: raw rows for a day, then five minutes each by their highest values for ninety days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min

from audit.clock import database_now
from dashboard.bulk import insert
from dashboard.chart import Point
from dashboard.models import Trend

RAW_FOR = timedelta(hours=24)
KEPT_FOR = timedelta(days=90)
SLICE_S = 300
FIELDS = ("pair", "side", "topic", "at", "seconds", "max_lag", "total_lag", "rate")


def line(pair: str, side: str, begins: datetime, topic: str = "") -> list[Point]:
    """Total lag of a side's mirrors, or the highest of one mirror's partitions, oldest first."""
    value = "max_lag" if topic else "total_lag"
    rows = Trend.objects.filter(pair=pair, side=side, topic=topic, seconds=0, at__gte=begins).order_by("at")
    return [Point(at, lag) for at, lag in rows.values_list("at", value)]


def of_mirrors(pair: str, side: str, topics: Iterable[str], begins: datetime) -> dict[str, list[Point]]:
    """The highest lag of each of these mirrors, oldest first."""
    found: dict[str, list[Point]] = {}
    rows = Trend.objects.filter(pair=pair, side=side, topic__in=list(topics), seconds=0, at__gte=begins)
    for topic, at, lag in rows.order_by("at").values_list("topic", "at", "max_lag"):
        found.setdefault(topic, []).append(Point(at, lag))
    return found


def prune() -> None:
    """One slice of five minutes at a time: called often, it never holds the database for long."""
    now = database_now()
    oldest = Trend.objects.filter(seconds=0).aggregate(at=Min("at"))["at"]
    if oldest is not None and oldest < now - RAW_FOR - timedelta(seconds=SLICE_S):
        _roll_up(oldest)
    Trend.objects.filter(seconds=SLICE_S, at__lt=now - KEPT_FOR).delete()


def _roll_up(oldest: datetime) -> None:
    begins = datetime.fromtimestamp(oldest.timestamp() // SLICE_S * SLICE_S, oldest.tzinfo)
    raw = Trend.objects.filter(seconds=0, at__gte=begins, at__lt=begins + timedelta(seconds=SLICE_S))
    with transaction.atomic():
        grouped = raw.values_list("pair", "side", "topic").annotate(Max("max_lag"), Max("total_lag"), Max("rate"))
        rows = [(pair, side, topic, begins, SLICE_S, *highest) for pair, side, topic, *highest in grouped]
        insert(Trend, FIELDS, rows)
        raw.delete()
