"""How a request comes in: who may look, and how a service's refusal becomes a status."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from people.rights import Right, require
from runbooks.queries.viewer import Viewer
from runbooks.services.who import Who

P = ParamSpec("P")
# Positional-only, as Django calls a view: what a decorator wraps may call its request otherwise.
Looking = Callable[Concatenate[HttpRequest, Viewer, P], HttpResponse]
Deciding = Callable[Concatenate[HttpRequest, Who, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def viewer_of(request: HttpRequest) -> Viewer:
    """Forbidden for somebody who may not look at all."""
    require(request.user, Right.LOOK)
    if isinstance(request.user, AnonymousUser):  # `require` refuses these; said again for the type
        raise TypeError("nobody is signed in")
    return Viewer.of(request.user)


def looks(view: Looking[P]) -> View[P]:
    """A page: GET and HEAD, for those who may look."""

    @require_safe
    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, viewer_of(request), *args, **kwargs)

    return inner


def decides(view: Deciding[P]) -> View[P]:
    """A decision: POST alone. Whether it may be taken, the service says."""

    @require_POST
    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, Who.of(request), *args, **kwargs)

    return inner
