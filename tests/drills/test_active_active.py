"""A region of an active-active pair is lost and returns: P1, then P2, and not one mirror command; or P3, then P5."""

from __future__ import annotations

import subprocess
import sys

import pytest

from audit.models import Event
from runbooks.services import incidents
from tests.fixtures.processes import product_env
from tests.runbooks.driving import who

pytestmark = pytest.mark.domain
PAIRS = ("orders",)
CLIENTS = {"producers": ["checkout"], "groups": ["settlement", "fulfilment"]}
AWAY = ("confirm-outage", "record-lag", "reroute-producers", "stop-groups", "start-groups")
HOME = (
    *("confirm-recovery", "no-zombies", "drain-at-home", "drain-away", "reconcile"),
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


LOST = {
    "save-cut": {},
    "accept-loss": {"statement": "both regions cannot be served"},
    "failover": {},
    "check-offsets": {},
}
REBUILT = {
    **{"confirm-recovery": {}, "stop-groups": {}, "quiet": {}, "copy-writes": {"observed": "40 copied, 40 counted"}},
    **{"settle-writes": {"statement": "copied: 40 of 40, counted by the owners of orders"}, "save-offsets": {}},
    **{"delete": {}, "create": {}, "catch-up": {}, "place-groups": {}, "start-groups": {}},
}


@pytest.mark.claims("P3", "P5")
def test_given_up_and_mirrored_anew(drill, people, control):
    """P3, and then P5: the region returns after all. One command of each for every topic and group."""
    orders, mirrors = drill("orders"), ["us-east.orders", "us-east.payments"]
    groups = ["settlement", "fulfilment", "reporting"]
    incident = orders.region_down("us-east")
    orders.run("unplanned-outage-active-active", {"failed": "us-east", **CLIENTS}, incident, {key: {} for key in AWAY})
    incidents.will_not_return(who(people.commander), incident.pk, reason="the hall burnt down")
    lost = {"failed": "us-east", "topics": mirrors, "groups": groups}
    assert orders.run("extended-loss-active-active", lost, incident, LOST).state == "completed"
    record = {"side": "eu-west", "topic": mirrors[0], "partition": 0, "count": 40}
    control.ask("POST", "/pairs/orders/records", record)

    orders.region_up("us-east")
    rebuild = {"home": "us-east", "topics": mirrors, "groups": groups}
    assert orders.run("rebuild-mirrors-active-active", rebuild, incident, REBUILT).state == "completed"
    sent = [(row["action"], name) for row in control.journal("orders") for name in row["topics"] or row["groups"]]
    assert [row for row in sent if row[0] != "failover"] == [
        *(("delete-topic", name) for name in mirrors),
        *(("create-mirror", name) for name in mirrors),
        *(("set-offsets", name) for name in sorted(groups)),
    ]
    assert {control.truth("orders")["sides"]["eu-west"]["topics"][name]["mirror_status"] for name in mirrors} == {
        "ACTIVE"
    }


def verified() -> bool:
    command = [sys.executable, "manage.py", "audit", "verify"]
    said = subprocess.run(command, env=product_env(), capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    return "consistent" in said.stdout
