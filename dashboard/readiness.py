"""Every pair judged again and again on what was read last, and what came to stand otherwise kept as its history.

While a side does not answer only that is stored: the checks stand as they stood, with their age, since an outage is no
drift. Asks no cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from audit.clock import database_now
from clusters.declared import PairEntry
from clusters.facts import PairFacts
from clusters.readiness import Answer, Finding, Readiness, readiness
from dashboard import attestations, dry_runs, history, inventory
from dashboard.models import ReadinessChange, ReadinessNow, ReadinessState

EVERY = timedelta(seconds=30)
KEPT_FOR = timedelta(days=90)
SIMULATED = {"C05": "simulated: this pair's policy counts seconds where its clusters count minutes"}


def judged(entry: PairEntry, facts: PairFacts, now: datetime) -> Readiness:
    """With the last dry runs of the drivers and what people say of clients, which no reading of a cluster holds."""
    told = replace(facts, trials=dry_runs.trials(entry.name), attested=attestations.newest(entry.name))
    return readiness(told, now, SIMULATED if entry.sandbox else {})


def judge_due() -> list[str]:
    """The pairs that were judged now: due, read on both sides at least once, and claimed by nobody else."""
    lately = ReadinessState.objects.filter(claimed_at__gt=database_now() - EVERY)
    claimed = set(lately.values_list("pair", flat=True))
    pairs = inventory.in_force().pairs.values()
    found = [entry for entry in pairs if entry.name not in claimed and _claim(entry.name)]
    return [entry.name for entry in found if judge(entry)]


def judge(entry: PairEntry) -> bool:
    facts, now = history.latest(entry.name), database_now()
    if facts is None:
        return False
    found = judged(entry, facts, now)
    with transaction.atomic():
        _store_answer(entry.name, found, now)
        if found.answer is not Answer.NOT_NOW:
            _store_checks(entry.name, found.findings, now)
        ReadinessChange.objects.filter(pair=entry.name, at__lt=now - KEPT_FOR).delete()
    return True


def changes(pair: str, most: int = 20) -> list[ReadinessChange]:
    """What came to stand otherwise, newest first."""
    return list(ReadinessChange.objects.filter(pair=pair).order_by("-at", "-pk")[:most])


def standing_since(pair: str) -> dict[tuple[str, str], datetime]:
    """(code, name of the standing) → since when without a break."""
    rows = ReadinessNow.objects.filter(pair=pair).values_list("code", "standing", "since")
    return {(code, standing): since for code, standing, since in rows}


def _claim(pair: str) -> bool:
    """One of several executors; a claim that came to nothing is free again when the next is due."""
    now = database_now()
    _, is_new = ReadinessState.objects.get_or_create(pair=pair, defaults={"claimed_at": now})
    free = ReadinessState.objects.filter(pair=pair, claimed_at__lte=now - EVERY)
    return is_new or bool(free.update(claimed_at=now))


def _store_answer(pair: str, found: Readiness, now: datetime) -> None:
    state, _ = ReadinessState.objects.get_or_create(pair=pair, defaults={"claimed_at": now})
    before, state.answer = state.answer, found.answer.name
    if before != state.answer:
        state.since = now
        if before:
            ReadinessChange.objects.create(pair=pair, before=before, after=state.answer, at=now)
    state.judged_at, state.read_at = now, found.read_at
    state.save(update_fields=["answer", "since", "judged_at", "read_at"])


def _store_checks(pair: str, findings: Sequence[Finding], now: datetime) -> None:
    """Written only where something is new: most of the time that is nothing."""
    known = {row.code: row for row in ReadinessNow.objects.filter(pair=pair)}
    ReadinessNow.objects.filter(pair=pair, code__in=known.keys() - {one.code for one in findings}).delete()
    for one in findings:
        row = known.get(one.code)
        if row is None:
            row = ReadinessNow(pair=pair, code=one.code, since=now)
        elif row.standing != one.standing.name:
            drift = {"before": row.standing, "after": one.standing.name}
            ReadinessChange.objects.create(pair=pair, code=one.code, saw=one.saw, at=now, **drift)
            row.since = now
        elif (row.weight, row.saw) == (one.weight.value, one.saw):
            continue
        row.standing, row.weight, row.saw = one.standing.name, one.weight.value, one.saw
        row.save()
