"""What holds a step beside its kind's own guards: drift before it, an outcome still open, a kind that was changed."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Nature, StepKind
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.states import StepState
from runbooks.models import DriftAcknowledgement, Item, StepRun

OPEN = [state.value for state in (StepState.SENT, StepState.OBSERVING, StepState.UNKNOWN)]
SPLIT_BRAIN = "R10"
DRIFTED, BEGUN_FOR_GOOD = Q(drifted=True), Q(is_irreversible=True, started_at__isnull=False)


def holds(step: StepRun, kind: StepKind, case: Case) -> tuple[Verdict, ...]:
    still_open = _still_open(step, kind, case) if kind.nature is Nature.ACT else ()
    return (*_same_version(step, kind), *_drift(step), *still_open)


def _same_version(step: StepRun, kind: StepKind) -> Iterator[Verdict]:
    """A release that changed what a step does must not change a run that is under way."""
    if kind.version != step.kind_version:
        yield Verdict(
            "KIND", "The step does what it did when the run was started", Level.ABSOLUTE, False,
            saw=f"{step.kind} in version {kind.version}", needs=f"version {step.kind_version}", source="executor",
            says=f"This release does {step.kind} in another way than when this run was started: start a new run.",
            guard="kind-version",
        )  # fmt: skip


def _drift(step: StepRun) -> Iterator[Verdict]:
    """Past the point of no return drift only warns, for there is no way back; two active groups always hold."""
    telling = StepRun.objects.filter(DRIFTED | BEGUN_FOR_GOOD, run=step.run_id, position__lt=step.position)
    earlier = list(telling.order_by("position"))
    is_past = any(other.is_irreversible and other.started_at for other in earlier)
    for other in earlier:
        if not other.drifted or DriftAcknowledgement.objects.filter(step=other, why=other.drift_why).exists():
            continue
        is_split = SPLIT_BRAIN in other.drift_why
        yield Verdict(
            "DRIFT", f"“{other.title}” still holds",
            Level.WARNING if is_past and not is_split else Level.ABSOLUTE, False, saw=other.drift_why,
            needs="put right, or acknowledged by name with a reason", source="drift check",
            says=f"What “{other.title}” brought about no longer holds: {other.drift_why}", guard=f"drift:{other.key}",
        )  # fmt: skip


def _still_open(step: StepRun, kind: StepKind, case: Case) -> Iterator[Verdict]:
    """No second command to a target while the outcome of an earlier one is not known, of this run or another."""
    try:
        targets = kind.targets(case)
    except (MissingFact, LookupError):
        return
    elsewhere = Item.objects.filter(
        name__in=targets, call__isnull=False, attempt__is_live=True, attempt__step__state__in=OPEN,
        attempt__step__run__pair=step.run.pair,
    ).exclude(attempt__step=step)  # fmt: skip
    for item in elsewhere.exclude(state="done").select_related("attempt__step__run").order_by("name")[:5]:
        other = item.attempt.step
        yield Verdict(
            "OPEN", "No other command to these targets is under way", Level.ABSOLUTE, False,
            saw=f"{item.name}: “{other.title}” of {other.run} is {other.state}", needs="its outcome",
            source="executor", guard="open-outcome",
            says=f"The outcome of “{other.title}” ({other.run}) on {item.name} is not known yet; it is being watched."
            + (" That run is over: a commander can stop watching it on its page." if other.run.is_over else ""),
        )  # fmt: skip
