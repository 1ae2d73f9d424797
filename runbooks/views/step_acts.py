"""Decisions about a step. Each view hands what the form said to one service; a refusal shows the page again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from runbooks.engine.states import IllegalMove
from runbooks.forms import Said
from runbooks.models import StepRun
from runbooks.services import decisions, recovery, waiving
from runbooks.services.errors import Invalid, Stale
from runbooks.services.who import Who
from runbooks.views.doors import decides
from runbooks.views.run import Refused, refusal, refused

Act = Callable[[Who, StepRun, Said], Any]


def decide(act: Act) -> Callable[..., HttpResponse]:
    """409 when the page was older than the run, 422 when what was said cannot be used; what was typed is kept."""

    @decides
    def view(request: HttpRequest, who: Who, run_id: int, key: str) -> HttpResponse:
        step, said = get_object_or_404(StepRun, run=run_id, key=key), Said.of(request)
        try:
            act(who, step, said)
        except Invalid as invalid:
            why = refusal(invalid)
            return refused(request, run_id, key, said.kept(invalid.problems), why, 422)
        except (Stale, IllegalMove) as stale:
            return refused(
                request, run_id, "", said.kept({}), Refused("The page was out of date.", _sentence(stale)), 409
            )
        return redirect(f"{reverse('runbooks:run', args=[run_id])}#step-title")

    return view


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


@decide
def request(who: Who, step: StepRun, said: Said) -> None:
    decisions.request_step(
        who, step.pk, fence=said.fence, digest=said.digest, nonce=said.nonce, phrase=said.phrase, inputs=said.inputs
    )


@decide
def run_now(who: Who, step: StepRun, said: Said) -> None:
    decisions.i_run_it_now(
        who, step.pk, fence=said.fence, digest=said.digest, nonce=said.nonce, phrase=said.phrase, inputs=said.inputs
    )


@decide
def approve(who: Who, step: StepRun, said: Said) -> None:
    decisions.approve(
        who, step.pk, fence=said.fence, digest=said.digest, nonce=said.nonce, phrase=said.phrase, reason=said.reason
    )


@decide
def decline(who: Who, step: StepRun, said: Said) -> None:
    decisions.decline(who, step.pk, fence=said.fence, digest=said.digest, nonce=said.nonce, reason=said.reason)


@decide
def withdraw(who: Who, step: StepRun, said: Said) -> None:
    decisions.withdraw(who, step.pk, fence=said.fence)


@decide
def skip(who: Who, step: StepRun, said: Said) -> None:
    recovery.skip(who, step.pk, fence=said.fence, reason=said.reason)


@decide
def rearm(who: Who, step: StepRun, said: Said) -> None:
    recovery.rearm(who, step.pk, fence=said.fence, reason=said.reason)


@decide
def override(who: Who, step: StepRun, said: Said) -> None:
    recovery.override(who, step.pk, fence=said.fence, guard=said.guard, reason=said.reason)


@decide
def waive(who: Who, step: StepRun, said: Said) -> None:
    waiving.waive_approval(who, step.pk, fence=said.fence, reason=said.reason)


@decide
def acknowledge(who: Who, step: StepRun, said: Said) -> None:
    recovery.acknowledge_drift(who, step.pk, why=said.why, reason=said.reason)


@decide
def let_go(who: Who, step: StepRun, said: Said) -> None:
    recovery.let_go(who, step.pk, fence=said.fence, reason=said.reason)


@decide
def look(who: Who, step: StepRun, said: Said) -> None:
    recovery.look_again(who, step.pk, fence=said.fence)
