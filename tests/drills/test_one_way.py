"""An active-passive pair whose link leads one way (T3): failed over as any other, and no link brings it home."""

from __future__ import annotations

import pytest

from runbooks.models import Preflight
from runbooks.services import preflights
from tests.drills.test_active_passive import CLIENTS, P7, TOPICS
from tests.runbooks.driving import until, who
from tests.runbooks.engine.test_one_way import NO_WAY_BACK, sandbox_server
from tests.runbooks.pressing import refusing

__all__ = ["sandbox_server"]

pytestmark = pytest.mark.domain
REFUSED = f"R02: {NO_WAY_BACK}"


def told(people, step) -> list[str]:
    """What the first look at the step refuses."""
    preflights.want(who(people.commander), step.pk)
    looked = Preflight.objects.filter(step=step, at__isnull=False).first()
    return refusing(looked) if looked else []


def test_it_is_failed_over_and_the_restore_is_refused_before_anything_is_done_for_it(drill, people, control):
    ledger = drill("ledger")
    incident = ledger.region_down("eu-north")
    over = ledger.run("failover-active-passive", {"failed": "eu-north", "topics": TOPICS, **CLIENTS}, incident, P7)
    assert over.state == "completed"
    assert [row["side"] for row in ledger.commands("failover")] == ["eu-south"]

    ledger.region_up("eu-north")
    parameters = {"home": "eu-north", "topics": TOPICS, **CLIENTS}
    back = ledger.drive.start(people.commander, "restore-active-passive", parameters, incident)
    first = ledger.drive.step(back, "confirm-recovery")
    until(lambda: REFUSED in told(people, first), "the restore to be refused")


def test_a_planned_switch_is_refused_before_the_producers_are_stopped(drill, people):
    ledger = drill("ledger")
    parameters = {"from": "eu-north", "topics": TOPICS, **CLIENTS}
    run = ledger.drive.start(people.commander, "planned-switch-active-passive", parameters, None)
    first = ledger.drive.step(run, "stop-producers")
    until(lambda: REFUSED in told(people, first), "the switch to be refused")
