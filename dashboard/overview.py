"""The overview's answer: is anything wrong, what should one do, and how each pair stands."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from clusters.facts import Topology
from clusters.health import Severity
from dashboard import history
from dashboard.advice import Advice, advice
from dashboard.pair_page import kind_of_pair
from dashboard.portrait import version_of
from dashboard.standing import PairStanding, SideStanding

FINE = {Severity.OK, Severity.EXPECTED, Severity.WATCH}


@dataclass(frozen=True)
class Node:
    """One side in the small drawing."""

    name: str
    kind: str  # "" | down | dark
    state: str
    word: str
    since: datetime | None  # it has been silent since


@dataclass(frozen=True)
class Wire:
    shape: str  # one | both | cut
    kind: str  # "" | cut | dark


@dataclass(frozen=True)
class Row:
    pair: PairStanding
    advice: Advice
    kind: str  # "" | bad | blind
    about: str
    nodes: tuple[Node, ...]
    wire: Wire
    lag: int | None
    is_frozen: bool
    is_stale: bool
    rto_until: datetime | None

    @property
    def read_at(self) -> datetime | None:
        return min((side.read_at for side in self.pair.sides if side.read_at), default=None)

    @property
    def mirrors(self) -> int:
        return sum(side.totals.mirrors for side in self.pair.sides)


@dataclass(frozen=True)
class Overview:
    heading: str
    lead: str
    rows: tuple[Row, ...]

    @property
    def tasks(self) -> tuple[Advice, ...]:
        return tuple(row.advice for row in self.rows if row.advice.link)

    @property
    def counts(self) -> list[tuple[str, int]]:
        """(severity, number of pairs), worst first."""
        found = Counter(row.pair.judged.severity for row in self.rows)
        return [(each.value.lower(), found[each]) for each in sorted(found, key=lambda s: -s.rank)]

    @property
    def tag(self) -> str:
        said = repr(
            (self.heading, self.lead, [(row.advice, row.kind, row.nodes, row.lag, row.mirrors) for row in self.rows])
        )
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def read_at(self) -> dict[str, datetime]:
        return {row.pair.entry.name: row.read_at for row in self.rows if row.read_at}


def overview(pairs: Iterable[PairStanding]) -> Overview:
    rows = tuple(map(_row, pairs))
    return Overview(" ".join(_answer(rows)), _lead(rows), rows)


def _answer(rows: tuple[Row, ...]) -> Iterator[str]:
    if not rows:
        yield "No pair is in the inventory yet."
        return
    if all(side.facts is None for row in rows for side in row.pair.sides):
        yield "Nothing has been read yet."
        return
    left = list(rows)
    if silent := [row for row in left if row.pair.silent]:
        names = sorted({side.name for row in silent for side in row.pair.silent})
        yield f"{_and(names)} {'is' if len(names) == 1 else 'are'} not answering."
    for row in left:
        for group in row.pair.doubles:
            yield f"{group.name} runs on both sides of {row.pair.entry.name}."
    left = [row for row in left if not row.pair.silent and not row.pair.doubles]
    bad = [row for row in left if row.pair.judged.severity in {Severity.CRITICAL, Severity.ACT}]
    blind = [row for row in left if row.pair.judged.severity is Severity.UNKNOWN]
    if bad:
        yield f"{_and([row.pair.entry.name for row in bad])} {'needs' if len(bad) == 1 else 'need'} somebody."
    if blind:
        yield f"{_pairs(len(blind))} cannot be seen whole."
    yield from _quiet(len(rows), len(left) - len(bad) - len(blind))


def _quiet(total: int, quiet: int) -> Iterator[str]:
    if quiet and quiet == total:
        yield f"{'All ' if total > 1 else ''}{_pairs(total)} {'are as they' if total > 1 else 'is as it'} should be."
    elif quiet:
        yield (
            f"The other {_pairs(quiet)} {'are as they' if quiet > 1 else 'is as it'} should be."
            if quiet > 1
            else ("The other pair is as it should be.")
        )


def _lead(rows: tuple[Row, ...]) -> str:
    incidents = sorted({incident for row in rows for incident in row.pair.incidents})
    if incidents:
        return f"Open: incident {_and(incidents)}. What it explains is shown as expected."
    if any(row.advice.is_alarm for row in rows):
        return "No incident is declared yet."
    return ""


def _pairs(number: int) -> str:
    return f"{number} pair" if number == 1 else f"{number} pairs"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _row(pair: PairStanding) -> Row:
    is_frozen = bool(pair.silent) or not all(side.has_fresh_mirrors for side in pair.sides)
    totals = [side.totals for side in pair.sides if side.totals.mirrors]
    lags = [each.last_total if is_frozen else each.total_lag for each in totals]
    is_known = is_frozen or not any(each.unmeasured for each in totals)
    return Row(
        pair=pair,
        advice=advice(pair),
        kind="bad" if pair.judged.severity is Severity.CRITICAL else "blind" if _is_blind(pair) else "",
        about="\n".join([kind_of_pair(pair), *sorted({version_of(side.facts) for side in pair.sides if side.facts})]),
        nodes=tuple(_node(pair, side) for side in pair.sides),
        wire=_wire(pair),
        lag=sum(lag or 0 for lag in lags) if lags and is_known else None,
        is_frozen=is_frozen,
        is_stale=not all(side.is_fresh for side in pair.sides),
        rto_until=_rto(pair),
    )


def _is_blind(pair: PairStanding) -> bool:
    return pair.judged.severity is Severity.UNKNOWN and not pair.silent


def _node(pair: PairStanding, side: SideStanding) -> Node:
    if side.is_silent:
        return Node(side.name, "down", side.judged.severity.value.lower(), "silent", side.silent_since)
    if not side.is_fresh:
        return Node(side.name, "dark", "unknown", "unseen", None)
    if side.judged.severity is not Severity.OK:
        return Node(side.name, "", side.judged.severity.value.lower(), side.judged.words, None)
    return Node(side.name, "", "ok", _serves(pair, side), None)


def _serves(pair: PairStanding, side: SideStanding) -> str:
    if side.totals.mirrors and pair.entry.topology is Topology.ACTIVE_PASSIVE and not side.rate:
        return "mirrors only"
    return "takes writes" if side.rate else "answers"


def _wire(pair: PairStanding) -> Wire:
    pulls = [side for side in pair.sides if side.link and side.totals.mirrors]
    shape = "both" if len(pulls) > 1 or pair.entry.topology is Topology.ACTIVE_ACTIVE else "one"
    if pair.silent:
        return Wire("cut", "cut")
    return Wire(shape, "" if all(side.is_fresh for side in pair.sides) else "dark")


def _rto(pair: PairStanding) -> datetime | None:
    """When the target for being healthy again runs out, counted from the last success before the failure."""
    lost = [history.first_failure(pair.entry.name, side.name) for side in pair.silent]
    begun = min((each.at for each in lost if each), default=None)
    budget: timedelta = pair.entry.policy.rto
    return begun + budget if begun else None
