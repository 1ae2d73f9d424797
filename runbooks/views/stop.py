"""The page that stops all sending, and lifts it again: one click from every page for a commander."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from runbooks.models import Stop
from runbooks.queries.viewer import Viewer
from runbooks.services import stopping
from runbooks.services.errors import Invalid, Stale
from runbooks.services.who import Who
from runbooks.views.doors import decides, looks, viewer_of

EARLIER = 20


@looks
def stop(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    return _answer(request, viewer)


@decides
def set_now(request: HttpRequest, who: Who) -> HttpResponse:
    stopping.stop(who, reason=request.POST.get("reason", ""))
    return redirect("runbooks:stop")


@decides
def lift(request: HttpRequest, who: Who) -> HttpResponse:
    shown, reason = request.POST.get("stop", ""), request.POST.get("reason", "")
    try:
        # A number that is none is that of no stop: the service then says that the page is old.
        stopping.lift(who, int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 10 else -1, reason=reason)
    except Invalid as invalid:
        return _answer(request, viewer_of(request), problem=invalid.problems["reason"], reason=reason, status=422)
    except Stale as stale:
        return _answer(request, viewer_of(request), refused=str(stale), reason=reason, status=409)
    return redirect("runbooks:stop")


def _answer(
    request: HttpRequest, viewer: Viewer, *, problem: str = "", refused: str = "", reason: str = "", status: int = 200
) -> HttpResponse:
    shown = {
        "stop": stopping.current(),
        "earlier": Stop.objects.filter(is_on=False).select_related("set_by", "lifted_by")[:EARLIER],
        "viewer": viewer,
        "field": {"name": "reason", "problem": problem, "value": reason},
        "refused": refused,
    }
    return render(request, "runbooks/stop.html", shown, status=status)
