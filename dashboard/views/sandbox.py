"""Controls of simulated pairs, and of no others. Every switch is a POST, asks for its right, and is in the record."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.ledger import ledger
from dashboard import sandbox
from dashboard.sandbox import Controls, NotSandbox, SandboxError
from dashboard.sandbox_page import sandbox_page
from people.actor import web_actor
from people.rights import Right, may, require


@require_safe
def controls(request: HttpRequest) -> HttpResponse:
    require(request.user, Right.LOOK)
    pairs = sandbox.pairs()
    if not pairs:
        return render(request, "dashboard/sandbox.html", {"pairs": []})
    asked = request.GET.get("pair", next(iter(pairs)))
    shown = {
        "pairs": list(pairs),
        "page": sandbox_page(_controls(asked)),
        "may_switch": may(request.user, Right.SANDBOX_FAULTS),
    }
    return render(request, "dashboard/sandbox.html", shown)


@require_POST
def start_fault(request: HttpRequest, pair: str, fault: str) -> HttpResponse:
    side = request.POST.get("side", "")

    def start(controls: Controls) -> None:
        known = next((each for each in controls.faults() if each.name == fault), None)
        if known is None:
            raise SandboxError(f"there is no fault {fault}")
        controls.start(fault, side, sandbox.chosen(known, request.POST.dict()))

    return _switched(request, pair, "fault.started", fault, side, start)


@require_POST
def stop_fault(request: HttpRequest, pair: str, fault: str) -> HttpResponse:
    side = request.POST.get("side", "")
    return _switched(request, pair, "fault.stopped", fault, side, lambda controls: controls.stop(fault, side))


@require_POST
def reset(request: HttpRequest, pair: str) -> HttpResponse:
    return _switched(request, pair, "sandbox.reset", "", "", lambda controls: controls.reset())


def _switched(
    request: HttpRequest, pair: str, kind: str, fault: str, side: str, act: Callable[[Controls], None]
) -> HttpResponse:
    """In the record first, then done: no transaction is open while the sandbox is asked."""
    require(request.user, Right.SANDBOX_FAULTS)
    controls = _controls(pair)
    what = f"{fault} on {pair}" + (f" / {side}" if side else "") if fault else pair
    with ledger(web_actor(request)) as book:
        book.add(kind, object=what, facts={"pair": pair, "fault": fault, "side": side})
    try:
        act(controls)
    except (SandboxError, ValueError) as error:
        messages.error(request, f"{what}: {error}. Nothing was switched.")
        with ledger(web_actor(request)) as book:
            book.add("fault.refused" if fault else "reset.refused", object=what, facts={"said": str(error)})
    return HttpResponseRedirect(f"{reverse('dashboard:sandbox')}?pair={pair}#{'faults' if fault else 'main'}")


def _controls(pair: str) -> Controls:
    try:
        return Controls(pair)
    except NotSandbox as error:
        raise Http404(str(error)) from error
