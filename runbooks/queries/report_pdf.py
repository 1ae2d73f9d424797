"""The report as PDF: what the page says, in its order."""

from __future__ import annotations

from datetime import UTC, datetime

from runbooks.pdf.document import Document
from runbooks.queries.report import Report
from runbooks.queries.report_decisions import DecisionLine
from runbooks.queries.words import length, sentence


def report_pdf(report: Report) -> bytes:
    run = report.run
    made = f"{run} · {run.mode.upper()} · made {_day(report.made_at)}"
    doc = Document(f"Report of {run}: {report.title}", made)
    doc.heading(report.title, 1)
    doc.text(f"{run.mode.upper()} · {report.chip.word}", is_bold=True)
    doc.text(f"Started {_day(run.started_at)} by {run.started_by.name}; in command: {run.commander.name}.")
    for section in (
        _summary, _decisions, _timeline, _clients, _loss, _time, _overrides, _paper, _refusals, _drift, _proof,
    ):  # fmt: skip
        section(doc, report)
    return doc.pdf(f"{run.version}, digest {run.version.digest}")


def _summary(doc: Document, report: Report) -> None:
    run = report.run
    doc.heading("Summary")
    for line in report.summary:
        doc.text(line)
    doc.text(f"{run.version}, digest {run.version.digest[:16]}; inventory {run.inventory_digest[:16]}.", is_dim=True)
    doc.heading("Steps", 3)
    for rows, chip, took in report.steps:
        said = [f"{chip.word}{f', took {took}' if took else ''}.", sentence(rows.step.summary)]
        doc.row(f"{rows.step.position}. {rows.step.title}", " ".join(filter(None, said)))


def _decisions(doc: Document, report: Report) -> None:
    doc.heading("Decisions")
    if incident := report.run.incident:
        declared = f"{incident.declared_by.name} declared the outage of {incident.side}: “{incident.reason}”"
        doc.row(_day(incident.declared_at), declared)
    for line in report.decisions:
        doc.gap()
        _decision(doc, line)
    if not report.decisions:
        doc.text("Nobody has decided anything in this run yet.", is_dim=True)


def _decision(doc: Document, line: DecisionLine) -> None:
    doc.row(_clock(line.at), f"{line.who} {line.did} step {line.number}, {line.step}.")
    if line.typed:
        doc.row("typed", line.typed)
    for name, text in line.said:
        doc.row(name, f"“{text}”")
    for name, value in line.saw:
        doc.row(name, value)
    for guard in line.guards:
        note = f" {guard.note}" if guard.note else ""
        doc.row(f"{guard.rule} {guard.mark_word}", f"{guard.title}: saw {guard.saw}; needs {guard.needs}.{note}")
    doc.row("digest", line.digest[:16])


def _timeline(doc: Document, report: Report) -> None:
    doc.heading("Timeline (UTC)")
    if report.is_cut:
        doc.text(f"The newest {len(report.events)} events; the record holds all of them.", is_dim=True)
    for entry in report.events:
        doc.row(f"{_clock(entry.event.at)}  #{entry.event.seq}", f"{entry.said}{_quoted(entry.quoted)}")


def _clients(doc: Document, report: Report) -> None:
    if not report.board:
        return
    doc.heading("Clients")
    doc.text(f"{report.board}.")
    for line in report.board.lines:
        to, step = f" to {line.to}" if line.to else "", f" Step {line.step}." if line.step else ""
        doc.row(f"{line.client} by {line.driver}", f"{line.place}{to}: {line.saw or 'nothing yet'}{step}")


