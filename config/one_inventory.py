"""A page is made by one inventory, read once, whatever is taken into force while it is made."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from dashboard import inventory

LOOKING = {"GET", "HEAD"}


def look_by_one(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware for looking alone: whoever decides is judged by the newest, at each question."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.method not in LOOKING:
            return get_response(request)
        with inventory.kept():
            return get_response(request)

    return answer
