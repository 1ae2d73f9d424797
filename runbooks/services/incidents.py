"""Declaring that a side is down, and closing the matter when nothing of it is left open."""

from __future__ import annotations

from datetime import datetime, timedelta

from audit.clock import database_now
from audit.ledger import Ledger, ledger
from clusters.facts import MirrorStatus, PairFacts
from clusters.health.groups import active_twice
from dashboard import expectations, history, inventory
from people.rights import Right
from runbooks.engine.link_settings import ENABLE, SAVED
from runbooks.engine.states import RUN_OVER, IllegalMove, Mode
from runbooks.engine.steps.offset_sync_pause import Lasts
from runbooks.models import Evidence, Incident, Mark, Run
from runbooks.services import evidence, marks
from runbooks.services.checks import needed
from runbooks.services.errors import Invalid
from runbooks.services.receipt import receipt
from runbooks.services.runs import begin_abort
from runbooks.services.who import Who

# What an outage makes of the side itself, and of the other one's mirrors and link.
OF_THE_SIDE = ("UNREACHABLE", "UNAVAILABLE")
OF_THE_OTHER = ("SOURCE_UNAVAILABLE", "UNAVAILABLE")


def declare(who: Who, pair: str, side: str, *, reason: str) -> Incident:
    """Open an incident, and freeze what is known of the lag at this moment. A drill, or planned work, on the pair is
    aborted by it.

    No cluster is asked: the receipt is made of the newest stored reading, and says how old that is.
    """
    entry = inventory.pair_entry(pair)
    if entry is None or side not in {each.name for each in entry.sides}:
        raise Invalid({"side": f"The inventory in force has no side {side!r} of a pair {pair!r}."})
    facts = history.latest(pair)
    if facts is None:
        raise Invalid({"": f"{pair} has not been read yet: there is nothing to freeze a receipt from."})
    with ledger(who.actor) as book:
        person, now, said = who.require(Right.COMMAND), database_now(), needed(reason)
        if Incident.objects.filter(pair=pair, closed_at=None).exists():
            raise IllegalMove(f"An incident of {pair} is open already: it covers this, or has to be closed first.")
        t0, uncertainty = history.first_failure(pair, side) or (now, timedelta(0))
        incident = Incident.objects.create(
            pair=pair, side=side, t0=t0, t0_uncertainty_ms=int(uncertainty.total_seconds() * 1000),
            declared_by=person, declared_at=now, reason=said,
            expected={side: OF_THE_SIDE, facts.other(side).side: OF_THE_OTHER},
        )  # fmt: skip
        said_of = {"pair": pair, "side": side, "t0": t0}
        book.add("incident.declared", object=f"incident {incident.pk}", reason=said, facts=said_of)
        _freeze(book, incident, facts, now)
        for where, states in incident.expected.items():
            expectations.expect(pair, where, str(incident.pk), states, f"{side} is down: incident {incident.pk}")
        _end_others(book, pair)
        return incident


def _freeze(book: Ledger, incident: Incident, facts: PairFacts, now: datetime) -> None:
    uncertainty = timedelta(milliseconds=incident.t0_uncertainty_ms)
    found = receipt(facts, incident.side, incident.t0, uncertainty, now)
    marks.declared(incident, evidence.keep(book, evidence.RECEIPT, found, now, incident=incident), now)


def _end_others(book: Ledger, pair: str) -> None:
    """Only one run of a pair can be active, and now it is the incident's."""
    for run in Run.objects.filter(pair=pair, incident=None).exclude(mode=Mode.REHEARSAL).exclude(state__in=RUN_OVER):
        what = "the drill" if run.mode == Mode.DRILL else "planned work"
        begin_abort(book, run, f"an incident was declared: {what} ends")


def will_not_return(who: Who, incident_id: int, *, reason: str) -> Incident:
    """The commander's word that the side is gone for good. It opens what is refused while it may come back (R09)."""
    with ledger(who.actor) as book:
        who.require(Right.COMMAND)
        incident = _open(incident_id)
        incident.will_not_return = True
        incident.save(update_fields=["will_not_return"])
        book.add("incident.given-up", object=f"incident {incident.pk}", reason=needed(reason))
        return incident


