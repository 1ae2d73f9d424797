"""What vantage points and groups have said so far."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clusters.facts import Committed, TopicFacts, Vantage
from dashboard import expectations, history, inventory, sight
from dashboard.models import GroupNow, VantageState
from dashboard.rows import peaks
from tests.dashboard.made import group, read, side_facts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def entry(in_force):
    return inventory.pair_entry("orders")


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def says(entry, sees, at, kind="console", name="console"):
    sight.remember("orders", [Vantage(name, kind, "us-east", sees, None, "", at)], entry.policy, at)


def state() -> VantageState:
    return VantageState.objects.get(pair="orders", side="us-east")


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_since_stays_while_a_vantage_point_says_the_same(entry, now):
    for later in (0, 2, 4):
        says(entry, False, now + seconds(later))
    assert state().since == now


def test_since_moves_when_it_says_something_else(entry, now):
    says(entry, True, now)
    says(entry, False, now + seconds(2))
    assert state().since == now + seconds(2)


def test_a_gap_in_looking_breaks_the_time_it_was_unreachable(entry, now):
    says(entry, False, now)
    after = now + sight.unbroken(entry.policy) + seconds(1)
    says(entry, False, after)
    assert state().since == after


def test_the_first_failure_is_the_last_success_and_how_long_nobody_knows(entry, now):
    says(entry, True, now - seconds(10))
    says(entry, False, now - seconds(8))
    says(entry, False, now - seconds(6))
    failure = history.first_failure("orders", "us-east")
    assert failure == (now - seconds(10), seconds(2))
    says(entry, True, now)
    assert history.first_failure("orders", "us-east") is None


def test_a_vantage_point_that_was_not_asked_for_long_says_nothing(entry, now):
    says(entry, False, now - seconds(600))
    row = next(row for row in history.vantages("orders") if row.side == "us-east")
    assert row.sees is None


def test_fresh_facts_take_their_since_from_history(entry, now):
    says(entry, False, now - seconds(4))
    says(entry, False, now - seconds(2))
    read(entry, side_facts(entry, "us-east"))
    read(entry, side_facts(entry, "eu-west"))
    VantageState.objects.filter(side="us-east", kind="console").update(sees=False, since=now - seconds(4), at=now)
    fresh = Vantage("console", "console", "us-east", False, now, "", now)
    joined = history.with_history(replace(history.latest("orders"), vantages=(fresh,)), history.vantages("orders"))
    assert next(row for row in joined.seen_from("us-east") if row.kind == "console").since == now - seconds(4)


def test_one_look_at_a_link_does_not_unsay_what_two_proved(entry, now):
    says(entry, True, now, kind="link", name="orders-link on eu-west")
    read(entry, side_facts(entry, "us-east"))
    read(entry, side_facts(entry, "eu-west"))
    VantageState.objects.filter(kind="link", side="us-east").update(sees=True, since=now, at=now)
    alone = Vantage("orders-link on eu-west", "link", "us-east", None, None, "", now)
    joined = history.with_history(replace(history.latest("orders"), vantages=(alone,)), history.vantages("orders"))
    assert next(row for row in joined.seen_from("us-east") if row.kind == "link").sees is True


def test_rates_are_what_clients_wrote_between_two_looks(entry, now):
    first = side_facts(entry, "us-east", topics={"orders": TopicFacts("orders", 2, (0, 0), (100, 50))}, offsets_at=now)
    read(entry, first)
    later = TopicFacts("orders", 2, (0, 0), (130, 60))
    read(entry, replace(first, read_at=datetime.now(UTC), topics={"orders": later}, offsets_at=now + seconds(4)))
    assert history.rates("orders", "us-east") == {"orders": 10.0}


def test_a_group_that_wakes_up_is_told_from_one_that_never_slept(entry):
    read(entry, side_facts(entry, "us-east", groups={"settlement": group("settlement", 0)}))
    (quiet,) = history.group_activity("orders", ["settlement"])["settlement"]
    assert (quiet.is_active, quiet.active_at) == (False, None)
    later = datetime.now(UTC)
    read(entry, side_facts(entry, "us-east", groups={"settlement": group("settlement", 3)}, read_at=later))
    (awake,) = history.group_activity("orders", ["settlement"])["settlement"]
    assert (awake.is_active, awake.since, awake.active_at) == (True, later, later)


def test_a_position_above_the_end_is_kept_with_the_group(entry):
    above = replace(group("settlement", 0), committed=(Committed("orders", 0, 105),))
    topics = {"orders": TopicFacts("orders", 1, (0,), (100,))}
    read(entry, side_facts(entry, "us-east", groups={"settlement": above}, topics=topics))
    row = GroupNow.objects.get(group="settlement")
    assert (row.words, row.within, row.committed) == ("position above the end", 0, 1)


def test_expectations_add_up_and_end_with_their_incident(entry):
    expectations.expect("orders", "us-east", "7", ["UNREACHABLE"], "us-east is down")
    expectations.expect("orders", "us-east", "7", ["SOURCE_UNAVAILABLE"])
    assert expectations.current("orders").reason("us-east", "UNREACHABLE") == "us-east is down"
    assert expectations.current("orders").reason("us-east", "SOURCE_UNAVAILABLE") == "us-east is down"
    assert expectations.incidents("orders") == ("7",)
    expectations.clear("7")
    assert expectations.current("orders").rows == ()


def test_the_highest_rate_fades_by_half_in_five_minutes_and_is_dropped_at_last():
    minute = timedelta(minutes=1)
    seen = peaks({"orders": 100.0, "idle": 0.0}, {}, timedelta())
    assert seen == {"orders": 100.0}
    assert peaks({"orders": 10.0}, seen, 5 * minute) == {"orders": 50.0}
    assert peaks({"orders": 70.0}, seen, 5 * minute) == {"orders": 70.0}
    assert peaks({}, seen, 60 * minute) == {}
