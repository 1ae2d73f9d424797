"""Each fault over real sockets, as a client meets it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable

import httpx
import pytest

from clusters.sandbox.faults import FAULTS
from tests.clusters.sandbox.socketed import OTHER, SIDE, port
from tests.clusters.sandbox.waiting import until


def connects(number: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", number), 2).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_region_that_is_down_refuses_every_connection_and_comes_back_where_it_was(wired, http):
    before = wired.ports(SIDE)
    wired.inject("region-down")
    assert {name: connects(number) for name, number in before.items()} == dict.fromkeys(before, False)
    assert all(connects(number) for number in wired.ports(OTHER).values())
    with pytest.raises(httpx.ConnectError):
        http.get(wired.url())

    wired.clear("region-down")

    assert wired.ports(SIDE) == before
    assert all(connects(number) for number in before.values())
    assert http.get(wired.url()).status_code == 200


def test_going_down_cuts_open_connections(wired, http):
    assert http.get(wired.url()).status_code == 200
    wired.inject("region-down")

    with pytest.raises(httpx.TransportError):
        http.get(wired.url())


def test_a_region_can_also_hang(wired, http):
    wired.inject("region-down", mode="hang")
    assert all(connects(number) for number in wired.ports(SIDE).values())

    with pytest.raises(httpx.ReadTimeout):
        http.get(wired.url(), timeout=0.3)
    with pytest.raises(httpx.ReadTimeout):
        wired.control.get(wired.sandbox.witness_url("ledger", SIDE), timeout=0.3)


def test_what_hung_gets_no_late_answer_and_is_not_carried_out(wired, http):
    wired.inject("region-down", mode="hang")
    ended: list[BaseException] = []
    thread = threading.Thread(target=lambda: ended.append(_error(lambda: wired.fail_over(http))))
    thread.start()
    until(lambda: wired.sandbox._rest[("ledger", SIDE)].hanging)

    wired.clear("region-down")
    thread.join(10)

    assert isinstance(ended[0], httpx.TransportError)
    assert wired.journal() == []


def _error(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except httpx.HTTPError as error:
        return error
    return AssertionError("it was answered")


def test_a_broken_link_leaves_both_sides_to_their_clients(wired, http):
    wired.inject("link-down", side=None)

    assert all(connects(number) for side in (SIDE, OTHER) for number in wired.ports(side).values())
    sees = wired.witness(SIDE)["sees"]
    assert {side: seen["reachable"] for side, seen in sees.items()} == {SIDE: True, OTHER: True}
    links = wired.control.get("/pairs/ledger").json()["links"]
    assert [link["reachable"] for link in links] == [False, False]
    until(lambda: http.get(wired.url(path="/links/ledger-link")).json()["link_state"] == "UNAVAILABLE")
    assert http.get(wired.url(OTHER, "/links/ledger-link")).json()["remote_cluster_id"]


def test_cut_clients_leave_the_link_and_the_witness_inside(wired, http):
    wired.inject("clients-cut", side=OTHER)

    found = {name: connects(number) for name, number in wired.ports(OTHER).items()}
    assert found == {name: name == "witness" for name in found}
    inside, outside = (wired.witness(side)["sees"] for side in (OTHER, SIDE))
    assert (inside[OTHER]["reachable"], outside[OTHER]["reachable"]) == (True, False)
    assert outside[OTHER]["error"]
    assert [link["reachable"] for link in wired.control.get("/pairs/ledger").json()["links"]] == [True, True]


def test_a_witness_says_since_when(wired, http):
    first = wired.witness(SIDE)
    wired.inject("region-down", side=OTHER)
    down = wired.witness(SIDE)
    again = wired.witness(SIDE)

    assert (first["witness"], first["region"]) == ("eu-south-witness", "eu-south")
    assert first["sees"][OTHER]["since"] < down["sees"][OTHER]["since"] <= down["at"]
    assert again["sees"][OTHER] == down["sees"][OTHER]


def test_refused_connections_leave_nothing_in_the_journal(wired, http):
    wired.inject("region-down")
    with pytest.raises(httpx.ConnectError):
        wired.fail_over(http)

    assert wired.journal() == []


def test_faults_of_one_pair_leave_the_others_alone(wired):
    wired.inject("region-down")

    assert connects(port(wired.sandbox.rest_url("orders", "us-east")))


def test_each_fault_is_listed_with_its_options(wired):
    listed = {fault["name"]: fault for fault in wired.control.get("/faults").json()["faults"]}

    assert listed.keys() == FAULTS.keys()
    assert listed["region-down"]["options"]["mode"]["choices"] == ["refuse", "hang"]
    assert all(fault["title"] and fault["help"] for fault in listed.values())


@pytest.mark.parametrize(
    "body",
    [
        {"name": "earthquake", "side": SIDE},
        {"name": "region-down", "side": "nowhere"},
        {"name": "region-down"},
        {"name": "region-down", "side": SIDE, "options": {"mode": "sometimes"}},
        {"name": "slow", "side": SIDE, "options": {"minutes": 3}},
    ],
    ids=json.dumps,
)
def test_a_fault_that_cannot_be_is_refused_in_words(body, wired):
    answer = wired.control.post("/pairs/ledger/faults", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_two_faults_at_once_and_one_cleared(wired, http):
    wired.inject("region-down")
    wired.inject("clients-cut", mode="hang")
    assert not connects(port(wired.sandbox.rest_url("ledger", SIDE))), "down is down, whatever else is wrong"

    wired.clear("region-down")
    with pytest.raises(httpx.ReadTimeout):
        http.get(wired.url(), timeout=0.3)

    assert wired.control.delete("/pairs/ledger/faults").json() == {"faults": []}
    assert http.get(wired.url()).status_code == 200
