"""When a side's Schema Registry is looked at: beside the side, never in its way, and no more often than settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta

from clusters import clock
from clusters.connections import Side
from clusters.errors import ClusterError
from clusters.facts import RegistryFacts
from clusters.lanes import Stuck, wait

TAKES_S = 2.0  # less than a side may take: what hangs here delays nobody who asks about the cluster
NOT_READ = "it has not been read"


def start_registry(
    side: Side, before: RegistryFacts | None, deadline: float, longest: timedelta, *, now: bool | None
) -> Callable[[], RegistryFacts | None]:
    """None where the inventory names none. `now` says whether to look; None: where the last look is old."""
    registry = side.schema_registry
    if registry is None:
        return lambda: None
    is_fresh = before is not None and before.at is not None and clock.now() - before.at < longest / 2
    if now is False or (now is None and is_fresh):
        return lambda: before or RegistryFacts(None, NOT_READ)
    until = min(deadline, time.monotonic() + TAKES_S)
    future = side.registry_lane.start(lambda: registry.look(deadline=until), until)
    return lambda: _found(future, until)


def _found(future: Future[RegistryFacts], until: float) -> RegistryFacts:
    try:
        return wait(future, until + 0.05)
    except (Stuck, ClusterError) as error:
        return RegistryFacts(clock.now(), getattr(error, "said", str(error)))
