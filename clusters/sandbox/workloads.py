"""Producers and consumer groups as workloads that a client control places on a side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import durations
from .acls import is_denied

if TYPE_CHECKING:
    from .cluster import Cluster
    from .groups import Group
    from .model import Pair

CONSUME_RATE = 2000.0  # records per second and partition
CLIENTS, BY_HAND = "clients", "by-hand"


@dataclass(frozen=True)
class Crew:
    """The members one source wants to have in a group."""

    source: str
    count: int
    topics: tuple[str, ...]


@dataclass
class Pods:
    side: str
    count: int
    ready_at: float | None = None  # None: its region is down
    gone_at: float | None = None  # set while terminating


@dataclass
class Target:
    """One thing the client control can move."""

    name: str
    kind: str  # producers | group
    topics: tuple[str, ...]
    home: str
    group: str | None = None
    rate: float = 0.0  # records per second over all topics
    side: str | None = None
    desired: int = 2
    version: int = 1
    pods: list[Pods] = field(default_factory=list)
    due: dict[tuple[str, int], float] = field(default_factory=dict)
    rejected: int = 0
    accepted: int = 0

    def place(self, side: str | None, desired: int, pair: Pair) -> None:
        """Take an order of the client control; what runs elsewhere terminates, in its own time."""
        now = pair.clock.now()
        for pods in self.pods:
            if pods.gone_at is None and (pods.side, pods.count) != (side, desired):
                pods.gone_at = now + pair.clock.short(durations.POD_STOP)
        if side is not None and desired and not any(pods.gone_at is None for pods in self.pods):
            self.pods.append(Pods(side, desired, now + pair.clock.short(durations.POD_START)))
        self.side, self.desired = side, desired
        self.version += 1

    def ready(self, now: float) -> int:
        return sum(pods.count for pods in self.pods if pods.gone_at is None and _runs(pods, now))

    def terminating(self) -> int:
        return sum(pods.count for pods in self.pods if pods.gone_at is not None)

    def share_on(self, side: str, now: float) -> float:
        """The part of all its pods that runs on a side."""
        return self.running_on(side, now) / max(1, sum(pods.count for pods in self.pods))

    def running_on(self, side: str, now: float) -> int:
        return sum(pods.count for pods in self.pods if pods.side == side and _runs(pods, now))


def _runs(pods: Pods, now: float) -> bool:
    return pods.ready_at is not None and pods.ready_at <= now


def step_target(pair: Pair, target: Target, now: float, elapsed: float) -> None:
    _age_pods(pair, target, now)
    for cluster in pair.sides.values():
        if target.kind == "producers":
            _produce(pair, target, cluster, elapsed * target.share_on(cluster.name, now), now)
        elif target.group is not None:
            _present(
                pair, cluster, target.group, Crew(CLIENTS, target.running_on(cluster.name, now), target.topics), now
            )


def _age_pods(pair: Pair, target: Target, now: float) -> None:
    """Pods die with their region; those still wanted there start again when it is back."""
    for pods in list(target.pods):
        up = pair.is_up(pods.side)
        if not up:
            pods.ready_at = None
        elif pods.ready_at is None:
            pods.ready_at = now + pair.clock.short(durations.POD_START)
        if pods.gone_at is not None and not pair.faults.keeps_pods(pods.side) and (not up or now >= pods.gone_at):
            target.pods.remove(pods)


def _produce(pair: Pair, target: Target, cluster: Cluster, seconds: float, now: float) -> None:
    if not seconds or not pair.serves_clients(cluster.name):
        return
    for topic in target.topics:
        known = cluster.topics.get(topic)
        partitions = len(known.logs) if known else 1
        for partition in range(partitions):
            share = (1 + partition % 3) / sum(1 + number % 3 for number in range(partitions))
            due = target.due.get((topic, partition), 0.0) + target.rate * share * seconds / len(target.topics)
            count = int(due)
            target.due[(topic, partition)] = due - count
            if count and not is_denied(cluster, target.name, topic) and cluster.write(topic, partition, count, now):
                target.accepted += count
            elif count:
                target.rejected += count


def _present(pair: Pair, cluster: Cluster, group: str, crew: Crew, now: float) -> None:
    """Members heartbeat, or leave in order; a cut-off member does neither and is expired later."""
    if not pair.serves_clients(cluster.name):
        return
    rebalance = pair.clock.short(durations.REBALANCE)
    if crew.count:
        names = pair.subscription(cluster, crew.topics)
        cluster.group(group).join(crew.source, crew.count, names, now, rebalance)
    elif group in cluster.groups:
        cluster.groups[group].leave(crew.source, now, rebalance)


def step_by_hand(pair: Pair, now: float) -> None:
    """Members that people started past the client control."""
    for (side, group), crew in pair.by_hand.items():
        _present(pair, pair.sides[side], group, crew, now)


def step_groups(pair: Pair, cluster: Cluster, now: float, elapsed: float) -> None:
    for group in cluster.groups.values():
        group.now = now
        for source, membership in list(group.memberships.items()):
            if now - membership.seen_at > pair.clock.short(durations.SESSION_TIMEOUT):
                group.leave(source, now, pair.clock.short(durations.REBALANCE))
        if group.state == "STABLE" and pair.is_up(cluster.name) and pair.serves_clients(cluster.name):
            _consume(cluster, group, elapsed)
            if now >= group.commits_at:
                group.commit(now)
                group.commits_at = now + pair.clock.short(durations.COMMIT_INTERVAL)


def _consume(cluster: Cluster, group: Group, elapsed: float) -> None:
    budget = max(1, int(CONSUME_RATE * elapsed))
    for name in group.topics:
        topic = cluster.topics.get(name)
        for partition, log in enumerate(topic.logs if topic else ()):
            at = group.position.get((name, partition))
            if at is None:
                commit = group.committed.get((name, partition))
                # auto.offset.reset=earliest: also what a position above the end leads to.
                at = commit.offset if commit is not None and log.start <= commit.offset <= log.end else log.start
            group.position[(name, partition)] = min(log.end, at + budget)
