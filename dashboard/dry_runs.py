"""Dry runs of the routing drivers on quiet days: where each client could be sent, asked and never ordered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from django.db import transaction

from audit.clock import database_now
from clusters.connections import Connections
from clusters.declared import PairEntry
from clusters.errors import ClusterError
from clusters.facts import ClientFacts, TrialFacts
from clusters.gateway import ShowsAccess
from clusters.lanes import Lane, Stuck, wait
from clusters.together import together
from dashboard import leases
from dashboard.models import DryRun

EVERY = timedelta(minutes=15)
DEADLINE_S = 6.0


def try_all(entry: PairEntry, ways: Connections, token: str) -> bool:
    """A plan for each side of every client that a driver moves. False where another process has taken it over."""
    deadline = time.monotonic() + DEADLINE_S
    clients = [client for client in entry.clients if not client.is_by_hand]
    tries = {client.name: partial(_try, entry, ways, client, deadline) for client in clients}
    future = Lane[Mapping[str, object]](f"dry runs of {entry.name}").start(lambda: together(tries), deadline)
    try:
        found = wait(future, deadline + 1.0)
    except Stuck as stuck:
        found = dict.fromkeys(tries, str(stuck))
    with transaction.atomic():
        if not leases.is_held(token):
            return False
        for name, seen in found.items():
            problem, untold = seen if isinstance(seen, tuple) else (str(seen), "")
            said = {"at": database_now(), "problem": problem, "untold": untold}
            DryRun.objects.update_or_create(pair=entry.name, client=name, defaults=said)
        DryRun.objects.filter(pair=entry.name).exclude(client__in=tries).delete()
        leases.finish(token)
    return True


def trials(pair: str) -> dict[str, TrialFacts]:
    """The last dry run of each client."""
    return {row.client: TrialFacts(row.at, row.problem, row.untold) for row in DryRun.objects.filter(pair=pair)}


def _try(entry: PairEntry, ways: Connections, client: ClientFacts, deadline: float) -> tuple[str, str]:
    """What went wrong, and what nobody answered for."""
    driver = ways.driver(client.driver)
    for side in entry.sides:
        try:
            driver.plan(client.name, to=side.name, deadline=deadline)
        except ClusterError as error:
            return f"to {side.name}: {error}", ""
    try:
        return "", driver.access(deadline=deadline) if isinstance(driver, ShowsAccess) else ""
    except ClusterError as error:
        return str(error), ""
