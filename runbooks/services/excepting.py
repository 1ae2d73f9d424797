"""The cluster's own dry run, made for a judgement where a verified exception could let a step pass.

It is asked last: while any other absolute guard refuses, no request of the step is made, the dry run included.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from clusters import clock
from clusters.errors import ClusterError
from dashboard import inventory
from runbooks.engine.context import Case
from runbooks.engine.exception import DryRun
from runbooks.engine.guards.prefix import NoPrefix, exception_in_force
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.judge import judge, refusals
from runbooks.engine.kinds import Guard, StepKind
from runbooks.engine.outcome import Level
from runbooks.models import StepRun
from runbooks.services import facts


def excepted(step: StepRun, kind: StepKind, case: Case, added: Iterable[Guard]) -> Case:
    """The case with the dry run that an exception in force rests on; as it was where there is none."""
    if not any(isinstance(guard, NoPrefix) for guard in kind.guards) or exception_in_force(kind, case) is None:
        return case
    return replace(case, dry_run=_dry_run(step, kind, case, tuple(added)))


def _dry_run(step: StepRun, kind: StepKind, case: Case, added: tuple[Guard, ...]) -> DryRun:
    agreed = replace(case, dry_run=DryRun(True, "supposed", case.now))
    first = next((one for one in refusals(judge(kind, agreed, added)) if one.level is Level.ABSOLUTE), None)
    if first is not None:
        return DryRun(None, f"it was not made, as {first.code} refuses", case.now)
    if inventory.digest_in_force() != step.run.inventory_digest:
        return DryRun(None, "it was not made, as the inventory has changed", case.now)
    try:
        shown = kind.preview(facts.context(step, case, kind.targets(case)))
    except (ClusterError, MissingFact, LookupError) as error:
        return DryRun(None, str(error), clock.now())
    if shown.is_guided:
        return DryRun(None, "this cluster's REST does not serve it", clock.now())
    if shown.is_unanswered:
        return DryRun(None, "; ".join(shown.problems.values()), clock.now())
    said = "; ".join(f"{name}: {problem}" for name, problem in shown.problems.items())
    return DryRun(not shown.problems, said or "no topic was refused", clock.now())
