"""Runbooks on paper: which there are, each as it would be printed now, and what people ticked on them."""

from __future__ import annotations

from datetime import UTC, datetime

from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from runbooks.forms import Field, Kept
from runbooks.models import PaperTick, Run, StepRun
from runbooks.paper.drawn import drawn, style_source
from runbooks.paper.every import every_sheet
from runbooks.paper.rounds import paper_standing
from runbooks.queries.viewer import Viewer
from runbooks.services import paper_ticks
from runbooks.services.errors import Invalid
from runbooks.services.who import Who
from runbooks.views.doors import decides, looks, viewer_of
from runbooks.views.run import stamped

NOTHING = Kept()
ASKED = (
    ("done_by", "Done by, as it stands on the sheet", True),
    ("done_at", "At, in UTC: 2026-11-20 02:14", True),
    ("note", "What stands beside it", False),
)


@looks
def paper_list(request: HttpRequest, _viewer: Viewer) -> HttpResponse:
    shown = {"sheets": list(every_sheet()), "standing": paper_standing(timezone.now())}
    return render(request, "runbooks/paper_list.html", shown)


@csp_update({"style-src": style_source()})  # type: ignore[arg-type]  # it takes views with arguments all the same
@looks
def paper_sheet(_request: HttpRequest, _viewer: Viewer, pair: str, slug: str, side: str) -> HttpResponse:
    """As it would be written now; the page may hold its own style, and nothing else that the policy forbids."""
    for wanted in every_sheet():
        if (wanted.entry.name, wanted.runbook.slug, wanted.side) == (pair, slug, side):
            return HttpResponse(drawn(wanted.sheet(timezone.now())))
    raise Http404(f"there is no sheet of {slug} for {pair} and {side}")


@looks
def run_paper(request: HttpRequest, viewer: Viewer, run_id: int) -> HttpResponse:
    return _run_paper(request, viewer, run_id)


@decides
def enter_tick(request: HttpRequest, who: Who, run_id: int, key: str) -> HttpResponse:
    step, said = get_object_or_404(StepRun, run=run_id, key=key), request.POST
    given = {name: said.get(name, "") for name, _, _ in ASKED}
    try:
        paper_ticks.enter_tick(
            who, step.pk, done_by=given["done_by"], done_at=_instant(given["done_at"]), note=given["note"]
        )
    except Invalid as problem:
        kept = Kept(key, given, problem.problems)
        return _run_paper(request, viewer_of(request), run_id, kept=kept, status=422)
    return redirect("runbooks:run-paper", run_id)


def _run_paper(
    request: HttpRequest, viewer: Viewer, run_id: int, *, kept: Kept = NOTHING, status: int = 200
) -> HttpResponse:
    run = get_object_or_404(Run.objects.select_related("version__definition"), pk=run_id)
    ticks = PaperTick.objects.filter(step__run=run).select_related("step", "entered_by")
    forms = [(step, _fields(step, kept), step.key == kept.form) for step in run.steps.order_by("position")]
    shown = {"run": run, "forms": forms, "ticks": ticks, "viewer": viewer}
    return stamped(render(request, "runbooks/run_paper.html", shown, status=status))


def _fields(step: StepRun, kept: Kept) -> list[Field]:
    values, problems = (kept.values, kept.problems) if step.key == kept.form else ({}, {})
    return [
        Field(name, label, values.get(name, ""), problems.get(name, ""), is_required=is_required)
        for name, label, is_required in ASKED
    ]


def _instant(text: str) -> datetime | None:
    """As people write it down: a date and a time in UTC."""
    try:
        found = parse_datetime(text.strip().removesuffix("UTC").strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
