"""The checks on what is really read of the simulated pairs: nothing is wrong with them, and nothing is unread."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clusters.connections import open_pair
from clusters.facts import PairFacts
from clusters.inventory import load
from clusters.readiness import Finding, Standing, readiness
from clusters.reading import read_pair
from clusters.sandbox.acls import Acl
from clusters.sandbox.server import Sandbox


def read(sandbox: Sandbox, pair: str) -> PairFacts:
    entry = load(sandbox.inventory_text()).pairs[pair]
    with open_pair(entry) as connections:
        return read_pair(connections, entry)


def found(facts: PairFacts) -> dict[str, Finding]:
    return {one.code: one for one in readiness(facts, datetime.now(UTC)).findings}


@pytest.mark.parametrize("pair", ["orders", "ledger", "archive"])
def test_nothing_is_wrong_with_a_simulated_pair(sandbox, pair):
    told = found(read(sandbox, pair))
    # Its policy counts seconds where its clusters count minutes; a clock is narrowed down by several looks, and dry
    # runs are made by the poller; what people say is in no reading.
    left_out = {"C05", "C18", "C26", "C27"}
    wrong = {
        code: (one.standing.value, one.saw)
        for code, one in told.items()
        if one.standing in {Standing.FAILS, Standing.UNKNOWN} and code not in left_out
    }
    assert wrong == {}


def test_a_right_that_is_taken_away_is_found_out(sandbox):
    cluster = sandbox.pair("ledger").sides["eu-south"]
    before = list(cluster.acls or ())
    cluster.acls = [one for one in before if one.principal != "User:ledger-writer"]
    cluster.acls.append(Acl("CLUSTER", "kafka-cluster", "User:ledger-link", "ALTER", "DENY"))
    told = found(read(sandbox, "ledger"))
    cluster.acls = before
    assert "User:ledger-writer: not granted WRITE on topic accounts at eu-south" in told["C11"].saw
    assert "User:ledger-link: denied ALTER on cluster kafka-cluster at eu-south" in told["C19"].saw


def test_settings_of_real_topics_are_judged(sandbox):
    topic = sandbox.pair("ledger").sides["eu-north"].topics["accounts"]
    topic.configs.update({"cleanup.policy": "compact", "retention.ms": "1000"})
    sandbox.pair("ledger").sides["eu-south"].topics["entries"].configs["retention.ms"] = "3600000"
    told = found(read(sandbox, "ledger"))
    assert told["C20"].saw == "compacted: accounts"
    assert told["C21"].saw == "kept for less than 3 days: entries on eu-south 1 h"


def test_schemas_that_do_not_cross_any_more_are_found_out(sandbox):
    home, away = (sandbox.pair("ledger").sides[side].registry for side in ("eu-north", "eu-south"))
    exporter = home.exporters["ledger-exporter"]
    assert "3 of eu-north by the same ids on eu-south" in found(read(sandbox, "ledger"))["C22"].saw
    exporter.state = "PAUSED"
    home.register("late-value", '"long"')
    saw = found(read(sandbox, "ledger"))["C22"].saw
    assert "not on eu-south: late-value version 1 (id 4)" in saw
    assert "exporter ledger-exporter of eu-north is PAUSED" in saw
    exporter.state, away.mode = "RUNNING", "READWRITE"
    assert "eu-south reads READWRITE, and takes nothing" in found(read(sandbox, "ledger"))["C22"].saw
