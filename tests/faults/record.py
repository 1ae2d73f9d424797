"""Whether the record says of a run what its rows say: every move told, in an unbroken line, and every intent."""

from __future__ import annotations

from audit import body
from audit.models import Event
from audit.verify import verify
from runbooks.models import Call, Run, StepRun

INTENTS = ("step.sent", "step.batch-sent")


def mismatches(run: Run) -> list[str]:
    wrong = []
    for step in StepRun.objects.filter(run=run):
        events = [body.read(bytes(row.body)) for row in Event.objects.filter(step=step.pk).order_by("seq")]
        moves = [said for said in events if said["before"] or said["after"]]
        wrong += _line(step, [(said["before"], said["after"]) for said in moves])
        told = sum(said["kind"] in INTENTS for said in events)
        if told != (sent := Call.objects.filter(attempt__step=step).count()):
            wrong.append(f"{step} has {sent} calls, and the record tells of {told}")
    return wrong


def _line(step: StepRun, moves: list[tuple[str, str]]) -> list[str]:
    stood, wrong = "locked", []
    for before, after in moves:
        if before != stood:
            wrong.append(f"{step} stood at {stood}, and the record goes on from {before}")
        stood = after
    return wrong if stood == step.state else [*wrong, f"{step} is {step.state}, and the record ends with {stood}"]


def finding() -> str:
    """What verifying the whole record finds wrong; empty where it is consistent."""
    found = verify().finding
    return str(found) if found else ""
