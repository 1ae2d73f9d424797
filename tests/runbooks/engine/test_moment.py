"""Times in the texts of the engine: as the pages say them, never as they are stored."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from runbooks.engine.judge import judge
from runbooks.engine.moment import moment
from runbooks.engine.steps.mirrors_failover import FailOverMirrors
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from runbooks.engine.steps.mirrors_reverse import ReverseAndStart
from tests.runbooks.engine.guards.judged import verdict
from tests.runbooks.engine.made import NOW, OLD, TOPIC, failover_case, restore_case, reverse_case

FAILOVER = FailOverMirrors(away_from=OLD, topics=(TOPIC,))
RESTORE = TruncateAndRestore(side=OLD, topics=(TOPIC,))
REVERSE = ReverseAndStart(side=OLD, topics=(TOPIC,))
STORED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:")


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (NOW - timedelta(seconds=4, milliseconds=123), "11:59:55 UTC, 4 s ago"),
        ((NOW - timedelta(minutes=4, seconds=10)).isoformat(), "11:55:50 UTC, 4:10 ago"),
        ("2026-11-20T13:00:00+02:00", "11:00:00 UTC, 1:00:00 ago"),
        (datetime(2026, 11, 20, 13, tzinfo=timezone(timedelta(hours=2))), "11:00:00 UTC, 1:00:00 ago"),
        (datetime(2026, 11, 19, 23, 0, tzinfo=UTC), "19 November 2026, 23:00:00 UTC, 13:00:00 ago"),
        (datetime(2026, 11, 16, 12, 0, tzinfo=UTC), "16 November 2026, 12:00:00 UTC, 4 d ago"),
        (NOW + timedelta(milliseconds=5), "12:00:00 UTC, 0 s ago"),
        (None, "at a time not known"),
        ("soon", "at a time not known"),
        ("2026-11-20T11:00:00", "at a time not known"),
    ],
)
def test_a_moment_is_told_as_time_of_day_and_age(at: datetime | str | None, says: str) -> None:
    assert moment(at, NOW) == says


def test_guards_say_when_as_people_do() -> None:
    case = failover_case()
    case.evidence["loss.accept"]["at"] = (NOW - timedelta(seconds=70)).isoformat()
    assert verdict(FAILOVER, case, "outage_confirmed").saw == (
        "confirmed 11:50:00 UTC, 10:00 ago; eu-north still does not answer"
    )
    assert verdict(FAILOVER, case, "loss_accepted").saw == "5 records; accepted 11:58:50 UTC, 1:10 ago"
    assert verdict(REVERSE, reverse_case(), "quiet_there").saw == "unmoved on eu-south since 11:59:00 UTC, 1:00 ago"


def test_no_guard_of_a_mirror_command_shows_a_time_as_it_is_stored() -> None:
    for kind, case in ((FAILOVER, failover_case()), (RESTORE, restore_case()), (REVERSE, reverse_case())):
        for found in judge(kind, case):
            assert not STORED.search(f"{found.saw} {found.says} {found.needs}"), found
