"""The client control: signed, versioned, idempotent."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import pytest

from clusters.sandbox.client_control import ClientControl
from clusters.sandbox.http import Dropped, Request

SECRET = "not a secret"
TARGET = "/pairs/orders/targets/settlement"


@pytest.fixture
def put(orders):
    control = ClientControl(SECRET)

    def send(body, *, at=None, secret=SECRET, name="settlement", signature=None):
        raw = json.dumps(body).encode()
        stamp = str(int(time.time() if at is None else at))
        sign = signature or hmac.new(secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
        headers = {"x-breakwater-time": stamp, "x-breakwater-signature": f"sha256={sign}"}
        answer = control.place(Request("PUT", TARGET, headers=headers, body=raw), orders.pair, name)
        return answer.status, json.loads(answer.body)

    return send


def order(side="eu-west", desired=2, version=None, key="k1"):
    return {"side": side, "desired": desired, "if_version": version, "run": "run-1", "key": key}


def test_the_targets_of_a_pair(orders):
    answer = ClientControl(SECRET).targets(Request("GET", ""), orders.pair)

    targets = {target["target"]: target for target in json.loads(answer.body)["targets"]}
    assert targets["settlement"] == {
        "target": "settlement",
        "kind": "group",
        "side": "us-east",
        "desired": 2,
        "ready": 2,
        "terminating": 0,
        "version": 1,
        "topics": ["orders", "payments"],
        "group": "settlement",
    }
    assert (targets["checkout"]["kind"], targets["checkout"]["group"]) == ("producers", None)


def test_a_move(put, orders):
    status, state = put(order(version=1))

    assert status == 200
    assert (state["side"], state["desired"], state["ready"], state["terminating"], state["version"]) == (
        "eu-west",
        2,
        0,
        2,
        2,
    )
    orders.advance(2)
    assert orders.state("eu-west", "settlement") == "STABLE"
    assert orders.state("us-east", "settlement") == "EMPTY"


def test_a_stop(put, orders):
    put(order(side=None, desired=0, version=1))
    orders.advance(2)

    assert orders.pair.targets["settlement"].pods == []
    assert orders.state("us-east", "settlement") == "EMPTY"


def test_an_old_version_is_refused_with_the_present_one(put):
    put(order(version=1))

    status, body = put(order(side="us-east", version=1, key="k2"))

    assert (status, body["version"]) == (409, 2)
    assert body["error"]


def test_the_same_key_is_applied_once_and_answered_alike(put, orders):
    first = put(order(version=1))
    orders.advance(3)
    again = put(order(version=1))

    assert again == first
    assert orders.pair.targets["settlement"].version == 2


def test_the_same_key_for_another_target_is_another_order(put):
    put(order(version=1))

    assert put(order(version=1), name="fulfilment")[0] == 200


@pytest.mark.parametrize(
    "how",
    [
        {"secret": "another"},
        {"signature": "0" * 64},
        {"at": 0},
        {"at": time.time() - 301},
        {"at": time.time() + 3600},
    ],
    ids=["secret", "signature", "1970", "old", "future"],
)
def test_what_is_not_signed_now_and_well_is_refused(how, put, orders):
    status, body = put(order(version=1), **how)

    assert status == 401
    assert body["error"]
    assert orders.pair.targets["settlement"].version == 1


def test_a_time_stamp_a_little_off_is_taken(put):
    assert put(order(version=1), at=time.time() - 250)[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        {"desired": 2},
        {"side": "eu-west"},
        order(side="nowhere"),
        order(side=None, desired=2),
        order(side="eu-west", desired=0),
        {**order(), "desired": "two"},
        [],
    ],
    ids=json.dumps,
)
def test_an_order_that_makes_no_sense_is_refused(body, put):
    with pytest.raises(ValueError, match="side"):
        put(body)


def test_what_is_not_there(put):
    assert put(order(), name="nothing")[0] == 404


@pytest.mark.parametrize(("applied", "side"), [(True, "eu-west"), (False, "us-east")])
def test_an_order_taken_and_never_answered(put, orders, applied, side):
    """Once; every order stays in the list, whatever came of it."""
    orders.pair.inject("orders-dropped", None, {"applied": applied})
    with pytest.raises(Dropped):
        put(order())

    assert orders.pair.targets["settlement"].side == side
    assert put(order(key="k2"))[0] == 200
    assert [(row["key"], row["dropped"]) for row in orders.pair.orders] == [("k1", True), ("k2", False)]
