"""The audit pages. Rights are asked through Django's own API, because this package knows nothing of people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit import anchoring, export, pack, queries
from audit.entries import Entry, entries
from audit.forms import EventFilter
from audit.sentences import SENTENCES
from audit.verify import LIMITS

EXPORTED = 20_000  # of one filter; the whole record goes by `manage.py audit export`
FORMATS: dict[str, tuple[str, Callable[[Iterable[Entry]], Iterator[str]]]] = {
    "jsonl": ("application/jsonl", export.json_lines),
    "csv": ("text/csv; charset=utf-8", export.csv_lines),
}


@require_safe
def event_list(request: HttpRequest) -> HttpResponse:
    _require(request, "audit.read")
    form = EventFilter(request.GET)
    if not form.is_valid():
        return render(request, "audit/event_list.html", {"form": form, "kinds": SENTENCES}, status=422)
    page = queries.page(form.events(), beyond=_beyond(request), oldest_first=form.oldest_first)
    shown = {
        "form": form, "kinds": SENTENCES, "page": page, "consistency": queries.consistency(page.entries),
        "anchoring": anchoring.now(), "limits": LIMITS, "filter": _without(request, "beyond"), "exported": EXPORTED,
    }  # fmt: skip
    return render(request, "audit/event_list.html", shown)


@require_safe
def export_events(request: HttpRequest) -> HttpResponse:
    """The events of a filter, oldest first; beyond the limit it is refused, never cut without a word."""
    _require(request, "audit.export")
    form, name = EventFilter(request.GET), request.GET.get("format", "jsonl")
    if not form.is_valid() or name not in FORMATS:
        return _refused("This filter cannot be read; go back and correct it.")
    events = form.events().order_by("seq")
    if events.count() > EXPORTED:
        return _refused(f"More than {EXPORTED} events fit. Narrow the filter, or use `manage.py audit export`.")
    content_type, lines = FORMATS[name]
    disposition = {"Content-Disposition": f'attachment; filename="breakwater-audit.{name}"'}
    return HttpResponse(lines(entries(events)), content_type=content_type, headers=disposition)


@require_safe
def evidence_pack(request: HttpRequest) -> HttpResponse | FileResponse:
    """Everything recorded during a run, or in a period, as a folder that checks itself, zipped."""
    _require(request, "audit.export")
    form = EventFilter(request.GET)
    if not form.is_valid():
        return _refused("This run or period cannot be read; go back and correct it.")
    run, since, until = (form.cleaned_data[name] for name in ("run", "since", "until"))
    stretch = pack.of_run(run) if run else pack.of_period(since, until)
    if stretch is None:
        return _refused("Nothing was recorded then, so there is nothing to pack.")
    if stretch.last - stretch.first >= EXPORTED:
        return _refused(f"More than {EXPORTED} events lie there. Use `manage.py audit export DIR --run` or `--since`.")
    name = f"breakwater-run-{run}" if run else f"breakwater-{stretch.first}-{stretch.last}"
    return FileResponse(pack.zipped(stretch, name), as_attachment=True, filename=f"{name}.zip")


def _require(request: HttpRequest, permission: str) -> None:
    """Like Django's `permission_required`, and the user's own class says who may."""
    if not request.user.has_perm(permission):
        why_not = getattr(request.user, "why_not", None)
        raise PermissionDenied(why_not(permission) if why_not else "")


def _refused(said: str) -> HttpResponse:
    return HttpResponse(said, status=422, content_type="text/plain; charset=utf-8")


def _beyond(request: HttpRequest) -> int | None:
    asked = request.GET.get("beyond", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None


def _without(request: HttpRequest, name: str) -> str:
    kept = request.GET.copy()
    kept.pop(name, None)
    return kept.urlencode()
