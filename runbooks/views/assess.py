"""Is it an outage? And declaring that it is."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from clusters.declared import PairEntry
from dashboard import inventory
from runbooks.engine.states import IllegalMove
from runbooks.queries.assess import assess_page
from runbooks.queries.viewer import Viewer
from runbooks.services import incidents
from runbooks.services.errors import Invalid
from runbooks.services.who import Who
from runbooks.views.doors import decides, looks, viewer_of
from runbooks.views.run import Refused, stamped


@looks
def assess(request: HttpRequest, viewer: Viewer, pair: str, side: str) -> HttpResponse:
    return _answer(request, viewer, pair, side)


@looks
def live(request: HttpRequest, viewer: Viewer, pair: str, side: str) -> HttpResponse:
    page = assess_page(_entry(pair, side), side, viewer, timezone.now())
    if page is None or request.GET.get("tag") == page.tag:
        return stamped(HttpResponse(status=204))
    return stamped(render(request, "runbooks/assess_live.html", {"page": page}))


@decides
def declare(request: HttpRequest, who: Who, pair: str, side: str) -> HttpResponse:
    entry, reason = _entry(pair, side), request.POST.get("reason", "")
    try:
        incident = incidents.declare(who, entry.name, side, reason=reason)
    except Invalid as invalid:
        kept = {"reason": reason, "problem": invalid.problems.get("reason", "")}
        why = Refused("Not declared.", " ".join(invalid.problems.values()))
        return _answer(request, viewer_of(request), pair, side, kept=kept, refused=why, status=422)
    except IllegalMove as illegal:
        return _answer(
            request,
            viewer_of(request),
            pair,
            side,
            kept={"reason": reason},
            refused=Refused("Not declared.", str(illegal)),
            status=409,
        )
    return redirect("runbooks:incident", incident.pk)


def _answer(
    request: HttpRequest,
    viewer: Viewer,
    pair: str,
    side: str,
    *,
    kept: dict[str, str] | None = None,
    refused: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    entry = _entry(pair, side)
    page = assess_page(entry, side, viewer, timezone.now())
    shown = {"page": page, "entry": entry, "side": side, "kept": kept or {}, "refused": refused}
    return stamped(render(request, "runbooks/assess.html", shown, status=status))


def _entry(pair: str, side: str) -> PairEntry:
    entry = inventory.pair_entry(pair)
    if entry is None or side not in {each.name for each in entry.sides}:
        raise Http404(f"the inventory in force has no side {side!r} of a pair {pair!r}")
    return entry
