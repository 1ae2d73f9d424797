"""The report as JSON, for machines that keep or compare it. The shape is documented in docs/report.md and versioned:
names are added in a version, and changed or taken away only with a new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from runbooks.models import Incident, Run
from runbooks.queries.report import Report
from runbooks.queries.report_decisions import DecisionLine
from runbooks.queries.times import MarkLine

FORMAT, VERSION = "breakwater.run-report", 1


def report_json(report: Report) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": _at(report.made_at),
        "run": _run(report.run, report.title),
        "summary": list(report.summary),
        "steps": list(_steps(report)),
        "incident": _incident(report.run.incident),
        "decisions": [_decision(line) for line in report.decisions],
        "timeline": [
            {
                "seq": entry.event.seq,
                "at": _at(entry.event.at),
                "kind": entry.event.kind,
                "said": entry.said,
                "reason": entry.reason,
            }
            for entry in report.events
        ],
        "timeline_is_cut": report.is_cut,
        "loss": {
            "receipt": report.receipt,
            "reconciled": report.exact,
            "left_behind": _left_behind(report),
            "time": _time_lost(report),
        },
        "time": _time(report),
        "overrides": [
            {
                "at": _at(row.at),
                "step": row.step.position,
                "guard": row.guard,
                "who": row.person.name,
                "reason": row.reason,
            }
            for row in report.overrides
        ],
        "paper_ticks": [
            {
                "step": tick.step.position,
                "done_by": tick.done_by,
                "done_at": _at(tick.done_at),
                "note": tick.note,
                "entered_by": tick.entered_by.name,
                "entered_at": _at(tick.entered_at),
            }
            for tick in report.paper_ticks
        ],
        "refusals": [
            {
                "at": _at(row.at),
                "step": row.number,
                "code": row.code,
                "title": row.title,
                "saw": row.saw,
                "needs": row.needs,
                "says": row.says,
            }
            for row in report.refusals
        ],
        "drift": [
            {
                "at": _at(row.at),
                "step": row.number,
                "what": row.what,
                "why": row.why,
                "who": row.who,
                "reason": row.reason,
            }
            for row in report.drift
        ],
        "clients": [
            {
                "client": line.client,
                "driver": line.driver,
                "to": line.to,
                "place": line.place.value,
                "saw": line.saw,
                "at": _at(line.at) if line.at else None,
                "step": line.step or None,
            }
            for line in report.board.lines
        ],
        "proof": {
            "record": str(report.consistency) if report.consistency else None,
            "evidence": [
                {"evidence": row.pk, "kind": row.kind, "at": _at(row.at), "digest": row.digest}
                for row in report.evidence
            ],
        },
    }


def _run(run: Run, title: str) -> dict[str, Any]:
    return {
        "run": run.pk,
        "name": str(run),
        "title": title,
        "pair": run.pair,
        "mode": run.mode,
        "state": run.state,
        "ending": run.ending,
        "runbook": run.version.definition.slug,
        "runbook_version": run.version.number,
        "runbook_digest": run.version.digest,
        "inventory_digest": run.inventory_digest,
        "parameters": run.parameters,
        "started_at": _at(run.started_at),
        "started_by": run.started_by.name,
        "commander": run.commander.name,
        "finished_at": _at(run.finished_at),
    }


def _incident(incident: Incident | None) -> dict[str, Any] | None:
    if incident is None:
        return None
    return {
        "incident": incident.pk,
        "side": incident.side,
        "failed_at": _at(incident.t0),
        "failed_at_uncertainty_ms": incident.t0_uncertainty_ms,
        "declared_at": _at(incident.declared_at),
        "declared_by": incident.declared_by.name,
        "reason": incident.reason,
        "closed_at": _at(incident.closed_at),
        "closed_reason": incident.closed_reason,
    }


def _steps(report: Report) -> Iterator[dict[str, Any]]:
    for rows, chip, _ in report.steps:
        step = rows.step
        yield {
            "step": step.position,
            "key": step.key,
            "title": step.title,
            "kind": step.kind,
            "nature": step.nature,
            "state": step.state,
            "rehearsed": step.rehearsed,
            "drifted": step.drifted,
            "says": chip.word,
            "outcome": step.summary,
            "attempts": step.attempts,
            "ready_at": _at(step.ready_at),
            "started_at": _at(step.started_at),
            "ended_at": _at(step.ended_at),
        }


def _decision(line: DecisionLine) -> dict[str, Any]:
    return {
        "at": _at(line.at),
        "step": line.number,
        "who": line.who,
        "did": line.did,
        "typed": line.typed,
        "said": [{"name": name, "text": text} for name, text in line.said],
        "saw": [{"name": name, "value": value} for name, value in line.saw],
        "guards": [
            {"code": row.rule, "title": row.title, "result": row.mark_word, "saw": row.saw, "needs": row.needs}
            for row in line.guards
        ],
        "digest": line.digest,
    }


def _left_behind(report: Report) -> dict[str, Any] | None:
    left = report.left_behind
    return {**asdict(left), "at": _at(left.at)} if left else None


def _time_lost(report: Report) -> dict[str, Any] | None:
    lost = report.time_lost
    if lost is None:
        return None
    return {
        "rpo_s": lost.rpo.total_seconds() if lost.rpo is not None else None,
        "uncertainty_s": lost.uncertainty.total_seconds(),
        "rpo_target_s": lost.target.total_seconds() if lost.target is not None else None,
        "inside_rpo": lost.is_inside,
        "basis": lost.basis,
    }


def _time(report: Report) -> dict[str, Any]:
    times = report.times
    return {
        "rto_target_s": _s(times.target),
        "rto_s": _s(times.rto),
        "inside_rto": times.is_inside,
        "applications": [
            {
                "application": each.application,
                "kind": each.kind,
                "mark": each.mark,
                "at": _at(each.at),
                "rto_s": _s(each.rto),
                "inside_rto": each.is_inside,
            }
            for each in times.applications
        ],
        "phases": [
            {"name": each.name, "begin": each.begin, "end": each.end, "length_s": _s(each.length)}
            for each in times.phases
        ],
        "marks": [_mark(*mark) for mark in report.marks],
        "machines_s": _s(report.effort.machines),
        "people_s": _s(report.effort.people),
    }


def _mark(name: str, what: str, line: MarkLine | None) -> dict[str, Any]:
    """All of it `null` where it was not measured."""
    return {
        "mark": name,
        "what": what,
        "subject": line.subject if line else "",
        "at": _at(line.at) if line else None,
        "uncertainty_s": _s(line.uncertainty) if line else None,
        "after_failure_s": _s(line.after) if line else None,
        "source": line.source if line else None,
        "evidence": line.evidence if line else None,
    }


def _at(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _s(length: timedelta | None) -> float | None:
    return length.total_seconds() if length is not None else None
