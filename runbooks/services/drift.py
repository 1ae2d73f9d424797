"""Whether what a step brought about still holds, judged on readings that are there already: no extra call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet

from audit.ledger import Actor, ledger
from dashboard import history
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import steps
from runbooks.engine.states import RUN_OVER, StepState
from runbooks.engine.steps.kind import Kind
from runbooks.models import Run, StepRun
from runbooks.services.checks import record
from runbooks.services.facts import case_of
from runbooks.services.script import kind_of


class Watch:
    """Sweeps again and again; a run is judged anew where its pair was read since the last.

    That a step moved in between tells nothing: only a reading from after it says what became of it.
    """

    def __init__(self) -> None:
        self._judged: dict[int, object] = {}  # run → what it was judged on

    def sweep(self, by: str) -> None:
        runs = list(_under_way())
        read = history.readings({run.pair for run in runs}) if runs else {}
        judged: dict[int, object] = {}
        for run in runs:
            judged[run.pk] = read.get(run.pair)
            if judged[run.pk] != self._judged.get(run.pk):
                _judge(run, by)
        self._judged = judged


def sweep(by: str) -> None:
    """All of them, once."""
    for run in _under_way():
        _judge(run, by)


def _under_way() -> QuerySet[Run]:
    """With a step done that has something to lose: a big pair's reading is not decoded for nothing."""
    watched = [kind for kind in steps if _is_watched(kind)]
    done = StepRun.objects.filter(state=StepState.SUCCEEDED.value, kind__in=watched).values("run")
    running = Run.objects.exclude(state__in=RUN_OVER).exclude(mode="rehearsal").filter(pk__in=done)
    return running.select_related("version", "incident")


def _judge(run: Run, by: str) -> None:
    if (facts := history.latest(run.pair)) is not None:
        note(run, case_of(run, facts, facts), by)


def note(run: Run, case: Case, by: str) -> None:
    """Write down what has begun to drift, or holds again."""
    # A reading from before a step was done shows what the step has changed since, and would be taken for drift.
    oldest = min(side.read_at for side in case.facts.sides.values())
    done = StepRun.objects.filter(run=run, state=StepState.SUCCEEDED.value, moved_at__lt=oldest)
    now = {step: _why(step, case) for step in _of(run, done.order_by("position"))}
    changed = {step: why for step, why in now.items() if why != step.drift_why}
    if not changed:
        return
    with ledger(Actor.product(by)) as book:
        for step, why in changed.items():
            StepRun.objects.filter(pk=step.pk).update(drifted=bool(why), drift_why=why)
            record(book, step, "step.drifted" if why else "step.restored", facts={"why": why or step.drift_why})


def _of(run: Run, found: Iterable[StepRun]) -> Iterator[StepRun]:
    """Those with something to lose, or that were said to have lost it."""
    for step in found:
        if step.drift_why or _is_watched(step.kind):
            step.run = run
            yield step


def _is_watched(kind: str) -> bool:
    return kind in steps and steps.get(kind).holds is not Kind.holds


def _why(step: StepRun, case: Case) -> str:
    """What cannot be judged has not drifted: the step's own guards refuse on unknown facts where they matter."""
    try:
        return kind_of(step).holds(case) or ""
    except (MissingFact, LookupError):
        return step.drift_why
