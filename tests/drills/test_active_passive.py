"""The home of an active-passive pair is lost: P7, then P4. One command of each for every topic, and R36 in between."""

from __future__ import annotations

import pytest

from runbooks.models import Preflight
from runbooks.services import preflights, runs
from tests.runbooks.driving import until, who
from tests.runbooks.pressing import press, refusing, wait_for_guards

pytestmark = pytest.mark.domain
PAIRS = ("ledger",)
TOPICS = ["accounts", "entries", "transfers"]
CLIENTS = {"producers": ["ledger-writer"], "groups": ["balances", "statements"]}
SAID = {"statement": "worthless: the same entries were booked again on the other side"}
P7 = {
    "confirm-outage": {},
    "save-cut": {},
    "accept-loss": {"statement": "we go on without them"},
    "failover": {},
    "check-offsets": {},
    "scan-transactions": {},
    "stop-groups": {},
    "start-groups": {},
    "reroute-producers": {},
    "fence-old-home": {"observed": "deny-all ACL in place"},
}

P10 = {
    "confirm-recovery": {},
    "export": {},
    "decide": {"decision-entries": "replay: no booking may be missing"},
    "replay": {"attested_by": "the owner of balances", "attested_reason": "it knows bookings by their number"},
}


@pytest.mark.claims("P7", "P4", "P10")
@pytest.mark.claims("R36", case="refuses")
def test_over_and_back_with_one_command_of_each_for_every_topic(drill, people, control):
    ledger = drill("ledger")
    control.fault("ledger", "link-down", "")
    rows = {"side": "eu-north", "topic": "entries", "partition": 1, "count": 20}
    control.ask("POST", "/pairs/ledger/records", rows)
    incident = ledger.region_down("eu-north")
    control.heal("ledger", "link-down", "")
    over = ledger.run("failover-active-passive", {"failed": "eu-north", "topics": TOPICS, **CLIENTS}, incident, P7)
    assert over.state == "completed"

    ledger.region_up("eu-north")
    never = {"lost": "eu-north", "topics": ["entries"]}
    assert ledger.run("recover-unreplicated", never, incident, P10).state == "completed"
    told = [record for row in ledger.commands("produce") for record in row["records"]]
    assert len(told) == len(set(told)) >= 20
    parameters = {"home": "eu-north", "topics": TOPICS, **CLIENTS}
    stopped_by_one_record(ledger, people, control, parameters, incident)
    back = ledger.drive.start(people.commander, "restore-active-passive", parameters, incident)
    for key in keys_of(back):
        press(ledger.drive, people, back, key, **(SAID if key == "settle-tail" else {}))

    back.refresh_from_db()
    assert back.state.startswith("completed")
    for action, side in (
        ("failover", "eu-south"),
        ("truncate-and-restore", "eu-north"),
        ("reverse-and-start", "eu-north"),
    ):
        sent = ledger.commands(action)
        assert sorted(topic for row in sent for topic in row["topics"]) == TOPICS, action
        assert {row["side"] for row in sent} == {side}
    ledger.close(incident)


def keys_of(run) -> list[str]:
    return list(run.steps.order_by("position").values_list("key", flat=True))


def stopped_by_one_record(ledger, people, control, parameters, incident) -> None:
    """Somebody writes to the old home after its tail was settled: R36 refuses the restore, and that run is over."""
    run = ledger.drive.start(people.commander, "restore-active-passive", parameters, incident)
    keys = keys_of(run)
    for key in keys[: keys.index("restore")]:
        press(ledger.drive, people, run, key, **(SAID if key == "settle-tail" else {}))
    step = ledger.drive.step(run, "restore")
    wait_for_guards(people, step)
    record = {"side": "eu-north", "topic": "accounts", "partition": 0, "count": 1}
    control.ask("POST", "/pairs/ledger/records", record)

    def refused() -> bool:
        preflights.want(who(people.commander), step.pk)
        return any("R36" in said for said in refusing(Preflight.objects.get(step=step)))

    until(refused, "R36 to refuse", 60)
    assert ledger.commands("truncate-and-restore") == []
    runs.abort(who(people.commander), run.pk, reason="somebody wrote on the old home")
