"""Two questions for whoever watches the console: is the process alive, and can it serve?"""

from __future__ import annotations

import logging

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard.models import SideLease

log = logging.getLogger(__name__)
BROKER_TIMEOUT = 1.0  # seconds
KEEPS = "noeviction"  # refuses new messages rather than forget old ones


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing of anybody else, so a dead database does not get the console restarted."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """The database is there and as this release expects it. The broker is reported, never required: work goes on
    without it. Reasons stand in the log alone, since anybody may ask and an error can name a host."""
    database = database_state()
    body: dict[str, str | int | bool | None] = {
        "ready": database == "ok",
        "database": database,
        "broker": broker_state(),
    }
    if body["ready"]:
        body["seconds_since_last_poll"] = seconds_since_last_poll()
    return JsonResponse(body, status=200 if body["ready"] else 503)


def database_state() -> str:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        log.warning("the database does not answer: %s", error)
        return "does not answer"
    return f"{len(waiting)} migrations are not applied: run manage.py migrate" if waiting else "ok"


def seconds_since_last_poll() -> int | None:
    """How long ago a worker or the executor last finished reading a side; None where nothing was read yet."""
    finished = SideLease.objects.aggregate(latest=Max("finished_at"))["latest"]
    return None if finished is None else round((timezone.now() - finished).total_seconds())


def broker_state() -> str:
    limits = {"socket_timeout": BROKER_TIMEOUT, "socket_connect_timeout": BROKER_TIMEOUT}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **limits) as client:
            client.ping()
            policy = _when_full(client)
    except (redis.RedisError, OSError) as error:
        log.warning("the broker does not answer: %s", error)
        return "does not answer; run_executor carries on without it"
    if policy in {KEEPS, ""}:
        return "ok"
    return f"maxmemory-policy is {policy}: when it is full it throws messages away unseen; set {KEEPS}"


def _when_full(client: redis.Redis) -> str:
    """What it does when its memory is used up; empty where it does not let us ask, as managed ones may not."""
    try:
        return str(client.config_get("maxmemory-policy").get("maxmemory-policy", ""))
    except redis.ResponseError:
        return ""
