"""What stands already when somebody opens the page: incidents and runs, made as the services make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from config.demo.children import wait_for
from people.models import Account
from runbooks.engine.states import Mode
from runbooks.models import DefinitionVersion, Incident, Preflight, Run, StepRun
from runbooks.services import decisions, incidents, nonces, preflights, runs
from tests.fixtures.processes import PATIENCE
from tests.runbooks.driving import who


def declared(account: Account, pair: str, side: str) -> Incident:
    return incidents.declare(who(account), pair, side, reason="for this page")


def started(
    account: Account,
    version: DefinitionVersion,
    pair: str,
    incident: Incident | None,
    parameters: Mapping[str, object] | None = None,
    mode: Mode = Mode.LIVE,
) -> Run:
    return runs.start_run(who(account), version.pk, pair, mode, parameters or {}, incident.pk if incident else None)


def in_force(slug: str) -> DefinitionVersion:
    return DefinitionVersion.objects.get(definition__slug=slug, state="approved")


def page_of(run: Run) -> str:
    return f"/runs/{run.pk}/"


def step_of(run: Run, key: str) -> StepRun:
    return StepRun.objects.select_related("run__version", "run__incident").get(run=run, key=key)


def until(is_so: Callable[[], object], what: str) -> None:
    assert wait_for(lambda: bool(is_so()), PATIENCE), f"{what} did not come true in {PATIENCE:.0f} s"


def until_state(run: Run, key: str, *states: str) -> StepRun:
    until(lambda: step_of(run, key).state in states, f"{key} of {run} to be {' or '.join(states)}")
    return step_of(run, key)


def confirmed(account: Account, run: Run, key: str, *, is_passable: bool = True, **inputs: str) -> StepRun:
    """With the digest of a preflight that a worker has made, and what it asks for."""
    step = until_state(run, key, "ready")
    asker = who(account)

    def read() -> Preflight | None:
        shown = Preflight.objects.filter(step=step, fence=step.fence).exclude(digest="").first()
        is_fit = shown and all(row["is_met"] or row["level"] == "warning" for row in shown.verdicts)
        return shown if shown and (is_fit or not is_passable) else None

    def watched() -> bool:
        preflights.want(asker, step.pk)  # as the open page of somebody who may confirm does
        return read() is not None

    until(watched, f"a preflight of {key} that can be confirmed")
    shown = read()
    assert shown is not None
    return decisions.request_step(
        asker, step.pk, fence=step.fence, digest=shown.digest, nonce=nonces.issue(asker, step),
        phrase=shown.phrase, inputs={**{row["name"]: "seen" for row in shown.prompts}, **inputs},
    )  # fmt: skip


def approved_by(account: Account, step: StepRun) -> None:
    asker = who(account)
    step = StepRun.objects.get(pk=step.pk)
    attempt = step.armings.get(is_live=True)
    decisions.approve(
        asker, step.pk, fence=step.fence, digest=attempt.digest, nonce=nonces.issue(asker, step), phrase=attempt.phrase
    )
