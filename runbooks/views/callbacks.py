"""Where a routing driver says that an order has got on. Signed by the driver's secret; nobody signs in here."""

from __future__ import annotations

import json

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from runbooks.services import callbacks

LONGEST = 16 * 1024


@login_not_required
@csrf_exempt  # no browser comes here: there is no session to abuse, and each request is signed
@require_POST
def called_back(request: HttpRequest, pair: str, driver: str) -> HttpResponse:
    """400 for whatever is not signed, or names no target; 204 whether or not anything waits to be looked at."""
    if int(request.headers.get("Content-Length") or 0) > LONGEST:
        return HttpResponse("too long\n", status=400, content_type="text/plain")
    at, signature = (request.headers.get(f"X-Breakwater-{name}", "") for name in ("Time", "Signature"))
    if not callbacks.is_signed(pair, driver, at=at, signature=signature, body=request.body):
        return HttpResponse("not signed by this driver, or not now\n", status=400, content_type="text/plain")
    target = _target(request.body)
    if target is None:
        return HttpResponse("names no target\n", status=400, content_type="text/plain")
    callbacks.look_now(pair, driver, target)
    return HttpResponse(status=204)


def _target(body: bytes) -> str | None:
    try:
        found = json.loads(body)["target"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None
