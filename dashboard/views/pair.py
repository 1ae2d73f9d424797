"""One pair: the drawing, the vantage points, mirrors, groups, trend and facts, each part refreshed by itself."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.freshness import stamped
from dashboard.mirrors import COLUMNS, MirrorTable, mirror_table
from dashboard.pair_page import pair_page
from dashboard.standing import PairStanding, standing
from people.rights import Right, require


@require_safe
def pair(request: HttpRequest, pair: str) -> HttpResponse:
    found = _found(request, pair)
    table = mirror_table(found, request.GET)
    shown = {"page": pair_page(found), "table": table, "table_tag": _tag(table, found), "columns": COLUMNS}
    return render(request, "dashboard/pair.html", shown)


@require_safe
def live(request: HttpRequest, pair: str) -> HttpResponse:
    """Everything but the mirrors; 204 while it would say the same."""
    page = pair_page(_found(request, pair))
    if request.GET.get("tag") == page.tag:
        answer = HttpResponse(status=204)
    else:
        answer = render(request, "dashboard/_pair_live.html", {"page": page, "oob": True})
    return stamped(answer, timezone.now(), page.read_at)


@require_safe
def mirrors(request: HttpRequest, pair: str) -> HttpResponse:
    """The rows of the table, by the same filter; 204 while they would say the same."""
    found = _found(request, pair)
    table = mirror_table(found, request.GET)
    tag = _tag(table, found)
    if request.GET.get("tag") == tag:
        answer = HttpResponse(status=204)
    else:
        answer = render(request, "dashboard/_mirrors.html", {"page": {"pair": found}, "table": table, "table_tag": tag})
    return stamped(answer, timezone.now(), _mirrors_at(found))


def _found(request: HttpRequest, pair: str) -> PairStanding:
    require(request.user, Right.LOOK)
    found = standing(pair)
    if found is None:
        raise Http404(f"the inventory in force has no pair {pair}")
    return found


def _mirrors_at(pair: PairStanding) -> dict[str, datetime]:
    return {f"{pair.entry.name}/{side.name}": side.mirrors_at for side in pair.sides if side.mirrors_at}


def _tag(table: MirrorTable, pair: PairStanding) -> str:
    """Rows without their age, which counts on by itself, and without the drawn trend, which slides with time."""
    rows = [
        (line.key, line.kind, line.status, line.note, line.max_lag, line.total_lag, line.unknown_lag, line.fetched)
        for line in table.lines
    ]
    said = repr((rows, table.page.paginator.count, [side.has_fresh_mirrors for side in pair.sides]))
    return hashlib.sha256(said.encode()).hexdigest()[:16]
