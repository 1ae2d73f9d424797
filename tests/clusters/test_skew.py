"""Where a cluster's clock stands, as its dated answers tell it: a second from one of them, less from several."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from clusters.connections import open_pair
from clusters.facts import ClockSkew, SideFacts
from clusters.inventory import load
from clusters.readiness import Standing, checks
from clusters.reading import read_pair
from clusters.skew import narrowed, seen

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def answer(sent: float, took: float, ahead: float = 0.0) -> ClockSkew:
    """Of a cluster whose clock is ahead, dated half-way."""
    told = seen(format_datetime(at(sent + took / 2 + ahead).replace(microsecond=0)), at(sent), at(sent + took))
    assert told is not None
    return told


@pytest.mark.parametrize("ahead", [0.0, 0.4, -2.3, 3600.0])
@pytest.mark.parametrize("sent", [0.0, 0.25, 0.999])
def test_one_answer_leaves_a_second_and_its_own_time_open(sent, ahead):
    told = answer(sent, 0.1, ahead)
    assert told.least_ms <= ahead * 1000 <= told.most_ms
    assert told.most_ms - told.least_ms == pytest.approx(1100, abs=2)


def test_answers_at_other_parts_of_a_second_narrow_it():
    told = None
    for number in range(20):
        told = narrowed(told, answer(number * 5.13, 0.02, 0.4))
    assert told is not None
    assert told.least_ms <= 400 <= told.most_ms
    assert told.most_ms - told.least_ms < 200


def test_what_was_told_long_ago_counts_for_less():
    told = narrowed(ClockSkew(-10, 10, at(0)), ClockSkew(-900, 200, at(3600)))
    assert (told.least_ms, told.most_ms) == (-370, 200)


def test_a_clock_that_was_set_is_believed_anew():
    assert narrowed(ClockSkew(4900, 5100, at(0)), answer(60.0, 0.1)) == answer(60.0, 0.1)


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 32 Nov 2026 12:00:00 GMT"])
def test_a_date_that_cannot_be_read_tells_nothing(date):
    assert seen(date, at(0), at(1)) is None


def test_hosts_with_a_wrong_clock_are_found_out_over_a_real_connection(sandbox):
    entry = load(sandbox.inventory_text()).pairs["ledger"]
    check = checks.get("clocks-agree")()
    with open_pair(entry) as connections:
        right = read_pair(connections, entry)
        assert all(_holds(side, 0.0) for side in right.sides.values())
        sandbox.pair("ledger").inject("clock-wrong", "eu-south", {"seconds": -7.0})
        wrong = read_pair(connections, entry)
    sandbox.pair("ledger").clear_faults()
    assert _holds(wrong.side("eu-south"), -7.0)
    found = check.judge(wrong)
    assert found.standing is Standing.FAILS
    assert "eu-south" in found.saw
    assert "eu-north" not in found.saw


def _holds(side: SideFacts, ahead: float) -> bool:
    return side.skew is not None and side.skew.least_ms <= ahead * 1000 <= side.skew.most_ms
