"""The first page of an account for break-glass, and the review that is owed for each use of one."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from audit.queries import events_of_person
from people import glass
from people.actor import web_actor
from people.models import Account, BrokenGlass
from people.rights import Right, may, require
from people.services import Refused
from people.views.sign_in import READ_OR_POST, landing


@never_cache
@require_http_methods(READ_OR_POST)
def break_glass(request: HttpRequest) -> HttpResponse:
    """Say why, and only then act."""
    account = _account(request)
    if request.method != "POST":
        return _page(request, account)
    try:
        glass.break_glass(web_actor(request), account, request.POST.get("reason", ""))
    except glass.Unsaid as unsaid:
        return _page(request, account, problem=str(unsaid), status=422)
    return redirect(landing(request))


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    account = _account(request)
    glass.is_for_it(account)
    glass.end(web_actor(request), account)
    return redirect("people:break-glass")


@never_cache
@require_http_methods(READ_OR_POST)
def review(request: HttpRequest, glass_id: int) -> HttpResponse:
    """What was done with it, in order, and another person's word on that."""
    require(request.user, Right.LOOK)
    broken = get_object_or_404(BrokenGlass.objects.select_related("person", "reviewed_by", "account"), pk=glass_id)
    if request.method != "POST":
        return _review(request, broken)
    try:
        glass.review(web_actor(request), _account(request), broken.pk, request.POST.get("found", ""))
    except glass.Unsaid as unsaid:
        return _review(request, broken, problem=str(unsaid), status=422)
    except Refused as refused:
        return _review(request, broken, refused=str(refused), status=409)
    return redirect("people:break-glass-review", broken.pk)


def _account(request: HttpRequest) -> Account:
    if not isinstance(request.user, Account):  # the middleware sends strangers to sign in; said again for the type
        raise PermissionDenied
    return request.user


def _page(request: HttpRequest, account: Account, *, problem: str = "", status: int = 200) -> HttpResponse:
    require(account, Right.LOOK)
    shown = {
        "account": account,
        "broken": glass.of(account) if account.is_break_glass else None,
        "hours": glass.LASTS // timedelta(hours=1),
        "next": request.POST.get("next", request.GET.get("next", "")),
        "field": {"name": "reason", "problem": problem, "value": request.POST.get("reason", "")},
    }
    return render(request, "people/break_glass.html", shown, status=status)


def _review(
    request: HttpRequest, broken: BrokenGlass, *, problem: str = "", refused: str = "", status: int = 200
) -> HttpResponse:
    account = _account(request)
    events = events_of_person(
        str(broken.person.public_id), account=str(broken.account.public_id), since=broken.opened_at,
        until=broken.ended_at or broken.ends_at,
    )  # fmt: skip
    shown = {
        "broken": broken,
        "events": events,
        "may_review": may(account, Right.REVIEW_BREAK_GLASS) and account.person_id != broken.person_id,
        "field": {"name": "found", "problem": problem, "value": request.POST.get("found", "")},
        "refused": refused,
    }
    return render(request, "people/break_glass_review.html", shown, status=status)
