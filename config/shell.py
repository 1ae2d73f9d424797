"""The part of every page that refreshes by itself: what is down, how fresh the console is, what waits."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from config.context import read_shell
from dashboard.freshness import stamped


@require_GET
def refresh(request: HttpRequest) -> HttpResponse:
    """204 while the shell has nothing new to say; the page's own clocks move on."""
    shell = read_shell(request)
    is_known = request.GET.get("tag") == shell.tag
    answer = (
        HttpResponse(status=204)
        if is_known
        else render(request, "components/_shell.html", {"shell": shell, "oob": True})
    )
    return stamped(answer, shell.now, {"feed": shell.standing.read_at} if shell.standing.read_at else {})
