"""The first page: is anything wrong, and what should one do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.freshness import stamped
from dashboard.overview import overview as read_overview
from dashboard.standing import standings
from people.rights import Right, require


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    require(request.user, Right.LOOK)
    return render(request, "dashboard/overview.html", {"overview": read_overview(standings())})


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The same again for the open page; 204 while it would say the same."""
    require(request.user, Right.LOOK)
    found = read_overview(standings())
    if request.GET.get("tag") == found.tag:
        answer = HttpResponse(status=204)
    else:
        answer = render(request, "dashboard/_overview_live.html", {"overview": found})
    return stamped(answer, timezone.now(), found.read_at)
