"""Decisions about a run as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from runbooks.engine.states import IllegalMove
from runbooks.forms import Said
from runbooks.models import Run
from runbooks.services import runs
from runbooks.services.errors import Invalid, Stale
from runbooks.services.who import Who
from runbooks.views.doors import decides
from runbooks.views.run import Refused, refusal, refused


def decide(act: Callable[[Who, int, Said], Any]) -> Callable[..., HttpResponse]:
    @decides
    def view(request: HttpRequest, who: Who, run_id: int) -> HttpResponse:
        said, run = Said.of(request), get_object_or_404(Run, pk=run_id)
        try:
            act(who, run.pk, said)
        except Invalid as invalid:
            why = refusal(invalid)
            return refused(request, run_id, "", said.kept(invalid.problems), why, 422)
        except (Stale, IllegalMove) as stale:
            return refused(request, run_id, "", said.kept({}), Refused("The page was out of date.", str(stale)), 409)
        return redirect(f"{reverse('runbooks:run', args=[run_id])}#step-title")

    return view


@decide
def pause(who: Who, run_id: int, said: Said) -> None:
    runs.pause(who, run_id, reason=said.reason)


@decide
def resume(who: Who, run_id: int, _said: Said) -> None:
    runs.resume(who, run_id)


@decide
def abort(who: Who, run_id: int, said: Said) -> None:
    runs.abort(who, run_id, reason=said.reason)


@decide
def take_command(who: Who, run_id: int, said: Said) -> None:
    runs.take_command(who, run_id, reason=said.reason)


@decide
def adopt_inventory(who: Who, run_id: int, said: Said) -> None:
    runs.adopt_inventory(who, run_id, digest=said.digest, reason=said.reason)
