"""Moving clients: through the client control of the sandbox, by hand, and against servers that misbehave."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from clusters.declared import DriverEntry, PairEntry
from clusters.errors import Configuration, Malformed, NoAnswer, NotSent, NotServed, Rejected, Unauthorised
from clusters.gateway import ClientState
from clusters.routing.endpoints import Endpoints
from clusters.routing.manual import Manual
from clusters.routing.webhook import Webhook, WebhookSettings
from clusters.secrets import SecretReference
from tests.clusters.servers import answering, closed_port, misbehaving
from tests.clusters.wire import soon

RUN = {"run": "run-7", "key": "attempt-1"}


@pytest.fixture
def orders(inventory) -> PairEntry:
    return inventory.pairs["orders"]


@pytest.fixture
def webhook(orders):
    found = Webhook(next(entry for entry in orders.drivers if entry.kind == "webhook"))
    yield found
    found.close()


def at(control, target: str) -> dict:
    return control.ask("GET", f"/pairs/orders/targets/{target}")


def test_a_move_is_planned_applied_verified_and_sent_back(webhook, control):
    plan = webhook.plan("checkout", to="eu-west", deadline=soon())
    assert plan.request == {"side": "eu-west", "desired": 2, "if_version": at(control, "checkout")["version"]}
    assert plan.before.side == "us-east"
    assert "now: on us-east" in plan.said
    answer = webhook.apply(plan, **RUN, deadline=soon())
    assert answer.accepted
    state = webhook.verify("checkout", deadline=soon())
    assert (state.side, state.desired, state.version) == ("eu-west", 2, answer.version)
    webhook.apply(webhook.plan("checkout", to="us-east", deadline=soon()), run="run-7", key="back", deadline=soon())
    assert at(control, "checkout")["side"] == "us-east"


def test_stopping_leaves_no_instance_and_the_next_plan_starts_at_least_one(webhook, control):
    webhook.apply(webhook.plan("settlement", to=None, deadline=soon()), **RUN, deadline=soon())
    assert (at(control, "settlement")["side"], at(control, "settlement")["desired"]) == (None, 0)
    plan = webhook.plan("settlement", to="eu-west", deadline=soon())
    assert plan.request["desired"] == 1


def test_looking_and_planning_change_nothing(webhook, control):
    before = at(control, "checkout")["version"]
    webhook.plan("checkout", to="eu-west", deadline=soon())
    webhook.verify("checkout", deadline=soon())
    assert at(control, "checkout")["version"] == before


def test_somebody_elses_change_is_not_overwritten(webhook, control):
    mine = webhook.plan("checkout", to="eu-west", deadline=soon())
    webhook.apply(webhook.plan("checkout", to=None, deadline=soon()), run="other", key="k", deadline=soon())
    with pytest.raises(Rejected, match="somebody changed it"):
        webhook.apply(mine, **RUN, deadline=soon())
    assert at(control, "checkout")["side"] is None


def test_the_same_key_twice_is_applied_once(webhook, control):
    plan = webhook.plan("checkout", to="eu-west", deadline=soon())
    first = webhook.apply(plan, **RUN, deadline=soon())
    again = webhook.apply(plan, **RUN, deadline=soon())
    assert first.version == again.version == str(at(control, "checkout")["version"])


def test_a_wrong_secret_is_refused_and_changes_nothing(orders, control, monkeypatch):
    monkeypatch.setenv("WRONG", "not-the-secret")
    entry = next(each for each in orders.drivers if each.kind == "webhook")
    wrong = Webhook(replace(entry, settings=replace(entry.settings, secret=SecretReference("env:WRONG"))))
    with pytest.raises(Unauthorised):
        wrong.apply(wrong.plan("checkout", to="eu-west", deadline=soon()), **RUN, deadline=soon())
    assert at(control, "checkout")["side"] == "us-east"


def test_a_target_nobody_knows_is_said(webhook):
    with pytest.raises(NotServed):
        webhook.verify("../../pairs", deadline=soon())


STATE = {"target": "t", "side": "east", "desired": 2, "ready": 2, "terminating": 0, "version": 7}


def scripted(url: str, monkeypatch) -> Webhook:
    monkeypatch.setenv("HOOK", "s3cret")
    return Webhook(DriverEntry("control", "webhook", "", WebhookSettings(url, SecretReference("env:HOOK"))))


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (answering("{}", "500 Internal Server Error"), NoAnswer),
        (answering("", "302 Found", Location="http://127.0.0.1:1/"), NoAnswer),
        (answering("{}", "429 Too Many Requests"), NoAnswer),
        (answering('{"error":"no"}', "400 Bad Request"), Rejected),
        (answering("<html>", kind="text/html"), Malformed),
        (answering(json.dumps({**STATE, "target": "other"})), Malformed),
        (answering(json.dumps({**STATE, "ready": None})), Malformed),
        (answering(json.dumps({**STATE, "desired": -1})), Malformed),
        (answering(json.dumps({**STATE, "desired": True})), Malformed),
        (answering(json.dumps({**STATE, "side": 3})), Malformed),
        (answering("[]"), Malformed),
        (lambda connection, request: connection.close(), NoAnswer),
    ],
)
def test_outcomes_are_classified_by_what_they_prove(behaviour, error, monkeypatch):
    with misbehaving(behaviour) as server:
        hook = scripted(server.url, monkeypatch)
        plan = Manual(DriverEntry("m", "manual", "")).plan("t", to="west", deadline=soon())
        plan = replace(plan, request={"side": "west", "desired": 2, "if_version": 7})
        with pytest.raises(error) as raised:
            hook.apply(plan, **RUN, deadline=soon(2))
        assert type(raised.value) is error
        assert len(server.requests) == 1
        assert b"s3cret" not in server.requests[0]
        assert "s3cret" not in str(raised.value)


def taken(location: str, monkeypatch):
    """The answer of a client control that does the work later."""
    with misbehaving(lambda connection, request: None) as server:
        base = f"{server.url}/targets"
        server._behaviour = answering('{"queued": true}', "202 Accepted", Location=location.replace("BASE", base))
        hook = scripted(base, monkeypatch)
        plan = Manual(DriverEntry("m", "manual", "")).plan("t", to="west", deadline=soon())
        plan = replace(plan, request={"side": "west", "desired": 2, "if_version": 7})
        return hook.apply(plan, **RUN, deadline=soon(2))


@pytest.mark.parametrize("location", ["/orders/17", "BASE/orders/17"])
def test_an_order_taken_for_later_is_followed_below_the_same_address(location, monkeypatch):
    answer = taken(location, monkeypatch)
    assert (answer.accepted, answer.follow) == (True, "/orders/17")
    assert answer.said.startswith("taken, not carried out yet")


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:1/orders/17", "/../admin", "//other/17", "/a?b=c", "/a/./b", ""]
)
def test_a_status_address_that_leads_elsewhere_is_never_asked(location, monkeypatch):
    answer = taken(location, monkeypatch)
    assert (answer.accepted, answer.follow) == (True, "")


@pytest.mark.parametrize(
    ("body", "has_given_up"),
    [({"state": "working"}, False), ({"state": "done", "said": "2 pods"}, False), ({"state": "failed"}, True)],
)
def test_how_an_order_gets_on_is_told(body, has_given_up, monkeypatch):
    with misbehaving(answering(json.dumps(body))) as server:
        progress = scripted(server.url, monkeypatch).progress("/orders/17", deadline=soon(2))
        assert progress.has_given_up is has_given_up
        assert server.requests[0].startswith(b"GET /orders/17 ")


@pytest.mark.parametrize("body", ["{}", "[]", '{"state": "splendid"}', "no"])
def test_a_status_that_cannot_be_read_is_no_status(body, monkeypatch):
    with misbehaving(answering(body)) as server, pytest.raises(Malformed):
        scripted(server.url, monkeypatch).progress("/orders/17", deadline=soon(2))


def test_a_closed_port_proves_that_nothing_was_sent(monkeypatch):
    hook = scripted(f"http://127.0.0.1:{closed_port()}", monkeypatch)
    with pytest.raises(NotSent):
        hook.verify("t", deadline=soon(2))


def test_stopped_means_nothing_is_left_running():
    stopped = ClientState("t", None, 0, 0, 0, "7")
    assert stopped.is_stopped
    for changes in ({"terminating": 1}, {"ready": 1}, {"desired": 1}, {"desired": None}, {"terminating": None}):
        assert not replace(stopped, **changes).is_stopped


def test_a_driver_that_sees_no_instances_proves_where_clients_are_sent_and_no_more():
    sent = ClientState("t", "west", None, None, None, "7", sees_instances=False)
    assert sent.is_at("west")
    assert sent.is_away_from("east")
    assert not sent.is_at("east")
    assert not sent.is_away_from("west")
    assert not replace(sent, unseen="dc-east").is_away_from("east")
    nowhere = replace(sent, side=None, desired=0)
    assert nowhere.is_sent_nowhere
    assert nowhere.is_away_from("east")
    assert not nowhere.is_stopped
    for changes in ({"desired": None}, {"unseen": "dc-east"}, {"sees_instances": True}):
        assert not replace(nowhere, **changes).is_sent_nowhere


def test_where_nothing_is_ready_or_something_is_ending_nobody_has_arrived():
    running = ClientState("t", "west", 2, 2, 0, "7")
    assert running.is_at("west")
    for changes in ({"ready": 0}, {"ready": None}, {"terminating": 1}, {"side": None}):
        assert not replace(running, **changes).is_at("west")


def test_by_hand_gives_instructions_and_believes_nothing():
    manual = Manual(DriverEntry("by-hand", "manual", "people"))
    plan = manual.plan("checkout", to="eu-west", deadline=soon())
    assert plan.by_hand.startswith("Start checkout on eu-west and nowhere else.")
    assert manual.plan("checkout", to=None, deadline=soon()).by_hand.startswith("Stop checkout everywhere.")
    assert manual.apply(plan, **RUN, deadline=soon()).accepted
    state = manual.verify("checkout", deadline=soon())
    assert (state.side, state.desired, state.is_stopped) == (None, None, False)
    assert manual.is_manual


def test_an_endpoint_is_read_where_the_inventory_says(control, orders):
    endpoints = Endpoints(orders.endpoints)
    answer = endpoints.get("status", "", deadline=soon())
    assert answer.status == 200
    assert "sides" in answer.text
    endpoints.close()


@pytest.mark.parametrize("path", ["/../admin", "..", "/a/../../b", "/a/./b"])
def test_a_path_cannot_climb_out_of_its_endpoint(path):
    with misbehaving(answering("{}")) as server:
        with pytest.raises(Configuration, match="climbs"):
            Endpoints({"status": f"{server.url}/health"}).get("status", path, deadline=soon())
        assert server.requests == []


@pytest.mark.parametrize("path", ["@evil.example/", "//evil.example/", "http://evil.example/", ":99/"])
def test_a_path_cannot_lead_to_another_host(path):
    with misbehaving(answering("here")) as server:
        answer = Endpoints({"status": server.url}).get("status", path, deadline=soon())
        assert answer.text == "here"
        assert len(server.requests) == 1


def test_an_endpoint_that_is_not_named_is_said_and_a_redirect_is_only_an_answer():
    with misbehaving(answering("", "302 Found", Location="http://127.0.0.1:1/")) as server:
        endpoints = Endpoints({"status": server.url})
        assert endpoints.get("status", "/x?y=1", deadline=soon()).status == 302
        assert server.requests[0].startswith(b"GET /x?y=1 ")
        with pytest.raises(Configuration, match="known: status"):
            endpoints.get("other", "", deadline=soon())
