"""What no cluster can tell of the clients of a pair: everybody reads it, and who has the right enters it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import database_now
from clusters.declared import PairEntry
from dashboard import attestations, inventory
from dashboard.attestation_page import Asked, client_lines, one_line, reply_of
from dashboard.forms import AttestForm
from people.actor import web_actor
from people.models import Account
from people.rights import Right, may, require


@require_safe
def attestation_list(request: HttpRequest, pair: str) -> HttpResponse:
    require(request.user, Right.LOOK)
    entry = _entry(pair)
    shown = {"entry": entry, "clients": client_lines(entry, database_now())}
    return render(request, "dashboard/attestations.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def attestation(request: HttpRequest, pair: str, client: str, statement: str) -> HttpResponse:
    """One question to one client: what was said, all of it, and a form for what is said now."""
    account = _account(request)
    require(account, Right.ATTEST if request.method == "POST" else Right.LOOK)
    entry = _entry(pair)
    line = one_line(entry, client, statement, database_now())
    if line is None:
        raise Http404(f"nothing is asked of {client} as {statement}")
    if request.method != "POST":
        return _page(request, entry, line, AttestForm(line.asks, initial=_before(line, account)))
    form = AttestForm(line.asks, request.POST)
    if not form.is_valid():
        return _page(request, entry, line, form, status=422)
    asked = form.cleaned_data
    try:
        attestations.give(
            web_actor(request), account, entry, client, line.asks, asked["reply"], asked["said"], asked["owner"],
            asked["days"],
        )  # fmt: skip
    except attestations.Unusable as unusable:
        form.add_error(None, str(unusable))
        return _page(request, entry, line, form, status=422)
    return redirect("dashboard:attestation-list", pair)


def _before(line: Asked, account: Account) -> dict[str, object]:
    """The same owner as before; who is asked again says it again."""
    newest = line.newest
    return {"owner": newest.owner_id if newest and newest.owner.active else account.person_id}


def _page(request: HttpRequest, entry: PairEntry, line: Asked, form: AttestForm, *, status: int = 200) -> HttpResponse:
    shown = {
        "entry": entry,
        "line": line,
        "said": [(row, reply_of(line.asks, row.reply)) for row in line.said],
        "form": form,
        "may_attest": may(request.user, Right.ATTEST),
    }
    return render(request, "dashboard/attestation.html", shown, status=status)


def _entry(pair: str) -> PairEntry:
    entry = inventory.pair_entry(pair)
    if entry is None:
        raise Http404(f"the inventory in force has no pair {pair}")
    return entry


def _account(request: HttpRequest) -> Account:
    if not isinstance(request.user, Account):  # the middleware sends strangers to sign in; said again for the type
        raise PermissionDenied
    return request.user
