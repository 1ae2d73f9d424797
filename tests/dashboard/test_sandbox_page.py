"""The controls of simulated pairs: for those alone, for who may, and in the record."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from tests.dashboard.conftest import put_in_force

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def commander(people, in_force):
    client = Client()
    client.force_login(people.commander)
    return client


def page(client: Client, pair: str = "orders") -> str:
    answer = client.get(f"{reverse('dashboard:sandbox')}?pair={pair}")
    assert answer.status_code == 200
    return answer.content.decode()


def switch(client: Client, act: str, fault: str = "region-down", side: str = "us-east", **options):
    return client.post(reverse(f"dashboard:fault-{act}", args=["orders", fault]), {"side": side, **options})


def test_every_fault_of_the_sandbox_is_listed_with_its_help(commander, control):
    shown = page(commander)
    for fault in control.ask("GET", "/faults")["faults"]:
        assert fault["title"] in shown
        assert fault["name"] in shown


def test_a_fault_is_started_and_stopped(commander, control):
    switch(commander, "start", mode="hang")
    (on,) = control.truth("orders")["faults"]
    assert (on["name"], on["side"], on["options"]["mode"]) == ("region-down", "us-east", "hang")
    assert "Stop on us-east" in page(commander)
    switch(commander, "stop")
    assert control.truth("orders")["faults"] == []


def test_numbers_and_choices_reach_the_sandbox_as_what_they_are(commander, control):
    switch(commander, "start", "slow", seconds="1.5")
    switch(commander, "start", "accepted-then-dropped", applied="False", action="failover", times="1")
    options = {each["name"]: each["options"] for each in control.truth("orders")["faults"]}
    assert options["slow"]["seconds"] == 1.5
    assert options["accepted-then-dropped"] == {"applied": False, "action": "failover", "times": 1}


@pytest.mark.parametrize("options", [{"seconds": "soon"}, {"seconds": ""}])
def test_what_cannot_be_meant_switches_nothing(commander, control, options):
    switch(commander, "start", "slow", **options)
    assert control.truth("orders")["faults"] == []
    assert "Nothing was switched." in page(commander)


def test_switching_is_in_the_record(commander):
    switch(commander, "start")
    body = json.loads(bytes(Event.objects.get(kind="fault.started").body))
    assert body["facts"] == {"pair": "orders", "fault": "region-down", "side": "us-east"}
    assert body["actor"]["source"] == "web"


def test_reset_puts_the_pair_back(commander, control):
    switch(commander, "start")
    commander.post(reverse("dashboard:sandbox-reset", args=["orders"]))
    assert control.truth("orders")["faults"] == []
    assert Event.objects.filter(kind="sandbox.reset").exists()


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_others_look_and_do_not_switch(people, in_force, control, role):
    client = Client()
    client.force_login(getattr(people, role))
    shown = page(client)
    assert "Region down" in shown
    assert 'action="/sandbox/' not in shown
    assert switch(client, "start").status_code == 403
    assert control.truth("orders")["faults"] == []
    assert not Event.objects.filter(kind="fault.started").exists()


def test_a_real_pair_has_no_controls(commander, sandbox, control):
    lines = sandbox.inventory_text().splitlines()
    first = next(number for number, line in enumerate(lines) if "sandbox:" in line)
    put_in_force("\n".join(line for number, line in enumerate(lines) if number != first))
    assert commander.get(f"{reverse('dashboard:sandbox')}?pair=orders").status_code == 404
    assert switch(commander, "start").status_code == 404
    assert control.truth("orders")["faults"] == []


def test_truth_stands_beside_what_is_believed(commander, look, control):
    def row():
        shown = commander.get(f"{reverse('dashboard:sandbox')}?pair=orders").context["page"]
        return next(each for each in shown.compared if each.what == "us-east")

    look("orders", "us-east", "eu-west")
    control.fault("orders", "region-down", "us-east")
    assert (row().truth, row().believed, row().differs) == ("down", "up", True)
    look("orders", "us-east")
    assert (row().truth, row().believed, row().differs) == ("down", "down", False)


def test_the_journal_is_shown_newest_first(commander, control):
    argv = ["kafka-mirrors", "--pause", "--topics", "us-east.orders", "--link", "orders-link", "--dry-run"]
    control.ask("POST", "/pairs/orders/kafka-mirrors", {"side": "eu-west", "argv": argv})
    shown = page(commander)
    assert "pause" in shown
    assert "dry run" in shown


def test_a_sandbox_that_is_gone_is_said(commander, sandbox):
    text = sandbox.inventory_text().replace(sandbox.control_url, "http://127.0.0.1:9")
    put_in_force(text)
    assert "The sandbox does not answer." in page(commander)