def _loss(doc: Document, report: Report) -> None:
    doc.heading("Loss")
    if receipt := report.receipt:
        about = f", about {receipt['estimate']}" if receipt.get("estimate") is not None else ""
        about += f", at most {receipt['upper']}" if receipt.get("upper") is not None else ""
        survivor = receipt["survivor"]
        doc.text(f"Receipt: at least {_known(receipt['lower'])}{about} records were not yet on {survivor}.")
        if unknown := receipt.get("unknown_partitions"):
            doc.text(f"{unknown} partitions without a usable number.")
        doc.text(str(receipt.get("basis", "")), is_dim=True)
    elif left := report.left_behind:
        doc.text(f"In records: {left}.")
    else:
        doc.text(
            "No receipt." if report.run.incident_id else "Not measured: no mirror was told to take over in this run."
        )
    if lost := report.time_lost:
        known = f"{length(lost.rpo)} ± {length(lost.uncertainty)}" if lost.rpo is not None else "not known"
        target = f" of an RPO of {length(lost.target)}" if lost.target is not None else ""
        doc.text(f"In time: {known}{target}; {lost.basis}.")
    if report.exact:
        doc.text("Reconciled: " + ", ".join(f"{name} {value}" for name, value in report.exact.items()))
    elif report.run.incident_id:
        doc.text("Not reconciled: the exact figure is known once the lost side answers and is fenced.")


def _time(doc: Document, report: Report) -> None:
    doc.heading("Time against objectives")
    times = report.times
    if times.target is not None:
        said = {True: "kept", False: "not kept", None: "not measured"}[times.is_inside]
        doc.row(f"RTO {length(times.target)}", said)
    for each in times.applications:
        doc.row(f"{length(each.rto)}", f"{each.application} ({each.kind}) was gone, until {each.mark}")
    for phase in times.phases:
        took = length(phase.length) if phase.length is not None else "not measured"
        doc.row(phase.name, f"{took} ({phase.begin} to {phase.end})")
    for name, what, mark in report.marks:
        after = length(mark.after) if mark and mark.after is not None else "not measured"
        subject = f": {mark.subject}" if mark and mark.subject else ""
        doc.row(f"{name}  {after}", f"{what}{subject}")
    doc.row("Machines, of this run", length(report.effort.machines))
    doc.row("People, of this run", length(report.effort.people))


def _overrides(doc: Document, report: Report) -> None:
    doc.heading("Overrides")
    for row in report.overrides:
        doc.row(f"{row.guard}, step {row.step.position}", f"{row.person.name}, {_clock(row.at)}{_quoted(row.reason)}")
    if not report.overrides:
        doc.text("No guard was overridden.", is_dim=True)


def _paper(doc: Document, report: Report) -> None:
    """Only where people went by paper; told as their word."""
    if report.paper_ticks:
        doc.heading("Ticks from paper")
    for tick in report.paper_ticks:
        said = f"{tick.done_by} did step {tick.step.position}, {tick.step.title}{_quoted(tick.note)}"
        doc.row(_day(tick.done_at), f"{said}. Entered by {tick.entered_by.name}, {_day(tick.entered_at)}; not sensed.")


def _refusals(doc: Document, report: Report) -> None:
    doc.heading("Refusals met")
    for row in report.refusals:
        judged = f" Saw {row.saw or 'nothing that can be judged'}; needs {row.needs}." if row.code else ""
        doc.row(f"{_clock(row.at)}  {row.code}", f"Step {row.number}, {row.step}: {sentence(row.says)}{judged}")
    if not report.refusals:
        doc.text("No guard refused a step.", is_dim=True)


def _drift(doc: Document, report: Report) -> None:
    doc.heading("Drift found")
    for row in report.drift:
        by = f" {row.who} said so{_quoted(row.reason)}" if row.reason else ""
        doc.row(
            _clock(row.at), f"What step {row.number}, {row.step}, brought about {row.what}: {sentence(row.why)}{by}"
        )
    if not report.drift:
        doc.text("What steps brought about still held whenever it was looked at.", is_dim=True)


def _proof(doc: Document, report: Report) -> None:
    doc.heading("Proof")
    doc.text(f"{sentence(str(report.consistency))}" if report.consistency else "Nothing recorded.", is_bold=True)
    for piece in report.evidence:
        doc.row(_clock(piece.at), f"{piece.kind} {piece.digest}")
    made = f"Made {_day(report.made_at)} from the database"
    doc.text(f"{made}; the record itself is checked with manage.py audit verify.", is_dim=True)


def _quoted(text: str) -> str:
    return f": “{text}”" if text else ""


def _known(number: int | None) -> str:
    return "an unknown number of" if number is None else str(number)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S}"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%-d %B %Y, %H:%M:%S} UTC"
