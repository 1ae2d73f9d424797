"""A region of an active-active pair is lost and returns: P1, then P2, and not one mirror command."""

from __future__ import annotations

import subprocess
import sys

import pytest

from audit.models import Event
from tests.fixtures.processes import product_env

pytestmark = pytest.mark.faults
PAIRS = ("orders",)
CLIENTS = {"producers": ["checkout"], "groups": ["settlement", "fulfilment"]}
AWAY = ("confirm-outage", "record-lag", "reroute-producers", "stop-groups", "start-groups")
HOME = (
    *("confirm-recovery", "no-zombies", "drain-at-home", "drain-away"),
    *("stop-groups", "start-groups", "reroute-producers"),
)


@pytest.mark.claims("P1", "P2")
def test_out_and_home_again_without_a_mirror_command(drill, control):
    orders = drill("orders")
    incident = orders.region_down("us-east")
    out = orders.run(
        "unplanned-outage-active-active", {"failed": "us-east", **CLIENTS}, incident, {key: {} for key in AWAY}
    )
    assert out.state == "completed"
    assert {orders.drive.place_of(client) for client in ("checkout", "settlement", "fulfilment")} == {"eu-west"}

    orders.region_up("us-east")
    back = orders.run("return-home-active-active", {"home": "us-east", **CLIENTS}, incident, {key: {} for key in HOME})
    assert back.state == "completed"
    assert {orders.drive.place_of(client) for client in ("checkout", "settlement", "fulfilment")} == {"us-east"}

    orders.close(incident)
    assert control.journal("orders") == []
    sources = Event.objects.filter(kind="step.claimed").values_list("source", flat=True)
    assert {source.partition(":")[0] for source in sources} == {"celery"}
    assert verified()


def verified() -> bool:
    command = [sys.executable, "manage.py", "audit", "verify"]
    said = subprocess.run(command, env=product_env(), capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    return "consistent" in said.stdout
