"""A rehearsed step: judged on today's facts, nothing ever sent, and the run goes on whatever came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit.clock import database_now
from audit.ledger import Actor, ledger
from clusters.errors import ClusterError
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Nature, StepKind
from runbooks.engine.outcome import Verdict
from runbooks.engine.states import Event
from runbooks.models import Preflight, StepRun
from runbooks.services import evidence, facts
from runbooks.services.boundaries import settle
from runbooks.services.examination import Examination, examine
from runbooks.services.moves import move
from runbooks.services.plain import plain
from runbooks.services.preflights import stored_form

# What no step of a runbook changes: the platform, the link's settings, the names in the definition.
LASTING = frozenset(
    {
        "bidirectional_version", "edition_allows", "link_bidirectional", "link_sides_match", "may_change",
        "no_acl_sync_with_prefix", "no_auto_create_with_prefix", "no_combined_nodes", "no_group_prefix",
        "no_command_needed", "no_prefix", "no_tiered_restore", "no_zookeeper", "not_open_source",
        "restore_version", "topics_named",
    }
)  # fmt: skip
ALLOWED, REFUSED, UNJUDGED = "allowed", "refused", "unjudged"


def rehearse(step: StepRun, kind: StepKind, by: str) -> None:
    """Records whether it would be allowed, would be refused, or cannot be judged before an earlier step."""
    case = facts.read(step, kind)
    found = examine(step, kind, case, 1)
    shown = stored_form(step, found, None)
    verdict, summary = _said(step, found)
    seen = _looked(step, kind, found) if verdict == ALLOWED and kind.nature is Nature.CHECK else None
    if seen is not None:
        summary = f"{summary} Today: {seen[0]}"
    with ledger(Actor.product(by)) as book:
        now = database_now()
        Preflight.objects.update_or_create(step=step, defaults={**shown, "at": now})
        if seen is not None and seen[1]:
            evidence.keep(book, step.kind, seen[1], now, step=step)
        end: dict[str, Any] = {"rehearsed": verdict, "ended_at": now, "started_at": now, "summary": summary}
        guards = plain(list(found.verdicts))
        if verdict == ALLOWED:
            move(book, step, Event.STARTED, guards=guards)
            move(book, step, Event.SUCCEEDED, **end)
        else:
            move(book, step, Event.REFUSED, guards=guards)
            move(book, step, Event.SKIPPED, **end)
        settle(book, step.run)


def _said(step: StepRun, found: Examination) -> tuple[str, str]:
    if not found.refusals:
        return ALLOWED, "would be allowed."
    why = "; ".join(f"{verdict.code}: {verdict.says}" for verdict in found.refusals)
    before = _depends_on(step, found.refusals)
    if before is None:
        return REFUSED, f"would be refused by {why}"
    return UNJUDGED, f"cannot be judged before step {before.position}, {before.title}. Today: {why}"


def _depends_on(step: StepRun, refusals: Sequence[Verdict]) -> StepRun | None:
    """The earlier step that would change what every refusal saw; None where one of them stands whatever is done."""
    earlier = list(StepRun.objects.filter(run=step.run_id, position__lt=step.position).order_by("-position"))
    changers = [_changer(verdict, earlier) for verdict in refusals]
    if any(changer is None for changer in changers):
        return None
    return max((changer for changer in changers if changer is not None), key=lambda changer: changer.position)


def _changer(verdict: Verdict, earlier: list[StepRun]) -> StepRun | None:
    """Named by the guard, or the nearest act: what it would have changed is not so in a rehearsal."""
    if verdict.waits_for:
        return next((step for step in earlier if step.kind == verdict.waits_for), None)
    if verdict.guard in LASTING:
        return None
    return next((step for step in earlier if step.nature == Nature.ACT), None)


def _looked(step: StepRun, kind: StepKind, found: Examination) -> tuple[str, dict[str, Any]] | None:
    """A check only reads, so a rehearsal does it; its evidence serves the later steps of this rehearsal alone."""
    try:
        seen = kind.observe(facts.context(step, found.case, found.targets))
    except (ClusterError, MissingFact, LookupError) as error:
        return str(error), {}
    return seen.said, dict(plain(seen.evidence)) if seen.is_done else {}
