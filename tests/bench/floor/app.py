"""A POST that writes a row and rings; a task that writes when it began; a page of fifty rows."""

from __future__ import annotations

import os
import socket
import sys

import django
import uvicorn
from celery import Celery
from django.core.asgi import get_asgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.floor.settings")
TABLE = "CREATE TABLE floor (id bigserial PRIMARY KEY, made timestamptz, claimed timestamptz, stored timestamptz)"
INSERT = "INSERT INTO floor (made) VALUES (clock_timestamp()) RETURNING id"
CLAIM = "UPDATE floor SET claimed = clock_timestamp() WHERE id = %s AND claimed IS NULL"
STORE = "UPDATE floor SET stored = clock_timestamp() WHERE id = %s"
ROWS = (
    "SELECT topic, side, source_topic, status, max_lag, total_lag, fetch_offset FROM dashboard_mirrornow "
    "WHERE pair = 'big' ORDER BY rank DESC, side, topic LIMIT 50"
)
PAGE = (
    "<table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell|default_if_none:'' }}</td>{% endfor %}</tr>"
    "{% endfor %}</table>"
)

app = Celery("floor", broker=os.environ["REDIS_URL"].replace("unix://", "redis+socket://", 1))
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1, task_default_queue="floor")


@app.task(name="floor.step")
def step(row: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [row])
        cursor.execute(STORE, [row])


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(INSERT)
        (row,) = cursor.fetchone()
    step.delay(row)
    return HttpResponse(str(row))


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        found = cursor.fetchall()
    return HttpResponse(engines["django"].from_string(PAGE).render({"rows": found}))


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("confirm", confirm), path("rows", rows), path("healthz", healthz)]


def serve(descriptor: int) -> None:
    config = uvicorn.Config(get_asgi_application(), lifespan="off", log_level="warning")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    serve(int(sys.argv[1]))
elif os.environ["DJANGO_SETTINGS_MODULE"] == "tests.bench.floor.settings" and "celery" in sys.argv[0]:
    django.setup()  # in the worker; the web server sets itself up