def healthy(who: Who, incident_id: int, *, reason: str) -> Mark:
    """The commander's word that the applications are healthy: the clock of the recovery stops (T8)."""
    with ledger(who.actor) as book:
        person = who.require(Right.COMMAND)
        incident = _open(incident_id)
        mark = marks.put(incident, "T8", database_now(), f"attested by {person.name}")
        book.add("incident.healthy", object=f"incident {incident.pk}", reason=needed(reason))
        return mark


def close(who: Who, incident_id: int, *, reason: str) -> Incident:
    """Only when nothing holds it open; Invalid names everything that does."""
    facts = history.latest(Incident.objects.get(pk=incident_id).pair)
    with ledger(who.actor) as book:
        person = who.require(Right.COMMAND)
        incident = _open(incident_id)
        if held := held_open_by(incident, facts):
            raise Invalid({"": " ".join(held)})
        incident.closed_by, incident.closed_at, incident.closed_reason = person, database_now(), needed(reason)
        incident.save(update_fields=["closed_by", "closed_at", "closed_reason"])
        expectations.clear(str(incident.pk))
        book.add("incident.closed", object=f"incident {incident.pk}", reason=incident.closed_reason)
        return incident


def held_open_by(incident: Incident, facts: PairFacts | None) -> list[str]:
    """Each reason why it cannot close yet, as a sentence."""
    active = Run.objects.filter(incident=incident).exclude(state__in=RUN_OVER)
    said = [f"Run {run} is {run.state.replace('_', ' ')}." for run in active]
    if facts is None:
        return [*said, f"{incident.pair} has not been read: it cannot be told that no group is active on two sides."]
    return said + _paused(incident, facts) + _sync_off(incident, facts) + _active_twice(facts)


def _paused(incident: Incident, facts: PairFacts) -> list[str]:
    """Mirrors that a run of this incident paused (R39)."""
    ours: set[str] = set()
    for data in Evidence.objects.filter(incident=incident, kind="mirrors.pause").values_list("data", flat=True):
        ours.update(data.get("topics", ()))
    unread = [side.side for side in facts.sides.values() if side.mirrors is None and ours]
    said = [
        f"The mirrors of {side} are not known: this incident paused some, and they may still be." for side in unread
    ]
    return said + [
        f"Mirror {mirror.topic} on {side.side}, paused by this incident, is still paused."
        for side in facts.sides.values()
        for mirror in side.mirrors or ()
        if mirror.status is MirrorStatus.PAUSED and mirror.topic in ours
    ]


def _sync_off(incident: Incident, facts: PairFacts) -> list[str]:
    """Offset sync that a run of this incident switched off, not for good, and that is not seen to be on again."""
    rows = Evidence.objects.filter(incident=incident, kind__startswith=SAVED).order_by("at", "pk")
    newest = {row.data["side"]: row for row in rows}
    said = [_still_off(row, facts) for row in newest.values() if row.data["lasts"] != Lasts.FOR_GOOD]
    return [sentence for sentence in said if sentence]


def _still_off(row: Evidence, facts: PairFacts) -> str:
    name = row.data["side"]
    side = facts.sides.get(name)
    link = side.link(row.data["link"]) if side else None
    if link is None or ENABLE not in link.configs or not (side and side.configs_at and side.configs_at > row.at):
        return f"Whether offset sync is on again on {name}, where this incident switched it off, has not been read."
    if link.configs[ENABLE] == "true":
        return ""
    return f"Offset sync of link {link.name} on {name}, switched off by this incident, is still off."


def _active_twice(facts: PairFacts) -> list[str]:
    said = [
        f"The consumer groups of {side.side} are not known: it does not answer."
        for side in facts.sides.values()
        if side.groups is None
    ]
    both = " and on ".join(facts.sides)
    return said + [f"Group {name} is active on {both}." for name in active_twice(facts)]


def _open(incident_id: int) -> Incident:
    incident = Incident.objects.get(pk=incident_id)
    if not incident.is_open:
        raise IllegalMove("The incident is closed; it is kept as it is.")
    return incident
