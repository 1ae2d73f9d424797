"""Going through a run as people do at their pages, while other processes do the work."""

from __future__ import annotations

from runbooks.models import Preflight, Run, StepRun
from runbooks.services import decisions, nonces, preflights
from tests.runbooks.driving import Drive, until, who

ENDED = {"succeeded", "failed", "blocked", "partial", "skipped"}
PATIENCE = 90.0


def press(drive: Drive, people, run: Run, key: str, patience: float = PATIENCE, **inputs: str) -> StepRun:
    """Look until the guards of a step are met, confirm it, have another person approve, and wait until it is done."""
    step = drive.step(run, key)
    shown = wait_for_guards(people, step)
    asker = who(people.commander)
    after = decisions.request_step(
        asker, step.pk, fence=step.fence, digest=shown.digest, nonce=nonces.issue(asker, step), phrase=shown.phrase,
        inputs=inputs,
    )  # fmt: skip
    if after.approvals:
        drive.approve(people.commander2, after)
    until(lambda: drive.state(step) in ENDED, f"{key} to end", patience)
    assert drive.state(step) == "succeeded", f"{key} is {drive.state(step)}: {drive.summary(step)}"
    return drive.step(run, key)


def wait_for_guards(people, step: StepRun) -> Preflight:
    def met() -> bool:
        preflights.want(who(people.commander), step.pk)
        step.refresh_from_db()
        shown = Preflight.objects.filter(step=step, fence=step.fence).first()
        return bool(shown and shown.digest) and not refusing(shown)

    try:
        until(met, f"{step.key} to pass its guards", PATIENCE)
    except AssertionError as error:
        shown = Preflight.objects.filter(step=step).first()
        raise AssertionError(f"{error}; {step.state}: {refusing(shown) if shown else 'no preflight'}") from None
    return Preflight.objects.get(step=step)


def refusing(shown: Preflight) -> list[str]:
    rows = [row for row in shown.verdicts if not row["is_met"] and row["level"] != "warning"]
    return [f"{row['code']}: {row['says']}" for row in rows] + [shown.problem] * bool(shown.problem)
