"""Verified exceptions of a pair: everybody reads them, an admin records and revokes them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from audit.clock import database_now
from dashboard import inventory
from people.rights import Right, may
from runbooks.forms import Field
from runbooks.models import RecordedException
from runbooks.queries.viewer import Viewer
from runbooks.services import exceptions
from runbooks.services.errors import Invalid, Stale
from runbooks.services.who import Who
from runbooks.views.doors import decides, looks

LABELS = {"why": "What was verified, and how", "reference": "What the vendor said, and where"}


@looks
def exception_list(request: HttpRequest, viewer: Viewer, pair: str) -> HttpResponse:
    return _page(request, pair)


@decides
def record(request: HttpRequest, who: Who, pair: str) -> HttpResponse:
    said = request.POST
    days = said.get("days", "")
    try:
        exceptions.record(
            who, pair, operation=said.get("operation", ""), why=said.get("why", ""),
            reference=said.get("reference", ""), days=int(days) if days in map(str, exceptions.LASTS_DAYS) else 0,
        )  # fmt: skip
    except Invalid as invalid:
        return _page(request, pair, problems=invalid.problems, status=422)
    return redirect("runbooks:exception-list", pair)


@decides
def revoke(request: HttpRequest, who: Who, exception_id: int) -> HttpResponse:
    found = get_object_or_404(RecordedException, pk=exception_id)
    try:
        exceptions.revoke(who, found.pk, reason=request.POST.get("reason", ""))
    except Invalid as invalid:
        return _page(request, found.pair, problems={"": invalid.problems["reason"]}, status=422)
    except Stale as stale:
        return _page(request, found.pair, problems={"": str(stale)}, status=409)
    return redirect("runbooks:exception-list", found.pair)


def _page(
    request: HttpRequest, pair: str, *, problems: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    entry = inventory.pair_entry(pair)
    if entry is None:
        raise Http404(f"the inventory in force has no pair {pair!r}")
    wrong, said = problems or {}, request.POST
    shown = {
        "entry": entry,
        "rows": RecordedException.objects.filter(pair=pair).select_related("recorded_by", "revoked_by"),
        "now": database_now(),
        "operations": exceptions.operations(),
        "lasts": exceptions.LASTS_DAYS,
        "said": said,
        "fields": [Field(key, label, said.get(key, ""), wrong.get(key, "")) for key, label in LABELS.items()],
        "wrong": [text for key, text in wrong.items() if key not in LABELS],
        "may_record": may(request.user, Right.RECORD_EXCEPTION),
    }
    return render(request, "runbooks/exceptions.html", shown, status=status)
