"""The page for quiet days: could this pair be failed over now?"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from dashboard import inventory
from runbooks.queries.readiness import readiness_page
from runbooks.queries.viewer import Viewer
from runbooks.views.doors import looks


@looks
def readiness(request: HttpRequest, viewer: Viewer, pair: str) -> HttpResponse:
    entry = inventory.pair_entry(pair)
    if entry is None:
        raise Http404(f"the inventory in force has no pair {pair!r}")
    return render(request, "runbooks/readiness.html", {"page": readiness_page(entry, timezone.now())})
