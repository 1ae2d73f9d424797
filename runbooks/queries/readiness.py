"""Could this pair be failed over now? What its clusters show, and how long ago anybody last tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clusters.declared import PairEntry
from clusters.readiness import Answer, Finding, Readiness, Standing, readiness
from clusters.readiness.answer import NOT_LOOKED_AT
from dashboard import history
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
SIMULATED = {"C05": "simulated: this pair's policy counts seconds where its clusters count minutes"}


@dataclass(frozen=True)
class Line:
    finding: Finding
    mark: str


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
    not_looked_at: tuple[tuple[str, str], ...] = tuple(NOT_LOOKED_AT.items())


def readiness_page(entry: PairEntry, now: datetime) -> ReadinessPage:
    facts, drill = history.latest(entry.name), drill_standing(entry, now)
    trials = tuple(match for match in matches(entry.topology) if match.is_trial)
    if facts is None:
        text = "Both sides have to be read once before anything can be said."
        return ReadinessPage(entry, None, "unknown", Answer.UNPROVEN, text, (), drill, trials)
    found = readiness(facts, now, SIMULATED if entry.sandbox else {})
    answer, kind = found.answer, KINDS[found.answer]
    if drill.is_overdue and answer is Answer.YES:
        answer, kind = Answer.UNPROVEN, "watch"
    lines = tuple(Line(one, MARKS[one.standing]) for one in found.findings)
    return ReadinessPage(entry, found, kind, answer, _text(found, drill), lines, drill, trials)


def _text(found: Readiness, drill: DrillStanding) -> str:
    if found.answer is Answer.NOT_NOW:
        return "This page is for quiet days. Whether it is an outage, and what to do, the assess page says."
    failing = [one for one in found.open if one.standing is Standing.FAILS]
    unknown = len(found.open) - len(failing)
    said = [f"{len(failing)} to put right"] if failing else []
    said += [f"{unknown} unknown, which is no yes"] if unknown else []
    said += [drill.text] if drill.is_overdue else []
    return "; ".join(said) + "." if said else "Nothing of what is looked at stands in the way."
