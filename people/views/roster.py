"""The People page: who is here, which roles they hold. The services decide who may change it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from audit.ledger import Actor
from people import services
from people.actor import web_actor
from people.forms import AddPersonForm
from people.models import Account, Person, Role
from people.rights import RIGHTS, WHAT, Right, require


@require_safe
def person_list(request: HttpRequest) -> HttpResponse:
    require(request.user, Right.LOOK)
    return _list(request, AddPersonForm(label_suffix=""))


@require_POST
@never_cache
def add_person(request: HttpRequest) -> HttpResponse:
    require(request.user, Right.MANAGE_PEOPLE)
    form = AddPersonForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _list(request, form, status=422)
    asked = form.cleaned_data
    try:
        account = services.add_person(web_actor(request), asked["name"], asked["roles"], username=asked["username"])
    except services.Refused as refused:
        form.add_error(None, str(refused))
        return _list(request, form, status=422)
    return _link(request, account)


@require_POST
def add_account(request: HttpRequest, person: UUID) -> HttpResponse:
    username, is_break_glass = request.POST.get("username", ""), "is_break_glass" in request.POST
    return _change(
        request,
        person,
        lambda actor, whom: services.add_account(actor, whom, username, is_break_glass=is_break_glass),
    )


@require_POST
def grant_role(request: HttpRequest, person: UUID, role: str) -> HttpResponse:
    return _change(request, person, lambda actor, whom: services.grant_role(actor, whom, role))


@require_POST
def revoke_role(request: HttpRequest, person: UUID, role: str) -> HttpResponse:
    return _change(request, person, lambda actor, whom: services.revoke_role(actor, whom, role))


@require_POST
def deactivate(request: HttpRequest, person: UUID) -> HttpResponse:
    return _change(request, person, services.deactivate)


@require_POST
def activate(request: HttpRequest, person: UUID) -> HttpResponse:
    return _change(request, person, services.activate)


@require_POST
@never_cache
def make_password_link(request: HttpRequest, account: UUID) -> HttpResponse:
    require(request.user, Right.MANAGE_PEOPLE)
    return _link(request, get_object_or_404(Account, public_id=account))


def _change(request: HttpRequest, person: UUID, change: Callable[[Actor, Person], object]) -> HttpResponse:
    require(request.user, Right.MANAGE_PEOPLE)  # before the look-up, so that nobody learns who exists
    try:
        change(web_actor(request), get_object_or_404(Person, public_id=person))
    except services.Refused as refused:
        messages.error(request, str(refused))
    return redirect("people:person-list")


def _link(request: HttpRequest, account: Account) -> HttpResponse:
    """The link is shown here once; the page is stored nowhere."""
    link = request.build_absolute_uri(services.make_password_link(web_actor(request), account))
    return render(request, "people/password_link.html", {"account": account, "link": link})


def _list(request: HttpRequest, form: AddPersonForm, *, status: int = 200) -> HttpResponse:
    people = Person.objects.prefetch_related("grants", "accounts")
    roles = {role: [WHAT[right] for right in WHAT if right in RIGHTS[role]] for role in Role.values}
    return render(request, "people/person_list.html", {"people": people, "form": form, "roles": roles}, status=status)
