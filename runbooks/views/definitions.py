"""The library of runbooks: read, write, submit, judge, retire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_date

from people.rights import Right
from runbooks.engine.schema import schema
from runbooks.engine.states import IllegalMove
from runbooks.models import Definition, DefinitionVersion
from runbooks.queries.definitions import CHIPS, acts, changes, library, read_text
from runbooks.queries.viewer import Viewer
from runbooks.services import definitions
from runbooks.services.errors import Invalid, Stale
from runbooks.services.who import Who
from runbooks.views.doors import decides, looks, viewer_of
from runbooks.views.run import Refused


@looks
def definition_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    return render(
        request,
        "runbooks/definition_list.html",
        {"lines": library(), "may_write": Right.WRITE_DEFINITION in viewer.rights},
    )


@looks
def grammar(request: HttpRequest, _viewer: Viewer) -> HttpResponse:
    return render(request, "runbooks/definition_help.html", {"schema": schema()})


@looks
def definition(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    return _definition(request, viewer, slug)


def _definition(
    request: HttpRequest, viewer: Viewer, slug: str, *, refused: Refused | None = None, status: int = 200
) -> HttpResponse:
    found = get_object_or_404(Definition, slug=slug)
    versions = found.versions.select_related("author", "approved_by")
    shown = {
        "definition": found,
        "versions": [(version, CHIPS[version.state]) for version in versions],
        "refused": refused,
        "may_write": Right.WRITE_DEFINITION in viewer.rights,
        "may_retire": Right.APPROVE_DEFINITION in viewer.rights and not found.retired,
    }
    return render(request, "runbooks/definition.html", shown, status=status)


@looks
def version(request: HttpRequest, viewer: Viewer, slug: str, number: int) -> HttpResponse:
    return _version(request, viewer, slug, number)


def _version(
    request: HttpRequest, viewer: Viewer, slug: str, number: int, *, refused: Refused | None = None, status: int = 200
) -> HttpResponse:
    found = _found(slug, number)
    view = read_text(found.text)
    shown = {
        "version": found,
        "chip": CHIPS[found.state],
        "view": view,
        "refused": refused,
        "kept": request.POST,
        "changes": changes(found, found.definition, found.text),
        "acts": acts(found, viewer, view),
    }
    return render(request, "runbooks/version.html", shown, status=status)


def _found(slug: str, number: int) -> DefinitionVersion:
    versions = DefinitionVersion.objects.select_related("definition", "author", "approved_by")
    return get_object_or_404(versions, definition__slug=slug, number=number)


def decide(act: Callable[[Who, DefinitionVersion, HttpRequest], Any]) -> Callable[..., HttpResponse]:
    @decides
    def view(request: HttpRequest, who: Who, slug: str, number: int) -> HttpResponse:
        found = _found(slug, number)
        try:
            act(who, found, request)
        except Invalid as invalid:
            why = Refused("Not done.", " ".join(invalid.problems.values()))
            return _version(request, viewer_of(request), slug, number, refused=why, status=422)
        except (Stale, IllegalMove) as stale:
            why = Refused("The page was out of date.", str(stale))
            return _version(request, viewer_of(request), slug, number, refused=why, status=409)
        return redirect("runbooks:version", slug, number)

    return view


@decide
def submit(who: Who, version: DefinitionVersion, _request: HttpRequest) -> None:
    definitions.submit(who, version.pk)


@decide
def approve(who: Who, version: DefinitionVersion, request: HttpRequest) -> None:
    definitions.approve(who, version.pk, digest=request.POST.get("digest", ""), review_by=_day(request))


@decide
def reject(who: Who, version: DefinitionVersion, request: HttpRequest) -> None:
    definitions.reject(who, version.pk, digest=request.POST.get("digest", ""), reason=request.POST.get("reason", ""))


def _day(request: HttpRequest) -> date | None:
    said = request.POST.get("review_by", "").strip()
    try:
        found = parse_date(said) if said else None
    except ValueError:
        found = None
    if said and found is None:
        raise Invalid({"review_by": f"{said!r} is not a day: write it as 2027-05-20, or leave it empty."})
    return found


@decides
def retire(request: HttpRequest, who: Who, slug: str) -> HttpResponse:
    get_object_or_404(Definition, slug=slug)
    try:
        definitions.retire(who, slug, reason=request.POST.get("reason", ""))
    except Invalid as invalid:
        why = Refused("Not done.", " ".join(invalid.problems.values()))
        return _definition(request, viewer_of(request), slug, refused=why, status=422)
    return redirect("runbooks:definition", slug)
