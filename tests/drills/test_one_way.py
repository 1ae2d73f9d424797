"""An active-passive pair whose link leads one way (T3): failed over as any other, and no link brings it home."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clusters.sandbox.scenario import LEDGER
from clusters.sandbox.server import Sandbox
from runbooks.models import Preflight
from runbooks.services import preflights
from tests.drills.test_active_passive import CLIENTS, P7, TOPICS
from tests.fixtures.sandbox import SCALE
from tests.runbooks.driving import until, who
from tests.runbooks.pressing import refusing

pytestmark = pytest.mark.domain
NO_WAY_BACK = (
    "R02: Reverse/restore needs a bidirectional link, and eu-north has no half of ledger-link. Use delete-and-remirror."
)


@pytest.fixture(scope="module")
def sandbox_server(tmp_path_factory):
    one_way = replace(LEDGER, is_one_way=True)
    with Sandbox(directory=tmp_path_factory.mktemp("sandbox"), scale=SCALE, scenarios=(one_way,)) as running:
        yield running


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
    until(lambda: NO_WAY_BACK in told(people, first), "the restore to be refused")


def test_a_planned_switch_is_refused_before_the_producers_are_stopped(drill, people):
    ledger = drill("ledger")
    parameters = {"from": "eu-north", "topics": TOPICS, **CLIENTS}
    run = ledger.drive.start(people.commander, "planned-switch-active-passive", parameters, None)
    first = ledger.drive.step(run, "stop-producers")
    until(lambda: NO_WAY_BACK in told(people, first), "the switch to be refused")
