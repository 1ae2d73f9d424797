"""Witnesses: what they say is taken with its age; what they do not say is no opinion."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clusters.connections import close_all, open_pair
from clusters.declared import WitnessEntry
from clusters.witness import read_witnesses
from tests.clusters.servers import answering, closed_port, misbehaving
from tests.clusters.wire import soon


@pytest.fixture
def orders(inventory):
    yield inventory.pairs["orders"]
    close_all()


def asked(pair, url: str):
    pair = replace(pair, name="watched", witnesses=(WitnessEntry("w", url, "elsewhere"),))
    with open_pair(pair) as connections:
        found = {row.side: row for row in read_witnesses(connections, deadline=soon(2))}
    close_all()
    return found


def said(at: datetime | None = None, **sees: object) -> str:
    return json.dumps({"witness": "w", "at": (at or datetime.now(UTC)).isoformat(), "sees": sees})


def test_each_witness_speaks_of_both_sides(orders, control):
    with open_pair(orders) as connections:
        rows = read_witnesses(connections, deadline=soon(2))
    assert {(row.name, row.side, row.sees) for row in rows} == {
        (witness, side, True) for witness in ("us-east-witness", "eu-west-witness") for side in ("us-east", "eu-west")
    }
    assert all(row.since and row.at for row in rows)


def test_a_witness_that_sees_one_side_dead(orders):
    since = datetime.now(UTC) - timedelta(minutes=3)
    dead = {"reachable": False, "since": since.isoformat(), "error": "connection\x1b refused"}
    with misbehaving(answering(said(**{"us-east": dead, "eu-west": {"reachable": True}}))) as server:
        found = asked(orders, server.url)
    assert (found["us-east"].sees, found["us-east"].since, found["us-east"].said) == (
        False,
        since,
        "connection refused",
    )
    assert found["eu-west"].sees is True


OLD = datetime.now(UTC) - timedelta(minutes=5)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(answering("{}", "503 Service Unavailable"), id="503"),
        pytest.param(answering("<html>", kind="text/html"), id="html"),
        pytest.param(answering("[]"), id="another shape"),
        pytest.param(answering('{"at": 5, "sees": {}}'), id="a time that is none"),
        pytest.param(answering('{"at": "2026-11-20T10:00:00", "sees": {}}'), id="a time without a zone"),
        pytest.param(answering("[" * 100_000), id="nested for ever"),
        pytest.param(answering(said(OLD, **{"us-east": {"reachable": True}})), id="old"),
        pytest.param(answering(said(**{"us-east": {"reachable": "yes"}})), id="not a truth value"),
        pytest.param(answering(said()), id="says nothing of it"),
        pytest.param(answering("", "302 Found", Location="http://127.0.0.1:1"), id="redirect"),
        pytest.param(lambda connection, request: connection.close(), id="dropped"),
    ],
)
def test_anything_else_is_no_opinion(orders, behaviour):
    with misbehaving(behaviour) as server:
        found = asked(orders, server.url)
    assert found["us-east"].sees is None
    assert found["us-east"].said


def test_a_witness_that_is_gone_has_no_opinion(orders):
    found = asked(orders, f"http://127.0.0.1:{closed_port()}")
    assert {row.sees for row in found.values()} == {None}
    assert "could not be asked" in found["us-east"].said
