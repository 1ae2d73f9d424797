"""The page of an incident: clocks, receipt, runs, the watch on groups that wake up, and what holds it open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from runbooks.engine.states import IllegalMove
from runbooks.forms import Kept, act_form
from runbooks.models import Incident
from runbooks.queries.incident_acts import incident_acts
from runbooks.queries.incidents import incident_page
from runbooks.queries.viewer import Viewer
from runbooks.services import incidents
from runbooks.services.errors import Invalid
from runbooks.services.who import Who
from runbooks.views.doors import decides, looks, viewer_of
from runbooks.views.run import Refused, stamped

NOTHING = Kept()


@looks
def incident(request: HttpRequest, viewer: Viewer, incident_id: int) -> HttpResponse:
    return _answer(request, viewer, incident_id)


@looks
def live(request: HttpRequest, viewer: Viewer, incident_id: int) -> HttpResponse:
    """What moves; 204 when nothing has."""
    page = incident_page(_found(incident_id), viewer, timezone.now())
    if request.GET.get("tag") == page.tag:
        return stamped(HttpResponse(status=204))
    return stamped(render(request, "runbooks/_incident_live.html", {"page": page}))


def _found(incident_id: int) -> Incident:
    return get_object_or_404(Incident.objects.select_related("declared_by", "closed_by"), pk=incident_id)


def _answer(
    request: HttpRequest,
    viewer: Viewer,
    incident_id: int,
    *,
    kept: Kept = NOTHING,
    refused: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    page = incident_page(_found(incident_id), viewer, timezone.now())
    forms = [act_form(act, f"incident-{act.act}", kept) for act in incident_acts(page)]
    shown = {"page": page, "forms": forms, "refused": refused}
    return stamped(render(request, "runbooks/incident.html", shown, status=status))


def decide(form: str, act: Callable[[Who, int, str], Any]) -> Callable[..., HttpResponse]:
    @decides
    def view(request: HttpRequest, who: Who, incident_id: int) -> HttpResponse:
        found, reason = get_object_or_404(Incident, pk=incident_id), request.POST.get("reason", "")
        try:
            act(who, found.pk, reason)
        except (Invalid, IllegalMove) as problem:
            problems = problem.problems if isinstance(problem, Invalid) else {}
            status = 422 if isinstance(problem, Invalid) else 409
            kept = Kept(form, {"reason": reason}, {name: text for name, text in problems.items() if name})
            why = Refused("Not done.", problems.get("", "") or str(problem))
            return _answer(request, viewer_of(request), incident_id, kept=kept, refused=why, status=status)
        return redirect("runbooks:incident", incident_id)

    return view


close = decide("close", lambda who, pk, reason: incidents.close(who, pk, reason=reason))
healthy = decide("healthy", lambda who, pk, reason: incidents.healthy(who, pk, reason=reason))
will_not_return = decide("will-not-return", lambda who, pk, reason: incidents.will_not_return(who, pk, reason=reason))
