"""Starting runs, and what happens to a run as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction

from audit.clock import database_now
from audit.ledger import Ledger, ledger
from clusters.declared import PairEntry
from clusters.facts import PairFacts
from dashboard import history, inventory
from people.rights import Right
from runbooks.engine.context import Case
from runbooks.engine.definition import BadValue, RunbookDefinition, StepDefinition, build, parse
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.parameters import check_parameters
from runbooks.engine.states import Event, IllegalMove, Mode, RunState, StepState
from runbooks.models import DefinitionVersion, Incident, Outbox, Run, StepRun, VersionState
from runbooks.services import outbox, sharing
from runbooks.services.boundaries import settle
from runbooks.services.checks import has_inventory, needed
from runbooks.services.errors import Invalid, Stale
from runbooks.services.facts import case_of
from runbooks.services.library import APPROVED, not_usable
from runbooks.services.moves import end_attempt, live_attempt, move, move_run
from runbooks.services.plain import plain
from runbooks.services.script import values_of
from runbooks.services.who import Who


def start_run(
    who: Who, version_id: int, pair: str, mode: Mode, parameters: Mapping[str, Any], incident_id: int | None = None
) -> Run:
    """Pin a version, its parameters, targets and the inventory in force, and open the first steps.

    A live run belongs to the open incident of the pair, or to none where nothing is broken and its runbook is for
    planned work; a rehearsal sends nothing and goes on by itself.
    """
    facts, entry = history.latest(pair), inventory.pair_entry(pair)
    with ledger(who.actor) as book:
        person = who.require(Right.COMMAND)
        version = DefinitionVersion.objects.select_related("definition").get(pk=version_id)
        incident = Incident.objects.get(pk=incident_id) if incident_id is not None else None
        runbook = _usable(version)
        has_inventory()
        if entry is None or facts is None:
            raise Invalid({"": f"{pair} is not in the inventory, or has not been read yet."})
        _fits(entry, mode, incident, runbook)
        if mode is not Mode.REHEARSAL:
            sharing.shares_no_cluster(entry)
        if problems := check_parameters(runbook, parameters, facts):
            raise Invalid({"parameters": "\n".join(problems)})
        run = Run(
            incident=incident, version=version, pair=pair, mode=mode.value, parameters=plain(parameters),
            inventory_digest=inventory.digest_in_force(), commander=person, started_by=person,
            started_at=database_now(),
        )  # fmt: skip
        run.targets = _targets(run, runbook, facts)
        _save(run)
        _add_steps(run, runbook)
        book.add(
            "run.started", object=str(run), run=run.pk, after=run.state, digest=version.digest,
            facts={
                "mode": run.mode, "version": str(version), "inventory": run.inventory_digest,
                "parameters": plain(run.parameters), "incident": incident.pk if incident else None,
            },
        )  # fmt: skip
        settle(book, run)
        return run


def _usable(version: DefinitionVersion) -> RunbookDefinition:
    if version.state != VersionState.APPROVED or version.definition.retired:
        raise Invalid({"version": f"{version} is {version.get_state_display()}: a run needs an approved version."})
    if version.review_by is not None and version.review_by < datetime.now(UTC).date():
        raise Invalid({"version": f"{version} was to be reviewed by {version.review_by}: it has expired until then."})
    runbook = parse(version.text, APPROVED)
    if said := not_usable(runbook):
        raise Invalid({"version": " ".join(said)})
    return runbook


def _fits(entry: PairEntry, mode: Mode, incident: Incident | None, runbook: RunbookDefinition) -> None:
    if mode is not Mode.REHEARSAL and not entry.may_change:
        only = f"{entry.name} is for looking and rehearsing only: its inventory entry does not say may_change: true."
        raise Invalid({"mode": only})
    is_open = Incident.objects.filter(pair=entry.name, closed_at=None).exists()
    if mode is Mode.LIVE and not _belongs(entry, incident) and (incident or is_open or not runbook.is_planned):
        raise Invalid({"mode": f"A live run needs an open incident of {entry.name}: declare it first."})
    if mode is Mode.DRILL and is_open:
        raise Invalid({"mode": f"An incident of {entry.name} is open: this is no time for a drill."})


def _belongs(entry: PairEntry, incident: Incident | None) -> bool:
    return incident is not None and incident.is_open and incident.pair == entry.name


def _save(run: Run) -> None:
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError as error:
        active = Run.objects.filter(pair=run.pair, mode__in=[Mode.LIVE, Mode.DRILL], finished_at=None)
        raise Stale(f"Another run of {run.pair} is active: {', '.join(map(str, active))}. Only one can be.") from error


def _add_steps(run: Run, runbook: RunbookDefinition) -> None:
    now = database_now()
    for position, written in enumerate(runbook.steps, start=1):
        kind = written.kind_class
        StepRun.objects.create(
            run=run, position=position, key=written.key, kind=written.kind, kind_version=kind.version,
            nature=kind.nature.value, is_irreversible=kind.is_irreversible, title=written.title,
            needs=list(written.needs), confirm=written.confirm.value, approvals=written.approvals,
            timeout=written.timeout, is_optional=written.is_optional, moved_at=now,
        )  # fmt: skip


def _targets(run: Run, runbook: RunbookDefinition, facts: PairFacts) -> dict[str, list[str] | None]:
    case = case_of(run, facts, facts)
    return {written.key: _targets_of(run, written, case) for written in runbook.steps}


def _targets_of(run: Run, written: StepDefinition, case: Case) -> list[str] | None:
    """None where today's facts do not tell them; the step's own arming then does."""
    try:
        return list(build(written, values_of(run)).targets(case)) or None
    except (MissingFact, LookupError):
        return None
    except BadValue as bad:
        raise Invalid({"parameters": str(bad)}) from bad


def pause(who: Who, run_id: int, *, reason: str) -> Run:
    """Nothing new is sent; what is under way gets its outcome, and then the run is paused."""
    with ledger(who.actor) as book:
        who.require(Right.COMMAND)
        run = _live(run_id)
        move_run(book, run, RunState.PAUSING, reason=needed(reason))
        settle(book, run)
        return run


def resume(who: Who, run_id: int) -> Run:
    with ledger(who.actor) as book:
        who.require(Right.COMMAND)
        run = _live(run_id)
        move_run(book, run, RunState.RUNNING)
        settle(book, run)
        _ring_queued(run)
        return run


def abort(who: Who, run_id: int, *, reason: str) -> Run:
    """Ends the run at the next boundary: what was sent still gets its outcome, and is watched while it is unknown."""
    with ledger(who.actor) as book:
        who.require(Right.COMMAND)
        run = _live(run_id)
        begin_abort(book, run, needed(reason))
        return run


def begin_abort(book: Ledger, run: Run, reason: str) -> None:
    move_run(book, run, RunState.ABORTING, reason=reason, ending=reason)
    settle(book, run)


def take_command(who: Who, run_id: int, *, reason: str = "") -> Run:
    with ledger(who.actor) as book:
        person = who.require(Right.COMMAND)
        run = _live(run_id)
        before, run.commander = run.commander, person
        run.save(update_fields=["commander"])
        book.add(
            "run.command-taken", object=str(run), run=run.pk, before=str(before.public_id), after=str(person.public_id),
            reason=reason.strip(),
        )  # fmt: skip
        return run


def adopt_inventory(who: Who, run_id: int, *, digest: str, reason: str = "") -> Run:
    """Go on with the inventory in force. `digest` is that of the one the page showed; what was confirmed is void."""
    with ledger(who.actor) as book:
        who.require(Right.COMMAND)
        run = _live(run_id)
        has_inventory()
        now = inventory.digest_in_force()
        if digest != now:
            raise Stale("The inventory has changed again since this page was made: reload it and read it again.")
        if (entry := inventory.pair_entry(run.pair)) and not run.is_rehearsal:
            sharing.shares_no_cluster(entry)
        before, run.inventory_digest, run.held = run.inventory_digest, now, ""
        run.save(update_fields=["inventory_digest", "held"])
        book.add("run.inventory-adopted", object=str(run), run=run.pk, before=before, after=now, reason=reason.strip())
        void_all(book, run, "the inventory was changed and adopted: confirm again")
        settle(book, run)
        return run


def void_all(book: Ledger, run: Run, why: str) -> None:
    """Whatever was confirmed and not yet claimed binds no longer; open steps are read again."""
    waiting = (StepState.AWAITING_APPROVAL, StepState.QUEUED, StepState.BLOCKED)
    for step in StepRun.objects.filter(run=run, state__in=[state.value for state in waiting]).select_related("run"):
        attempt = live_attempt(step)
        if attempt:
            end_attempt(attempt, why)
        event = Event.WITHDRAWN if step.state == StepState.QUEUED else Event.VOIDED
        move(book, step, event, attempt=attempt, summary=why)
    for step in StepRun.objects.filter(run=run, state=StepState.READY.value):
        outbox.enqueue(step, Outbox.Task.PREFLIGHT, database_now())


def _ring_queued(run: Run) -> None:
    """What was confirmed before the pause goes on now."""
    for step in StepRun.objects.filter(run=run, state=StepState.QUEUED.value):
        outbox.enqueue(step, Outbox.Task.ADVANCE, database_now())


def _live(run_id: int) -> Run:
    run = Run.objects.select_related("version", "incident", "commander").get(pk=run_id)
    if run.is_over:
        raise IllegalMove(f"The run is {run.state.replace('_', ' ')}; it is kept as it is.")
    return run
