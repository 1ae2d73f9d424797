"""Runs as a list, the inbox, and starting a run."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from clusters.declared import PairEntry
from dashboard import inventory
from people.rights import Right, require
from runbooks.engine.states import IllegalMove, Mode
from runbooks.models import DefinitionVersion, VersionState
from runbooks.queries.inbox import inbox as read_inbox
from runbooks.queries.run_list import run_lines, runs
from runbooks.queries.start import StartPage, start_page
from runbooks.queries.viewer import Viewer
from runbooks.services import runs as services
from runbooks.services.errors import Invalid, Stale
from runbooks.services.who import Who
from runbooks.views.doors import decides, looks, viewer_of
from runbooks.views.run import Refused, stamped

FILTERS = ("pair", "state", "mode")


@looks
def run_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    chosen = {name: request.GET.get(name, "") for name in FILTERS}
    page = Paginator(runs(**chosen), 25).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    shown = {
        "page": page,
        "lines": run_lines(list(page.object_list), viewer),
        "chosen": chosen,
        "modes": list(Mode),
        "pairs": sorted(inventory.in_force().pairs),
        "query": f"{query.urlencode()}&" if query else "",
    }
    return stamped(render(request, "runbooks/run_list.html", shown))


@looks
def inbox(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    return stamped(render(request, "runbooks/inbox.html", {"inbox": read_inbox(viewer), "now": timezone.now()}))


@looks
def new(request: HttpRequest, _viewer: Viewer, pair: str, slug: str) -> HttpResponse:
    """The form that starts a run, filled in for the side that the address names."""
    require(request.user, Right.COMMAND)
    page = start_page(_entry(pair), _version(slug), request.GET.get("side", ""), timezone.now())
    return render(request, "runbooks/run_new.html", {"page": page})


@decides
def start(request: HttpRequest, who: Who, pair: str, slug: str) -> HttpResponse:
    require(request.user, Right.COMMAND)  # before the form is judged: to anybody else it is not said what is missing
    entry, version = _entry(pair), _version(slug)
    page = start_page(entry, version, "", timezone.now(), said=request.POST)
    try:
        mode = Mode(request.POST.get("mode", ""))
        run = services.start_run(who, version.pk, entry.name, mode, page.values, page.incident_for(mode))
    except ValueError:
        return _again(request, page, Refused("Not started.", "Say whether it is live, a drill or a rehearsal."), 422)
    except Invalid as invalid:
        return _again(request, page, Refused("Not started.", " ".join(invalid.problems.values())), 422)
    except (Stale, IllegalMove) as stale:
        return _again(request, page, Refused("Not started.", str(stale)), 409)
    return redirect("runbooks:run", run.pk)


def _again(request: HttpRequest, page: StartPage, why: Refused, status: int) -> HttpResponse:
    viewer_of(request)
    return render(request, "runbooks/run_new.html", {"page": page, "refused": why}, status=status)


def _entry(pair: str) -> PairEntry:
    entry = inventory.pair_entry(pair)
    if entry is None:
        raise Http404(f"the inventory in force has no pair {pair!r}")
    return entry


def _version(slug: str) -> DefinitionVersion:
    return get_object_or_404(
        DefinitionVersion.objects.select_related("definition"), definition__slug=slug, state=VersionState.APPROVED
    )
