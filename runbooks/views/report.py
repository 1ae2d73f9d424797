"""The report of a run, as a page and as files, and its evidence."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from audit.export import cell
from runbooks.models import Evidence, Run
from runbooks.queries.losses import COLUMNS as COLUMNS_OF_LOSS
from runbooks.queries.losses import reconciliation as read_reconciliation
from runbooks.queries.report import Report
from runbooks.queries.report import report as read_report
from runbooks.queries.report_decisions import shown
from runbooks.queries.report_json import report_json
from runbooks.queries.report_pdf import report_pdf
from runbooks.queries.viewer import Viewer
from runbooks.views.doors import looks
from runbooks.views.run import stamped

COLUMNS = ("evidence", "kind", "at", "step", "digest", "name", "value")


@looks
def report(request: HttpRequest, viewer: Viewer, run_id: int) -> HttpResponse:
    return stamped(render(request, "runbooks/report.html", {"report": _report(viewer, run_id)}))


@looks
def report_file(_request: HttpRequest, viewer: Viewer, run_id: int, form: str) -> HttpResponse:
    """The same as PDF, to print and to file, or as JSON of a documented shape."""
    if form not in {"json", "pdf"}:
        raise Http404(f"a report comes as json or pdf, not as {form!r}")
    found = _report(viewer, run_id)
    if form == "pdf":
        answer = HttpResponse(report_pdf(found), content_type="application/pdf")
    else:
        body = json.dumps(report_json(found), ensure_ascii=False, indent=2)
        answer = HttpResponse(body, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="breakwater-{found.run}-report.{form}"'
    return stamped(answer)


def _report(viewer: Viewer, run_id: int) -> Report:
    runs = Run.objects.select_related("version__definition", "commander", "incident__declared_by", "started_by")
    return read_report(get_object_or_404(runs, pk=run_id), viewer, timezone.now())


@looks
def evidence(request: HttpRequest, _viewer: Viewer, evidence_id: int) -> HttpResponse:
    """One piece, whole."""
    piece = get_object_or_404(Evidence.objects.select_related("step", "run", "incident"), pk=evidence_id)
    text = json.dumps(piece.data, ensure_ascii=False, indent=2, sort_keys=True)
    return render(
        request, "runbooks/evidence.html", {"piece": piece, "text": text, "lines": list(shown(piece.data, most=200))}
    )


@looks
def run_evidence(_request: HttpRequest, _viewer: Viewer, run_id: int, form: str) -> HttpResponse:
    """All of a run, as JSON or as CSV that no spreadsheet takes for formulas."""
    run = get_object_or_404(Run, pk=run_id)
    pieces = list(Evidence.objects.filter(run=run).select_related("step"))
    return _file(f"breakwater-{run}-evidence", form, pieces)


@looks
def incident_evidence(_request: HttpRequest, _viewer: Viewer, incident_id: int, form: str) -> HttpResponse:
    pieces = list(Evidence.objects.filter(incident=incident_id).select_related("step"))
    return _file(f"breakwater-incident-{incident_id}-evidence", form, pieces)


@looks
def reconciliation(_request: HttpRequest, _viewer: Viewer, incident_id: int, form: str) -> HttpResponse:
    """What never arrived, partition by partition; JSON holds the evidence as it was kept."""
    found = read_reconciliation(incident_id)
    if found is None or form not in {"json", "csv"}:
        raise Http404("nobody has reconciled the loss of this incident, or not in this form")
    if form == "json":
        answer = HttpResponse(
            json.dumps(_plain(found.evidence), ensure_ascii=False, indent=2), content_type="application/json"
        )
    else:
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        csv.writer(answer).writerows([COLUMNS_OF_LOSS, *([cell(text) for text in row] for row in found.rows())])
    answer["Content-Disposition"] = f'attachment; filename="breakwater-incident-{incident_id}-reconciled.{form}"'
    return answer


def _file(name: str, form: str, pieces: list[Evidence]) -> HttpResponse:
    if form == "json":
        body = json.dumps([_plain(piece) for piece in pieces], ensure_ascii=False, indent=2)
        answer = HttpResponse(body, content_type="application/json")
    elif form == "csv":
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        csv.writer(answer).writerows([COLUMNS, *_rows(pieces)])
    else:
        raise Http404(f"evidence comes as json or csv, not as {form!r}")
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer


def _plain(piece: Evidence) -> dict[str, Any]:
    step = piece.step.key if piece.step else None
    return {
        "evidence": piece.pk,
        "kind": piece.kind,
        "at": piece.at.isoformat(),
        "step": step,
        "digest": piece.digest,
        "data": piece.data,
    }


def _rows(pieces: Iterable[Evidence]) -> Iterator[list[str]]:
    for piece in pieces:
        own = [str(piece.pk), piece.kind, piece.at.isoformat(), piece.step.key if piece.step else "", piece.digest]
        for name, value in flat(piece.data):
            yield [cell(text) for text in (*own, name, value)]


def flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every single value of nested data, with the way to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from flat(inner, f"{path}[{number}]")
    else:
        yield path, "" if value is None else str(value)
