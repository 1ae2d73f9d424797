"""Lag as a real cluster shows it: only as of the last fetch, and sometimes meaning nothing."""

from __future__ import annotations

from clusters.sandbox.commands import CAN_FAIL_OVER


def test_lag_exists_varies_and_goes_to_zero_when_nobody_writes(ledger):
    seen = set()
    for _ in range(20):
        ledger.advance(0.25)
        seen |= {lag for lag, _ in ledger.lags("eu-south", "entries").values()}
    assert len(seen) > 1
    assert min(seen) >= 0

    ledger.stop_clients()

    assert {lag for lag, _ in ledger.lags("eu-south", "entries").values()} == {0}
    assert ledger.ends("eu-south", "entries") == ledger.ends("eu-north", "entries")


def test_the_last_source_fetch_offset_is_the_end_of_what_is_replicated(ledger):
    ledger.advance(1)

    offsets = [offset for _, (_, offset) in sorted(ledger.lags("eu-south", "entries").items())]

    assert offsets == ledger.ends("eu-south", "entries")


def test_lag_is_frozen_while_the_source_is_unreachable(ledger):
    ledger.pair.inject("link-down")
    ledger.advance(0.1)
    frozen = ledger.lags("eu-south", "entries")

    ledger.advance(60)

    assert ledger.lags("eu-south", "entries") == frozen
    written = sum(ledger.ends("eu-north", "entries")) - sum(ledger.ends("eu-south", "entries"))
    assert written > sum(lag for lag, _ in frozen.values()) + 100, "home was written on all the while"


def test_a_backlog_takes_its_time(ledger):
    ledger.stop_clients()
    ledger.write("eu-north", "entries", 2, 2000)
    ledger.advance(2)

    lag = ledger.lags("eu-south", "entries")[2][0]
    assert 0 < lag < 2000

    ledger.advance(20)
    assert ledger.lags("eu-south", "entries")[2] == (0, ledger.ends("eu-north", "entries")[2])


def test_a_restarted_fetcher_says_zero_and_minus_one_until_new_records(ledger):
    ledger.stop_clients()
    ledger.pair.inject("fetchers-restarted", "eu-south")
    ledger.advance(5)
    assert set(ledger.lags("eu-south", "entries").values()) == {(0, -1)}

    ledger.write("eu-north", "entries", 3, 10)
    ledger.advance(3)

    lags = ledger.lags("eu-south", "entries")
    assert lags[3] == (0, ledger.ends("eu-south", "entries")[3])
    assert lags[1] == (0, -1)


def test_a_restart_during_an_outage_shows_lag_zero_on_an_active_mirror(ledger):
    """The trap: everything looks fine and nothing is known."""
    ledger.pair.inject("region-down", "eu-north")
    ledger.pair.inject("fetchers-restarted", "eu-south")
    ledger.advance(2)

    assert ledger.status("eu-south", "entries") == "ACTIVE"
    assert set(ledger.lags("eu-south", "entries").values()) == {(0, -1)}


def test_a_restarted_fetcher_may_also_say_a_negative_lag(ledger):
    ledger.stop_clients()
    ledger.pair.inject("fetchers-restarted", "eu-south", {"negative": True})

    ends = ledger.ends("eu-south", "entries")
    assert ledger.lags("eu-south", "entries") == {p: (-1 - end, -1) for p, end in enumerate(ends)}


def test_partitions_come_in_no_order(ledger):
    rows = ledger.mirror("eu-south", "entries")["mirror_lags"]

    assert [row["partition"] for row in rows] != sorted(row["partition"] for row in rows)


def test_source_unavailable_comes_only_after_five_failed_checks(ledger):
    """Five minutes by default: five seconds at scale 60."""
    ledger.pair.inject("region-down", "eu-north")
    ledger.advance(4.8)
    assert ledger.statuses("eu-south") == {"ACTIVE"}
    link = ledger.get("eu-south", f"/links/{ledger.link}")
    assert (link["link_state"], link["link_error"]) == ("ACTIVE", "NO_ERROR")

    ledger.advance(0.5)

    assert ledger.statuses("eu-south") == {"SOURCE_UNAVAILABLE"}
    link = ledger.get("eu-south", f"/links/{ledger.link}", include_tasks=True)
    assert (link["link_state"], link["link_error"]) == ("UNAVAILABLE", "BOOTSTRAP_TCP_CONNECTION_FAILED_ERROR")
    assert {task["state"] for task in link["tasks"]} == {"LINK_UNAVAILABLE", "NOT_CONFIGURED"}


def test_the_link_comes_back_by_itself(ledger):
    ledger.pair.inject("region-down", "eu-north")
    ledger.advance(6)
    ledger.pair.clear_faults()
    ledger.advance(5)

    assert ledger.statuses("eu-south") == {"ACTIVE"}
    assert ledger.get("eu-south", f"/links/{ledger.link}")["link_state"] == "ACTIVE"


def test_the_availability_settings_of_the_link_count(ledger):
    path = f"/links/{ledger.link}/configs/availability.check.ms"
    assert ledger.http["eu-south"].put(path, json={"value": "6000"}).status_code == 204

    ledger.pair.inject("link-down")
    ledger.advance(0.7)

    assert ledger.statuses("eu-south") == {"SOURCE_UNAVAILABLE"}


def test_a_lost_source_topic_fails_its_mirror(ledger):
    del ledger.pair.sides["eu-north"].topics["entries"]
    ledger.advance(1)

    mirror = ledger.mirror("eu-south", "entries")

    assert (mirror["mirror_status"], mirror["mirror_topic_error"]) == ("FAILED", "SOURCE_TOPIC_MAY_BE_DELETED")
    assert "FAILED" in CAN_FAIL_OVER


def test_late_data_flows_when_the_region_is_back(orders):
    """Active-active: delay, not loss."""
    orders.advance(1)
    orders.pair.inject("link-down")
    orders.advance(3)
    orders.pair.inject("region-down", "us-east")
    orders.advance(5)
    at_outage = orders.ends("eu-west", "us-east.orders")

    orders.pair.clear_faults()
    orders.move("checkout", "eu-west")
    orders.advance(10)

    home = orders.ends("us-east", "orders")
    assert orders.ends("eu-west", "us-east.orders") == home
    assert sum(home) > sum(at_outage)
