"""What the pair page shows beside its mirrors: answer, alarms, drawing, vantage points, groups, trend, facts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from clusters.declared import Shared
from clusters.facts import Fact, LinkFacts, SideFacts, Topology, Vantage
from clusters.health import Judgement, Severity
from dashboard import history, inventory, trends
from dashboard.advice import Advice, advice
from dashboard.chart import Chart, chart
from dashboard.groups import GroupSeen, GroupStanding
from dashboard.standing import PairStanding, SideStanding
from dashboard.topology import Topology as Drawn
from dashboard.topology import topology

T = TypeVar("T")
SHORTEST_TREND = timedelta(minutes=2)
TREND_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class Known:
    """One fact of a side with its origin; `value` empty: not known, and `note` says why."""

    label: str
    value: str
    origin: str = ""
    note: str = ""
    severity: str = ""


@dataclass(frozen=True)
class SideCard:
    side: SideStanding
    known: tuple[Known, ...]
    probes: tuple[Known, ...]


@dataclass(frozen=True)
class SightRow:
    """What one vantage point says; `mark` is a kind of `_mark`."""

    row: Vantage
    mark: str
    words: str


@dataclass(frozen=True)
class PairPage:
    pair: PairStanding
    advice: Advice
    drawn: Drawn
    sights: tuple[tuple[SideStanding, tuple[SightRow, ...]], ...]
    cards: tuple[SideCard, ...]
    kind_of_pair: str
    shared: tuple[Shared, ...] = ()

    @property
    def read_at(self) -> dict[str, datetime]:
        name = self.pair.entry.name
        return {f"{name}/{side.name}": side.read_at for side in self.pair.sides if side.read_at}

    @property
    def trend(self) -> Chart:
        """Drawn when asked for, since the tag does without."""
        begins, entry = self.pair.now - TREND_FOR, self.pair.entry
        lines = [
            (f"{self.pair.other(side.name).name} to {side.name}", trends.line(entry.name, side.name, begins))
            for side in self.pair.sides
            if side.totals.mirrors
        ]
        first = min((points[0].at for _, points in lines if points), default=begins)
        return chart(
            lines, max(begins, min(first, self.pair.now - SHORTEST_TREND)), self.pair.now, every=entry.policy.poll
        )

    @property
    def tag(self) -> str:
        """The same as long as the page would say the same: ages move on by themselves, freshness does not."""
        said = repr((self.advice, self.drawn, self.cards_said, self.groups_said, self.sights_said, self.pair.judged))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def groups(self) -> tuple[GroupLine, ...]:
        return tuple(map(_group, self.pair.groups))

    @property
    def cards_said(self) -> object:
        return [(card.known, card.probes, card.side.is_fresh) for card in self.cards]

    @property
    def groups_said(self) -> object:
        return [(group.name, group.judged, [_said(seen.row) for seen in group.seen]) for group in self.pair.groups]

    @property
    def sights_said(self) -> object:
        return [[(row.row.name, row.row.sees, row.row.since, row.words) for row in rows] for _, rows in self.sights]


def _said(row: object) -> object:
    names = ("state", "members", "lag", "within", "committed")
    return tuple(getattr(row, name) for name in names) if row else None


def pair_page(pair: PairStanding) -> PairPage:
    return PairPage(
        pair=pair,
        advice=advice(pair),
        drawn=topology(pair),
        sights=tuple((side, tuple(map(_sight, side.vantages))) for side in pair.sides),
        cards=tuple(SideCard(side, (*_facts(side), *_canary(pair, side)), tuple(_probes(side))) for side in pair.sides),
        kind_of_pair=kind_of_pair(pair),
        shared=inventory.in_force().shared(pair.entry),
    )


def kind_of_pair(pair: PairStanding) -> str:
    shape = "Active-active" if pair.entry.topology is Topology.ACTIVE_ACTIVE else "Active-passive"
    links = [side.link for side in pair.sides if side.link]
    prefixed = any(link.prefix for link in links)
    modes = sorted({link.mode.lower() for link in links if link.mode})
    return ", ".join([shape, *(["prefixed"] if prefixed else []), *modes])


def _sight(row: Vantage) -> SightRow:
    match row.sees:
        case True:
            return SightRow(row, "sensed", "sees it")
        case False:
            return SightRow(row, "failed", "does not see it")
        case _:
            return SightRow(row, "unknown", "has no opinion")


def _facts(side: SideStanding) -> Iterator[Known]:
    facts = side.facts
    if facts is None:
        return
    yield _version(facts)
    yield _one("Edition", facts.edition)
    yield _one("Metadata", facts.metadata)
    yield _one("Tiered Storage", facts.tiering)
    yield Known("Cluster id", facts.cluster_id)
    yield from _link(side, side.link)


def _version(facts: SideFacts) -> Known:
    lowest, unknown = facts.lowest_version, [b for b in facts.brokers if not b.version.is_known]
    if lowest is None:
        note = unknown[0].version.note if unknown else "no broker is known"
        return Known("Version", "", note=f"broker {unknown[0].broker_id}: {note}" if unknown else note)
    highest = max(broker.version.value for broker in facts.brokers if broker.version.value)
    every = f"{lowest}, all {len(facts.brokers)} brokers" if lowest == highest else f"{lowest} to {highest}"
    return Known("Version", every, facts.brokers[0].version.origin.value)


def _one(label: str, fact: Fact[T]) -> Known:
    if fact.value is None:
        return Known(label, "", note=fact.note)
    value = {True: "on", False: "off"}.get(fact.value, str(fact.value)) if isinstance(fact.value, bool) else fact.value
    return Known(label, str(value), fact.origin.value)


def _link(side: SideStanding, link: LinkFacts | None) -> Iterator[Known]:
    judged = side.link_judged or Judgement(Severity.UNKNOWN, "not read")
    if link is None:
        yield Known("Link side", judged.words, "probed", judged.why, judged.severity.value.lower())
        return
    severity = "" if judged.severity is Severity.OK else judged.severity.value.lower()
    yield Known("Link side", link.state, "probed", "" if judged.severity is Severity.OK else judged.why, severity)
    for task in link.tasks:
        trouble = ", ".join(error.code for error in task.errors)
        is_fine = task.state in {"ACTIVE", "NOT_CONFIGURED"} and not trouble
        yield Known(task.name, task.state, "probed", trouble, "" if is_fine else "act")


def _probes(side: SideStanding) -> Iterator[Known]:
    for probe in side.facts.probes if side.facts else ():
        words = f"answers in {probe.took_ms:,} ms" if probe.ok else "no answer"
        yield Known(probe.protocol, words, note="" if probe.ok else probe.said, severity="" if probe.ok else "failed")


def _canary(pair: PairStanding, side: SideStanding) -> Iterator[Known]:
    """Of the records written here, where the inventory names a topic for them; whole seconds, as an age moves on."""
    if not pair.entry.canary or side.facts is None:
        return
    found = history.canary(pair.entry.name, side.name)
    label = f"Canary to {pair.other(side.name).name}"
    if found is None or found.age is None:
        yield Known(label, "", note=found.read_said or "none has arrived yet" if found else "the topic is not mirrored")
        return
    severity = "" if found.age <= pair.entry.policy.rpo else "act"
    said = f"not written: {found.write_said}" if found.write_said else ""
    said = f"{said} not read: {found.read_said}".strip() if found.read_said else said
    yield Known(label, f"{found.age.total_seconds():.0f} s old when read", "probed", said, severity)


@dataclass(frozen=True)
class GroupLine:
    name: str
    home: str
    seen: tuple[GroupSeen, ...]
    within: str
    judged: Judgement
    is_double: bool


def _group(group: GroupStanding) -> GroupLine:
    is_double = len(group.active_on) > 1
    return GroupLine(group.name, group.home, group.seen, _within(group), group.judged, is_double)


def _within(group: GroupStanding) -> str:
    """Committed positions inside the log, over both sides, of those that are known."""
    rows = [seen.row for seen in group.seen if seen.row and seen.row.committed]
    if not rows:
        return "nothing committed"
    inside, every = sum(row.within for row in rows), sum(row.committed for row in rows)
    return f"yes, {inside:,} of {every:,}" if inside == every else f"{inside:,} of {every:,}"
