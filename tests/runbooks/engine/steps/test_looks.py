"""Steps that only look: outage and recovery, quiet topics, drained lag, what is recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runbooks.engine.outcome import ItemState
from runbooks.engine.steps.cut_save import SaveCut
from runbooks.engine.steps.kind import THE_STEP
from runbooks.engine.steps.lag_drained import LagDrained, Until
from runbooks.engine.steps.lag_record import RecordLag
from runbooks.engine.steps.outage_confirm import ConfirmOutage
from runbooks.engine.steps.recovery_confirm import ConfirmRecovery
from runbooks.engine.steps.topics_quiet import TopicsQuiet
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import SECOND, Stage, states
from tests.runbooks.engine.steps.scenes import NEW, OLD, TOPICS, place

HOME, AWAY = "us-east", "eu-west"


def test_an_outage_is_confirmed_by_two_places(orders: Stage, control: Control) -> None:
    orders.facts()
    control.fault("orders", "region-down", HOME)
    found = orders.do(ConfirmOutage(side=HOME))
    assert "us-east is down for everybody" in found.said
    kept = orders.evidence["outage.confirm"]
    assert (kept["side"], kept["class"]) == (HOME, "a")
    assert len([row for row in kept["vantages"] if row["sees"] is False]) >= 2
    assert kept["first_failure"]


@pytest.mark.parametrize(
    ("fault", "side", "says"),
    [
        ("link-down", HOME, "only the way between the two clusters is broken"),
        ("clients-cut", HOME, "us-east is up: "),
    ],
)
def test_what_is_no_outage_of_the_cluster_is_named(
    orders: Stage, control: Control, fault: str, side: str, says: str
) -> None:
    orders.facts()
    control.fault("orders", fault, side)
    doing = orders.begin(ConfirmOutage(side=HOME))
    found = doing.until(lambda seen: says in seen.said)
    assert states(found) == {THE_STEP: ItemState.WAITING}
    assert orders.refusals(ConfirmOutage(side=HOME))["outage_seen"].startswith("The outage is not confirmed")


def test_a_side_is_back_once_it_has_answered_long_enough(orders: Stage, control: Control) -> None:
    step = ConfirmRecovery(side=HOME)
    orders.facts()
    control.fault("orders", "region-down", HOME)
    doing = orders.begin(step)
    doing.until(lambda seen: "does not see us-east" in seen.said)
    control.heal("orders", "region-down", HOME)
    doing.until(lambda seen: "has answered for" in seen.said)
    assert doing.until(lambda seen: seen.is_done)


def test_last_known_lag_is_recorded_as_the_cluster_says_it(orders: Stage, control: Control) -> None:
    orders.facts()
    control.fault("orders", "region-down", HOME)
    orders.do(RecordLag(side=HOME))
    truth = control.truth("orders")["sides"][AWAY]["topics"]
    kept = orders.evidence["lag.record"]
    assert set(kept["topics"]) == {"us-east.orders", "us-east.payments", "us-east.refunds", "us-east.inventory"}
    for name, topic in kept["topics"].items():
        assert [part["end"] for part in topic["partitions"]] == [part["end"] for part in truth[name]["partitions"]]
    assert kept["lower"] == sum(topic["lower"] for topic in kept["topics"].values())


def test_numbers_that_say_nothing_are_labelled_and_not_added_up(orders: Stage, control: Control) -> None:
    orders.facts()
    control.fault("orders", "region-down", HOME)
    control.fault("orders", "fetchers-restarted", AWAY, negative=True)
    orders.do(RecordLag(side=HOME))
    kept = orders.evidence["lag.record"]
    assert kept["unknown_partitions"] == 24
    assert {part["lower"] for topic in kept["topics"].values() for part in topic["partitions"]} == {None}
    assert "partitions have no usable number" in RecordLag(side=HOME).observe(orders.context(RecordLag(side=HOME))).said


def test_recording_the_lag_never_waits_for_the_lost_side(orders: Stage, control: Control) -> None:
    orders.facts()
    control.fault("orders", "region-down", HOME, mode="hang")
    assert orders.refusals(RecordLag(side=HOME)) == {}
    assert orders.begin(RecordLag(side=HOME)).look().is_done


def test_a_survivor_that_cannot_be_read_is_unknown(orders: Stage, control: Control) -> None:
    control.fault("orders", "clients-cut", AWAY)
    assert states(orders.begin(RecordLag(side=HOME)).look()) == {THE_STEP: ItemState.UNKNOWN}


def test_a_cut_is_saved_for_mirrors_alone(ledger: Stage, control: Control) -> None:
    ledger.facts()
    control.fault("ledger", "region-down", OLD)
    found = ledger.begin(SaveCut(away_from=OLD, topics=("accounts", "nothing"))).look()
    assert states(found) == {"accounts": ItemState.DONE, "nothing": ItemState.FAILED}
    ledger.do(SaveCut(away_from=OLD, topics=TOPICS))
    kept = ledger.evidence["cut.save"]
    assert set(kept["groups"]) == {"balances", "statements"}
    assert kept["survivor"] == NEW


def test_topics_are_quiet_when_nobody_writes_for_long_enough(ledger: Stage, control: Control) -> None:
    step = TopicsQuiet(side=OLD, topics=("accounts", "entries"))
    doing = ledger.begin(step)
    doing.look()
    busy = doing.until(lambda seen: "still receiving writes" in seen.items["accounts"].saw)
    assert busy.items["accounts"].saw.startswith("R14: accounts on eu-north is still receiving writes (")
    place(ledger, "ledger-writer", None)
    assert doing.until(lambda seen: seen.is_done)
    ends = doing.memory["ends"]
    truth = control.truth("ledger")["sides"][OLD]["topics"]
    assert ends == {name: [row["end"] for row in truth[name]["partitions"]] for name in ends}


def test_one_late_record_begins_the_quiet_time_anew(ledger: Stage, control: Control) -> None:
    ledger.entry = replace(ledger.entry, policy=replace(ledger.entry.policy, flat_for=2 * SECOND))
    place(ledger, "ledger-writer", None)
    doing = ledger.begin(TopicsQuiet(side=OLD, topics=("accounts",)))
    assert "unmoved for" in doing.look().items["accounts"].saw
    control.ask("POST", "/pairs/ledger/records", {"side": OLD, "topic": "accounts", "partition": 2, "count": 1})
    doing.until(lambda seen: "1 records in 2 s" in seen.items["accounts"].saw)
    assert doing.until(lambda seen: seen.is_done)


def test_a_topic_that_is_not_there_is_never_quiet(ledger: Stage) -> None:
    found = ledger.begin(TopicsQuiet(side=OLD, topics=("nothing",))).look()
    assert states(found) == {"nothing": ItemState.UNKNOWN}


def test_lag_is_drained_when_it_is_zero_twice_and_both_logs_are_as_long(ledger: Stage) -> None:
    place(ledger, "ledger-writer", None)
    doing = ledger.begin(LagDrained(side=NEW, topics=TOPICS))
    found = doing.until(lambda seen: seen.is_done)
    assert found.items["accounts"].saw == "lag 0, twice"


def test_a_zero_that_was_never_fetched_is_not_zero(ledger: Stage, control: Control) -> None:
    place(ledger, "ledger-writer", None)
    doing = ledger.begin(LagDrained(side=NEW, topics=TOPICS))
    doing.until(lambda seen: seen.is_done)
    control.fault("ledger", "fetchers-restarted", NEW)
    found = ledger.begin(LagDrained(side=NEW, topics=TOPICS)).look()
    assert set(states(found).values()) == {ItemState.WAITING}
    assert "its lag is unknown" in found.items["accounts"].saw


def test_frozen_lag_is_not_drained(ledger: Stage, control: Control) -> None:
    """With the link cut the lag says 0 for ever, and only the log ends of both sides tell."""
    place(ledger, "ledger-writer", None)
    step = LagDrained(side=NEW, topics=("accounts",))
    ledger.begin(step).until(lambda seen: seen.is_done)
    control.fault("ledger", "link-down", "")
    control.ask("POST", "/pairs/ledger/records", {"side": OLD, "topic": "accounts", "partition": 0, "count": 4})
    found = ledger.begin(step).look()
    assert states(found) == {"accounts": ItemState.WAITING}
    assert found.items["accounts"].saw in {"lag 0, but the source is 4 records longer", "reads SOURCE_UNAVAILABLE"}


def test_where_producers_write_on_what_was_there_must_have_arrived(orders: Stage) -> None:
    doing = orders.begin(LagDrained(away_from=HOME, until=Until.ARRIVED))
    assert "us-east.orders" in doing.items
    assert doing.until(lambda seen: seen.is_done)


def test_what_was_there_at_the_first_look_stays_the_goal(ledger: Stage, control: Control) -> None:
    place(ledger, "ledger-writer", None)
    ledger.begin(LagDrained(side=NEW, topics=("accounts",))).until(lambda seen: seen.is_done)
    control.fault("ledger", "link-down", "")
    control.ask("POST", "/pairs/ledger/records", {"side": OLD, "topic": "accounts", "partition": 0, "count": 4})
    doing = ledger.begin(LagDrained(side=NEW, topics=("accounts",), until=Until.ARRIVED))
    found = doing.look()
    assert "4 records of the first look are missing" in found.items["accounts"].saw
    control.ask("POST", "/pairs/ledger/records", {"side": OLD, "topic": "accounts", "partition": 0, "count": 90})
    assert "4 records of the first look are missing" in doing.look().items["accounts"].saw
    control.heal("ledger", "link-down", "")
    assert doing.until(lambda seen: seen.is_done)
