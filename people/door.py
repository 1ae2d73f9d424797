"""Nobody sees a page without signing in first; afterwards one is where one was."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

READS = frozenset({"GET", "HEAD"})


class SignInFirst(LoginRequiredMiddleware):
    """A form that was sent after its session ended leads back to the page it stood on, which can be looked at."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:  # noqa: ANN401  (Django's)
        if request.method in READS:
            return super().handle_no_permission(request, view_func)
        return redirect_to_login(_page_of(request), resolve_url(self.get_login_url(view_func)))


def _page_of(request: HttpRequest) -> str:
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    found = urlsplit(came_from)
    return f"{found.path}?{found.query}" if found.query else found.path
