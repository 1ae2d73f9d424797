"""The five steps of a regional outage, with the services and the slices themselves."""

from __future__ import annotations

from audit.models import Event
from tests.runbooks.driving import P1, P1_PARAMETERS


def test_p1_runs_to_its_end_and_sends_no_mirror_command(orders, shipped, outage, people, control):
    run = orders.start(people.commander, P1, P1_PARAMETERS, outage)
    for key in ("confirm-outage", "record-lag", "reroute-producers", "stop-groups", "start-groups"):
        orders.go(people.commander, people.commander2, run, key)

    run.refresh_from_db()
    assert run.state == "completed"
    assert control.journal("orders") == []
    assert Event.objects.filter(kind="step.succeeded").count() == 5
