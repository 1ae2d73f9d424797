"""Could this pair be failed over now? What its clusters show, and how long ago anybody last tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clusters.declared import PairEntry
from clusters.readiness import Answer, Finding, Readiness, Standing, checks
from clusters.readiness.answer import NOT_LOOKED_AT
from dashboard import history, readiness
from runbooks.queries.assess import Match, matches
from runbooks.queries.drill_schedule import DrillStanding, drill_standing

MARKS = {
    Standing.MET: "sensed",
    Standing.FAILS: "failed",
    Standing.UNKNOWN: "unknown",
    Standing.SPARED: "skipped",
}
KINDS = {
    Answer.YES: "ok",
    Answer.IN_PART: "watch",
    Answer.UNPROVEN: "unknown",
    Answer.NO: "critical",
    Answer.NOT_NOW: "critical",
}


@dataclass(frozen=True)
class Line:
    """`since`: it stands so without a break, as far as the judgements that were stored tell."""

    finding: Finding
    mark: str
    since: datetime | None


@dataclass(frozen=True)
class Drift:
    """One change of a check, or of the answer as a whole, in words."""

    at: datetime
    what: str
    before: str
    after: str
    mark: str
    saw: str


@dataclass(frozen=True)
class ReadinessPage:
    """`found` is None before both sides have been read once."""

    entry: PairEntry
    found: Readiness | None
    kind: str
    answer: str
    text: str
    lines: tuple[Line, ...]
    drill: DrillStanding
    trials: tuple[Match, ...]  # runbooks that can be drilled with nothing broken
    drifts: tuple[Drift, ...] = ()
    not_looked_at: tuple[tuple[str, str], ...] = tuple(NOT_LOOKED_AT.items())


def readiness_page(entry: PairEntry, now: datetime) -> ReadinessPage:
    facts, drill = history.latest(entry.name), drill_standing(entry, now)
    trials = tuple(match for match in matches(entry.topology) if match.is_trial)
    if facts is None:
        text = "Both sides have to be read once before anything can be said."
        return ReadinessPage(entry, None, "unknown", Answer.UNPROVEN, text, (), drill, trials)
    found = readiness.judged(entry, facts, now)
    answer, kind = found.answer, KINDS[found.answer]
    if drill.is_overdue and answer is Answer.YES:
        answer, kind = Answer.UNPROVEN, "watch"
    since = readiness.standing_since(entry.name)
    lines = tuple(Line(one, MARKS[one.standing], since.get((one.code, one.standing.name))) for one in found.findings)
    return ReadinessPage(entry, found, kind, answer, _text(found, drill), lines, drill, trials, _drifts(entry.name))


def _drifts(pair: str) -> tuple[Drift, ...]:
    titles = {checks.get(name).code: checks.get(name).title for name in checks}
    return tuple(
        Drift(
            at=row.at,
            what=f"{titles.get(row.code, '')} {row.code}".strip() if row.code else "The answer",
            before=_word(row.before),
            after=_word(row.after),
            mark=MARKS[Standing[row.after]] if row.after in Standing.__members__ else "",
            saw=row.saw,
        )
        for row in readiness.changes(pair)
    )


def _word(name: str) -> str:
    """Of a standing or an answer, as a release before may have called it."""
    known = {one.name: one.value for kind in (Standing, Answer) for one in kind}
    return known.get(name, name)


def _text(found: Readiness, drill: DrillStanding) -> str:
    if found.answer is Answer.NOT_NOW:
        return "This page is for quiet days. Whether it is an outage, and what to do, the assess page says."
    failing = [one for one in found.open if one.standing is Standing.FAILS]
    unknown = len(found.open) - len(failing)
    said = [f"{len(failing)} to put right"] if failing else []
    said += [f"{unknown} unknown, which is no yes"] if unknown else []
    said += [drill.text] if drill.is_overdue else []
    return "; ".join(said) + "." if said else "Nothing of what is looked at stands in the way."
