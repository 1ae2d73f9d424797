"""What is known of pairs and their readiness, as Prometheus text, for scrapers with the token and who is signed in.

Labels are names of the inventory and codes of checks alone. What is not known has no line: an absent series is not 0.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from clusters.readiness import Answer, Standing
from dashboard import inventory
from dashboard.models import ReadinessNow, ReadinessState, Reading
from dashboard.readiness import EVERY
from runbooks.queries.drill_schedule import drill_schedule

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BELIEVED_FOR = 4 * EVERY  # what was judged before says nothing of now
Sample = tuple[dict[str, str], float]


@login_not_required
@require_GET
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_has_token(request) or request.user.is_authenticated):
        if "Authorization" in request.headers:
            return HttpResponse("the token is not the one in METRICS_TOKEN\n", CONTENT_TYPE, status=401)
        return redirect_to_login(request.get_full_path())
    return HttpResponse(page(timezone.now()), CONTENT_TYPE)


def _has_token(request: HttpRequest) -> bool:
    given, wanted = request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(given.encode(), wanted.encode())


def page(now: datetime) -> str:
    pairs = frozenset(inventory.in_force().pairs)
    lines = [line for name, about, samples in _families(pairs, now) for line in _family(name, about, samples)]
    return "".join(f"{line}\n" for line in lines)


def _families(pairs: frozenset[str], now: datetime) -> Iterator[tuple[str, str, list[Sample]]]:
    readings = list(Reading.objects.filter(pair__in=pairs).order_by("pair", "side"))
    yield (
        "side_reachable",
        "1 where the side answered when it was read last.",
        [(_side(row), float(row.reachable)) for row in readings],
    )
    yield (
        "side_read_timestamp_seconds",
        "When the side was read last.",
        [(_side(row), row.read_at.timestamp()) for row in readings],
    )
    states = list(ReadinessState.objects.filter(pair__in=pairs, judged_at__isnull=False).order_by("pair"))
    yield (
        "readiness_judged_timestamp_seconds",
        "When readiness of the pair was judged last.",
        [({"pair": row.pair}, row.judged_at.timestamp()) for row in states if row.judged_at],
    )
    fresh = [row for row in states if row.judged_at and now - row.judged_at <= BELIEVED_FOR]
    yield (
        "readiness_answer",
        "Could the pair be failed over now? 1 for the answer that holds, by its name.",
        [
            ({"pair": row.pair, "answer": answer.name}, float(row.answer == answer.name))
            for row in fresh
            for answer in Answer
        ],
    )
    yield "readiness_check", "1 for the standing that a readiness check has, while both sides answer.", _checks(fresh)
    yield (
        "drill_timestamp_seconds",
        "When a drill of the pair was last gone through to its end.",
        [
            ({"pair": one.pair}, one.run.finished_at.timestamp())
            for one in drill_schedule(now)
            if one.run is not None and one.run.finished_at is not None
        ],
    )


def _side(row: Reading) -> dict[str, str]:
    return {"pair": row.pair, "side": row.side}


def _checks(fresh: Iterable[ReadinessState]) -> list[Sample]:
    answering = [row.pair for row in fresh if row.answer != Answer.NOT_NOW.name]
    rows = ReadinessNow.objects.filter(pair__in=answering).order_by("pair", "code")
    return [
        ({"pair": row.pair, "code": row.code, "level": row.weight, "standing": standing.name}, 1.0)
        for row in rows
        for standing in Standing
        if row.standing == standing.name
    ]


def _family(name: str, about: str, samples: list[Sample]) -> Iterator[str]:
    yield f"# HELP breakwater_{name} {about}"
    yield f"# TYPE breakwater_{name} gauge"
    for labels, value in samples:
        said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"breakwater_{name}{{{said}}} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
