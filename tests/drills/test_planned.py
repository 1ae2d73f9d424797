"""What is planned while both sides are healthy: switched, and back as a drill, moved for good, and held back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from people.rights import RIGHTS
from runbooks.engine.states import Mode
from runbooks.models import Run
from runbooks.queries.report import report
from runbooks.queries.report_json import report_json
from runbooks.queries.times import MarkLine, recovery_times
from runbooks.queries.viewer import Viewer
from runbooks.services import incidents
from runbooks.services.errors import Invalid
from tests.runbooks.driving import until, who
from tests.runbooks.pressing import press

pytestmark = pytest.mark.domain
PAIRS = ("orders", "ledger")
LEDGER = {
    "topics": ["accounts", "entries", "transfers"],
    "groups": ["balances", "statements"],
    "producers": ["ledger-writer"],
}


def through(drill, people, slug: str, parameters, mode: Mode = Mode.LIVE, said=None) -> Run:
    """Every step, in the order of the definition."""
    run = drill.drive.start(people.commander, slug, parameters, None, mode)
    for key in run.steps.order_by("position").values_list("key", flat=True):
        press(drill.drive, people, run, key, **(said or {}).get(key, {}))
    until(lambda: Run.objects.get(pk=run.pk).is_over, f"{run} to end")
    return Run.objects.get(pk=run.pk)


@pytest.mark.claims("P6b", "P15")
def test_a_planned_switch_goes_over_and_back_without_an_incident(drill, people, control):
    ledger = drill("ledger")
    for side, left, mode in (("eu-south", "eu-north", Mode.LIVE), ("eu-north", "eu-south", Mode.DRILL)):
        before = control.truth("ledger")
        run = through(ledger, people, "planned-switch-active-passive", {"from": left, **LEDGER}, mode)
        assert (run.state, run.mode) == ("completed", mode)
        assert {ledger.drive.place_of(name) for name in ("ledger-writer", "balances", "statements")} == {side}
        its_clock_is_what_happened(run, side, control.truth("ledger")["sides"])
        its_loss_is_what_was_lost(run, side, before, left, control.truth("ledger"))
    sent = [(row["side"], sorted(row["topics"])) for row in ledger.commands("reverse-and-start")]
    assert sent == [("eu-south", LEDGER["topics"]), ("eu-north", LEDGER["topics"])]


def its_clock_is_what_happened(run: Run, to: str, truth) -> None:
    """Every mark of a planned switch, each within its own uncertainty of what the clusters themselves remember."""
    until(lambda: run.marks.filter(name="T8").exists(), "every application to be well again")
    times = recovery_times(run, timezone.now())
    marks = {(mark.name, mark.subject): mark for mark in times.marks}
    groups = LEDGER["groups"]
    assert set(marks) == {("T0", ""), ("T3", ""), ("T4", ""), ("T5", "ledger-writer"), ("T8", "")} | {
        (name, group) for name in ("T6", "T7") for group in groups
    }
    rows = [row for topic in LEDGER["topics"] for row in truth[to]["topics"][topic]["partitions"]]
    newest = max(row["writers"][-1][1] for row in rows if row["writers"][-1][1].startswith(to))
    first = min(row["newest_writer_since"] for row in rows if row["writers"][-1][1] == newest)
    written = marks["T5", "ledger-writer"]
    assert within(written, first), (written, first)
    for group in groups:
        assert times.t0 < marks["T6", group].at <= marks["T7", group].at <= marks["T8", ""].at
    assert {each.application: each.rto for each in times.applications} == {
        name: marks[mark, name].at - times.t0
        for mark, name in (("T5", "ledger-writer"), ("T6", "balances"), ("T6", "statements"))
    }
    assert times.rto == max(each.rto for each in times.applications) == times.effort.total
    assert times.effort.machines + times.effort.people == times.rto


def its_loss_is_what_was_lost(run: Run, to: str, before, left: str, after) -> None:
    """What producers were told is written, less what is there now: the report's figure, in records and in time."""
    written = sum(
        after["targets"][name]["accepted"] - before["targets"][name]["accepted"] for name in before["targets"]
    )
    lost = written - (records(after, to) - records(before, left))
    loss = report_json(report(run, Viewer(run.commander, RIGHTS["viewer"]), timezone.now()))["loss"]
    assert (loss["left_behind"]["records"], loss["left_behind"]["unknown"], loss["left_behind"]["side"]) == (
        lost,
        0,
        to,
    )
    assert (lost, loss["time"]["rpo_s"], loss["time"]["inside_rpo"]) == (0, 0.0, True)
    assert records(before, left) < loss["left_behind"]["held"] <= records(after, to)


def records(truth, side: str) -> int:
    found = [truth["sides"][side]["topics"][name]["partitions"] for name in LEDGER["topics"]]
    return sum(row["end"] for rows in found for row in rows)


def within(mark: MarkLine, at: float) -> bool:
    """To a poll step of the sandbox, in which it moves."""
    return (mark.at - mark.uncertainty).timestamp() - 0.2 <= at <= mark.at.timestamp() + 0.2


@pytest.mark.claims("P8")
def test_a_planned_migration_is_promoted_once(drill, people, control):
    ledger = drill("ledger")
    run = through(ledger, people, "planned-promote-active-passive", {"from": "eu-north", **LEDGER})
    assert run.state == "completed"
    assert [(row["side"], sorted(row["topics"])) for row in ledger.commands("promote")] == [
        ("eu-south", LEDGER["topics"])
    ]
    assert [row["settings"] for row in control.journal("ledger") if row["settings"] and not row["validate_only"]] == [
        {"consumer.offset.sync.enable": "false"}
    ]
    truth = control.truth("ledger")["sides"]["eu-south"]["topics"]
    assert all(truth[name]["writable"] for name in LEDGER["topics"])


@pytest.mark.claims("P11")
@pytest.mark.claims("R39", case=("refuses", "passes"))
def test_an_incident_stays_open_while_mirrors_that_it_paused_are_paused(drill, people):
    orders = drill("orders")
    incident = orders.drive.declare(people.commander, "us-east")
    topics = ["us-east.orders", "us-east.payments"]
    parameters = {"side": "eu-west", "topics": topics}
    run = orders.drive.start(people.commander, "pause-catch-up", parameters, incident)
    press(orders.drive, people, run, "pause")

    def said() -> str:
        with pytest.raises(Invalid) as refused:
            incidents.close(who(people.commander), incident.pk, reason="all is well")
        return str(refused.value)

    until(lambda: "Mirror us-east.orders on eu-west, paused by this incident, is still paused." in said(), "R39")
    press(orders.drive, people, run, "wait", observed="the owners of orders, from now on")
    press(orders.drive, people, run, "resume")
    press(orders.drive, people, run, "catch-up")
    until(lambda: Run.objects.get(pk=run.pk).is_over, f"{run} to end")
    until(lambda: not incidents.held_open_by(incident, latest("orders")), "nothing to hold it open")
    orders.close(incident)


def latest(pair: str):
    from dashboard import history

    return history.latest(pair)
