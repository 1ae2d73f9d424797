"""A pair of simulated clusters and everything that moves between them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from . import offset_sync, replication, schema_registry, transitions, workloads
from .faults import Faults
from .wires import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .clock import Clock
    from .cluster import Cluster
    from .link import LinkHalf
    from .workloads import Crew, Target

TICK = 0.02  # seconds; smaller steps would only cost
LONGEST_STEP = 0.1


class Pair:
    """Two clusters, their link, the clients and the faults between them.

    The model moves when somebody looks (`catch_up`), in steps of at most LONGEST_STEP, so that with a manual
    clock the same advances always give the same result. Callers hold `lock` while they read or change it.
    """

    def __init__(self, name: str, title: str, topology: str, clock: Clock) -> None:
        self.name = name
        self.title = title
        self.topology = topology
        self.clock = clock
        self.lock = threading.RLock()
        self.sides: dict[str, Cluster] = {}
        self.targets: dict[str, Target] = {}
        self.by_hand: dict[tuple[str, str], Crew] = {}
        self.answered_keys: dict[tuple[str, str], dict[str, Any]] = {}  # idempotency keys of the client control
        self.orders: list[dict[str, Any]] = []  # every signed order it received, whatever came of it
        self.faults = Faults(self)
        self.on_faults: list[Callable[[], None]] = []  # told after each change of the faults, without the lock
        self.stepped_at = clock.now()

    def inject(self, name: str, side: str | None = None, options: dict[str, Any] | None = None) -> None:
        """Put a fault in force. Call it without the lock: listeners are told after it is released."""
        with self.lock:
            self.catch_up()
            self.faults.inject(name, side, options or {})
        self.tell_faults()

    def clear_faults(self, name: str | None = None, side: str | None = None) -> None:
        """Clear one fault, or all; without a side on both sides."""
        with self.lock:
            self.catch_up()
            self.faults.clear(name, side)
        self.tell_faults()

    def tell_faults(self) -> None:
        for tell in self.on_faults:
            tell()

    def cluster(self, name: str) -> Cluster:
        return self.sides[name]

    def other(self, name: str) -> Cluster:
        return next(cluster for key, cluster in self.sides.items() if key != name)

    def halves(self) -> Iterator[LinkHalf]:
        for cluster in self.sides.values():
            yield from cluster.links.values()

    def is_up(self, side: str) -> bool:
        return self.faults.mode(side, Wire.INSIDE) is None

    def serves_clients(self, side: str) -> bool:
        return self.faults.mode(side, Wire.CLIENTS) is None

    def reachable(self, half: LinkHalf) -> bool:
        sides = (half.local.name, half.remote.name)
        return all(self.faults.mode(side, Wire.LINK) is None for side in sides)

    def subscription(self, cluster: Cluster, topics: tuple[str, ...]) -> tuple[str, ...]:
        """What a client that wants these topics reads here: the owned topic and, behind a prefix, its mirror."""
        prefixes = ["", *(half.prefix for half in cluster.links.values() if half.prefix)]
        names = [prefix + topic for topic in topics for prefix in prefixes]
        return tuple(name for name in names if name in cluster.topics)

    def topics_of_group(self, group: str) -> tuple[str, ...]:
        """What the known clients of a group read."""
        return next((target.topics for target in self.targets.values() if target.group == group), ())

    def catch_up(self) -> None:
        now = self.clock.now()
        behind = now - self.stepped_at
        if behind < TICK:
            return
        # After a suspended host there may be hours to make up: never more than a few hundred steps.
        size = max(LONGEST_STEP, behind / 400)
        while now - self.stepped_at >= TICK:
            elapsed = min(size, now - self.stepped_at)
            self.stepped_at += elapsed
            self.step(self.stepped_at, elapsed)

    def step(self, now: float, elapsed: float) -> None:
        for target in self.targets.values():
            workloads.step_target(self, target, now, elapsed)
        workloads.step_by_hand(self, now)
        for cluster in self.sides.values():
            workloads.step_groups(self, cluster, now, elapsed)
        for half in self.halves():
            if self.is_up(half.local.name):
                self._step_half(half, now, elapsed)
        schema_registry.export(self)

    def _step_half(self, half: LinkHalf, now: float, elapsed: float) -> None:
        reachable = self.reachable(half)
        replication.follow_pause(half, now)
        replication.check_availability(half, now, elapsed, self.clock, reachable=reachable)
        if reachable and not half.is_paused:
            replication.fetch(half, now, elapsed)
        if reachable and now >= half.offset_sync_due:
            offset_sync.sync(half, ahead=self.faults.syncs_ahead(half.local.name))
            half.offset_sync_due = now + self.clock.short(int(half.setting("consumer.offset.sync.ms")) / 1000)
        transitions.step_all(self, half, now)
