"""The drill schedule, and what came of the drills of one pair."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from dashboard import inventory
from runbooks.queries.drill_results import drills_page
from runbooks.queries.drill_schedule import drill_schedule, overdue
from runbooks.queries.viewer import Viewer
from runbooks.views.doors import looks


@looks
def drill_list(request: HttpRequest, _viewer: Viewer) -> HttpResponse:
    found = drill_schedule(timezone.now())
    return render(request, "runbooks/drill_list.html", {"standings": found, "overdue": overdue(found)})


@looks
def pair_drills(request: HttpRequest, _viewer: Viewer, pair: str) -> HttpResponse:
    entry = inventory.pair_entry(pair)
    if entry is None:
        raise Http404(f"the inventory in force has no pair {pair!r}")
    return render(request, "runbooks/pair_drills.html", {"page": drills_page(entry, timezone.now())})
