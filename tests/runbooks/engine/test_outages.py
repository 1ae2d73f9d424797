"""Two hundred outages of a simulated pair, no two alike: what was said beforehand holds the truth, and what is said
afterwards is the truth. The sandbox's own logs are the judge; the mirrors are read by the product's own REST backend.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from clusters.facts import Committed, MirrorFacts, SideFacts, TopicFacts
from clusters.gateway import MirrorAction
from clusters.sandbox.cluster import Cluster
from clusters.sandbox.scenario import Client, Scenario
from dashboard.rows import peaks, rates
from runbooks.engine.clamping import Forecast, forecast
from runbooks.engine.loss import Loss, Lost, Source, TopicCut, cut, highest_ends, loss, source
from runbooks.engine.reconciling import Partition
from tests.clusters.wire import Near, soon
from tests.runbooks.engine.made import side

OUTAGES = 200
POLL = 2.0
HOME, AWAY = "north", "south"


@dataclass
class Truth:
    """What the two logs, and the group when its region fell, themselves held."""

    unreplicated: int
    divergent: int
    again: int
    never: int


@dataclass
class Outage:
    seed: int
    said: Loss
    reconciled: list[Partition]
    expected: list[Forecast]
    truth: Truth

    @property
    def exact(self) -> tuple[int, int]:
        found = [part.divergent for part in self.reconciled]
        return sum(part.unreplicated for part in self.reconciled), sum(end - begin for begin, end in found)


class World:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        topics = tuple(f"t{number}" for number in range(self.dice.randint(1, 3)))
        clients = (
            Client("writer", "producers", topics, HOME, self.dice.uniform(5, 300)),
            Client("reader", "group", topics, HOME),
        )
        made = Scenario("p", "P", "active-passive", (HOME, AWAY), topics, clients, partitions=self.dice.randint(1, 4))
        self.topics, self.near = topics, Near(made)
        self.home, self.away = (self.near.pair.sides[name] for name in (HOME, AWAY))
        self.commits: dict[tuple[str, int], int] = {}  # of the group, as read last before its region was lost

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.near.clock.now(), UTC)

    def live(self, seconds: float) -> None:
        """Time goes by, and not evenly: the rate wanders, and now and then somebody writes a burst."""
        writer = self.near.pair.targets["writer"]
        writer.rate = min(600.0, max(2.0, writer.rate * self.dice.uniform(0.8, 1.25)))
        first = seconds * self.dice.random()
        self.near.advance(first)
        if self.dice.random() < 0.3:
            topic = self.dice.choice(self.topics)
            number = self.dice.randrange(len(self.home.topics[topic].logs))
            self.home.write(topic, number, self.dice.randint(1, 40), self.near.clock.now())
        self.near.advance(seconds - first)

    def read(self, cluster: Cluster) -> SideFacts:
        ends = {name: _topic(cluster, name) for name in self.topics}
        return side(cluster.name, topics=ends, read_at=self.now, offsets_at=self.now, mirrors=self.mirrors(cluster))

    def mirrors(self, cluster: Cluster) -> tuple[MirrorFacts, ...]:
        return self.near.rest[cluster.name].mirrors(self.near.link, deadline=soon()) if cluster is self.away else ()


def _topic(cluster: Cluster, name: str) -> TopicFacts:
    logs = cluster.topics[name].logs
    return TopicFacts(name, len(logs), tuple(log.start for log in logs), tuple(log.end for log in logs))


def outage(seed: int) -> Outage:
    world = World(seed)
    known = watched(world)
    at_home = strike(world)
    survivor = world.read(world.away)
    cuts = [cut(mirror, survivor.topics[mirror.topic], known.ends[mirror.topic]) for mirror in survivor.mirrors]
    said = loss(cuts, known)
    fail_over(world)
    expected = expected_of(world, cuts, known)
    starts = {(each.topic, each.partition): each.start for each in expected}
    come_back(world)
    return Outage(seed, said, reconciled(world, cuts), expected, truth_of(world, at_home, starts))


def watched(world: World) -> Source:
    """Some polls, the last of which is the last success: what is known of the source from then on."""
    before = world.read(world.home)
    now_rates: dict[str, float] = {}
    highest: dict[str, float] = {}
    for _ in range(world.dice.randint(3, 6)):
        if world.dice.random() < 0.1:
            world.near.pair.targets["reader"].place(None, 0, world.near.pair)  # a group that is behind
        world.live(POLL)
        found = world.read(world.home)
        world.commits = {key: commit.offset for key, commit in world.home.groups["reader"].committed.items()}
        now_rates = rates(found, before)
        highest = peaks(now_rates, highest, timedelta(seconds=POLL))
        before = found
    lost = Lost(world.now, timedelta(seconds=POLL), timedelta(seconds=POLL))
    return source(before, {name: name for name in world.topics}, now_rates, highest, lost)


def strike(world: World) -> dict[tuple[str, int], int]:
    """The link may have gone some moments before; then the region, anywhere between two polls."""
    if world.dice.random() < 0.3:
        world.near.pair.inject("link-down", "")
    after = POLL * world.dice.random()
    world.live(after)
    group = world.home.groups["reader"]
    at_home = {key: commit.offset for key, commit in group.committed.items()} | dict(group.position)
    world.near.pair.inject("region-down", HOME, {"mode": "refuse"})
    if world.dice.random() < 0.1:
        world.near.pair.inject("fetchers-restarted", AWAY, {"negative": world.dice.random() < 0.5})
    world.near.advance(POLL)
    return at_home


def fail_over(world: World) -> None:
    world.near.pair.targets["writer"].place(None, 0, world.near.pair)
    world.near.pair.targets["reader"].place(None, 0, world.near.pair)
    rest = world.near.rest[AWAY]
    rest.alter_mirrors(MirrorAction.FAILOVER, world.near.link, world.topics, validate_only=False, deadline=soon())
    world.near.advance(3)
    assert all(world.away.topics[name].is_writable for name in world.topics)


def expected_of(world: World, cuts: list[TopicCut], known: Source) -> list[Forecast]:
    """As the step that starts the group says it, from what was read of the home side last."""
    here = world.away.groups["reader"].committed
    ends = {(name, at): log.end for name in world.topics for at, log in enumerate(world.away.topics[name].logs)}
    highest = {
        (each.topic, at): end for each in cuts for at, end in enumerate(highest_ends(each, known)) if end is not None
    }
    committed = [Committed(topic, number, commit.offset) for (topic, number), commit in sorted(here.items())]
    return forecast(committed, ends, world.commits, highest, is_exact=False)


def come_back(world: World) -> None:
    """Clients write on the other side; then the region is there again, quiet."""
    for name in world.topics:
        for number in range(len(world.away.topics[name].logs)):
            world.away.write(name, number, world.dice.randint(0, 60), world.near.clock.now())
    world.near.pair.clear_faults()
    world.near.advance(1)


def reconciled(world: World, cuts: list[TopicCut]) -> list[Partition]:
    return [
        Partition(part.partition, part.end or 0, old.start, old.end, new.end)
        for topic in cuts
        for part, old, new in zip(
            topic.partitions, world.home.topics[topic.topic].logs, world.away.topics[topic.topic].logs, strict=True
        )
    ]


def truth_of(world: World, at_home: dict[tuple[str, int], int], starts: dict[tuple[str, int], int]) -> Truth:
    found = Truth(0, 0, 0, 0)
    for name in world.topics:
        logs = zip(world.home.topics[name].logs, world.away.topics[name].logs, strict=True)
        for number, (old, new) in enumerate(logs):
            shared = old.diverges_from(new)
            found.unreplicated += old.end - shared
            found.divergent += min(old.end, new.end) - shared
            position = at_home.get((name, number), 0)
            if (name, number) in starts:
                found.again += max(0, min(position, shared) - starts[name, number])
                found.never += max(0, old.end - max(position, shared))
    return found


@pytest.fixture(scope="module")
def outages() -> list[Outage]:
    return [outage(seed) for seed in range(OUTAGES)]


def test_the_reconciliation_is_the_truth_in_every_outage(outages: list[Outage]) -> None:
    wrong = [each.seed for each in outages if each.exact != (each.truth.unreplicated, each.truth.divergent)]
    assert wrong == []
    assert sum(each.truth.unreplicated > 0 for each in outages) > OUTAGES / 2  # there was something to be wrong about
    assert sum(each.truth.divergent > 0 for each in outages) > OUTAGES / 2


def test_the_least_that_is_missing_is_never_too_much(outages: list[Outage]) -> None:
    assert [each.seed for each in outages if each.said.lower > each.truth.unreplicated] == []


def test_the_bounds_hold_the_truth_in_nineteen_of_twenty_outages(outages: list[Outage]) -> None:
    bounded = [each for each in outages if each.said.upper is not None]
    assert len(bounded) == OUTAGES
    outside = [each for each in bounded if not each.said.lower <= each.truth.unreplicated <= (each.said.upper or 0)]
    assert len(outside) <= OUTAGES * 0.05, [(each.seed, each.said, each.truth) for each in outside]
    assert all(each.said.lower <= (each.said.estimate or 0) <= (each.said.upper or 0) for each in bounded)
    off = median(abs((each.said.estimate or 0) - each.truth.unreplicated) for each in bounded)
    assert off < median(each.truth.unreplicated for each in bounded)  # a guess of nothing would be as good


def test_what_a_group_reads_twice_or_never_lies_in_its_forecast(outages: list[Outage]) -> None:
    def holds(each: Outage, what: str) -> bool:
        low, high = (sum(getattr(row, f"{what}_{bound}") for row in each.expected) for bound in ("lower", "upper"))
        return low <= getattr(each.truth, what) <= high

    for what in ("again", "never"):
        outside = [each for each in outages if not holds(each, what)]
        assert len(outside) <= OUTAGES * 0.05, (what, [(each.seed, each.truth) for each in outside])
        assert sum(getattr(each.truth, what) > 0 for each in outages) > OUTAGES / 20
