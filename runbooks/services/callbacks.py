"""A routing driver's word that it has done something: a reason to look now, and never proof of anything."""

from __future__ import annotations

import hashlib
import hmac
import time

from audit.clock import database_now
from clusters.declared import DriverEntry
from clusters.errors import Configuration
from clusters.routing.webhook import WebhookSettings
from dashboard import inventory
from runbooks import relay
from runbooks.engine.states import StepState
from runbooks.models import Item, Outbox

SKEW_S = 300.0
WATCHED = [state.value for state in (StepState.OBSERVING, StepState.UNKNOWN)]


def is_signed(pair: str, driver: str, *, at: str, signature: str, body: bytes) -> bool:
    """By the secret of that driver, just now. For a driver that is not there too, so that nobody learns which are."""
    entry = _driver(pair, driver)
    if entry is None or not at.isdecimal() or abs(time.time() - int(at)) > SKEW_S:
        return False
    try:
        secret = entry.settings.secret.resolve().reveal().encode()
    except Configuration:
        return False
    wanted = hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.encode(), f"sha256={wanted}".encode())


def look_now(pair: str, driver: str, target: str) -> int:
    """Brings forward the looks that are to come at this target; how many. Repeating it makes no further look."""
    clients = inventory.in_force().pairs[pair].clients
    names = [f"{driver}/{target}", *(each.group for each in clients if each.name == target and each.driver == driver)]
    items = Item.objects.filter(
        name__in=[name for name in names if name], attempt__is_live=True,
        attempt__step__state__in=WATCHED, attempt__step__run__pair=pair,
    )  # fmt: skip
    now = database_now()
    to_come = Outbox.objects.filter(
        step__in=items.values("attempt__step"), task=Outbox.Task.LOOK, done_at=None, picked_at=None, due_at__gt=now
    )
    rows = list(to_come)
    Outbox.objects.filter(pk__in=[row.pk for row in rows], picked_at=None).update(due_at=now)
    for row in rows:
        row.due_at = now
    relay.ring_after_commit(rows, now)
    return len(rows)


def _driver(pair: str, driver: str) -> DriverEntry | None:
    entry = inventory.in_force().pairs.get(pair)
    found = next((each for each in entry.drivers if each.name == driver), None) if entry else None
    return found if found and isinstance(found.settings, WebhookSettings) else None
