"""The page of a run, what of it refreshes, and its evidence as files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from runbooks.forms import Kept, page_forms
from runbooks.models import Run, StepRun
from runbooks.queries.run_page import RunPage, run_page
from runbooks.queries.viewer import Viewer
from runbooks.services import nonces, preflights
from runbooks.services.errors import Invalid, NotProved
from runbooks.services.who import Who
from runbooks.views.doors import decides, looks, viewer_of

NOTHING = Kept()


@dataclass(frozen=True)
class Refused:
    """What a service said, for the top of the page that answers."""

    title: str
    text: str
    takes_focus: bool = True  # not where a field of the form does
    must_prove: bool = False  # who one is, again


def refusal(invalid: Invalid) -> Refused:
    """What concerns the whole is said at the top of the page; what concerns a field, beside the field."""
    whole = invalid.problems.get("", "")
    said = whole or "Something in the form needs a second look."
    return Refused("Not done.", said, takes_focus=bool(whole), must_prove=isinstance(invalid, NotProved))


@looks
def run(request: HttpRequest, viewer: Viewer, run_id: int) -> HttpResponse:
    return answer(request, viewer, _run(run_id), step=request.GET.get("step", ""))


@looks
def live(request: HttpRequest, viewer: Viewer, run_id: int) -> HttpResponse:
    """What refreshes. 204 when the page shows it already; the forms only while nobody works in them."""
    page = _page(_run(run_id), viewer, request.GET.get("step", ""))
    is_held = request.GET.get("hold") == "1"
    has_old_forms = request.GET.get("panel", page.panel_tag) != page.panel_tag
    if request.GET.get("tag") == page.tag and (is_held or not has_old_forms):
        return stamped(HttpResponse(status=204))
    shown = {"page": page, "with_panel": has_old_forms and not is_held}
    if shown["with_panel"]:
        shown["forms"] = page_forms(page, _nonce(request, page), NOTHING)
    return stamped(render(request, "runbooks/run_live.html", shown))


@decides
def watch(_request: HttpRequest, who: Who, run_id: int, key: str) -> HttpResponse:
    """Somebody looks at an open step: its preflight is kept fresh."""
    preflights.want(who, get_object_or_404(StepRun, run=run_id, key=key).pk)
    return HttpResponse(status=204)


def answer(
    request: HttpRequest,
    viewer: Viewer,
    run: Run,
    *,
    step: str = "",
    kept: Kept = NOTHING,
    refused: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page, for a GET and for a POST that was refused."""
    page = _page(run, viewer, step)
    shown = {"page": page, "forms": page_forms(page, _nonce(request, page), kept), "refused": refused}
    return stamped(render(request, "runbooks/run.html", shown, status=status))


def refused(request: HttpRequest, run_id: int, step: str, kept: Kept, why: Refused, status: int) -> HttpResponse:
    return answer(request, viewer_of(request), _run(run_id), step=step, kept=kept, refused=why, status=status)


def _page(run: Run, viewer: Viewer, step: str) -> RunPage:
    try:
        return run_page(run, viewer, timezone.now(), step_key=step)
    except LookupError as missing:
        raise Http404(str(missing)) from missing


def _run(run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("version__definition", "commander", "incident"), pk=run_id)


def _nonce(request: HttpRequest, page: RunPage) -> partial[str]:
    return partial(nonces.issue, Who.of(request), page.card.rows.step)


def stamped(answer: HttpResponse) -> HttpResponse:
    """The page's clocks run on the server's time; nothing of this is kept by a browser or a proxy."""
    answer["X-Server-Time"] = str(int(timezone.now().timestamp() * 1000))
    answer["Cache-Control"] = "no-store"
    return answer
