"""What every page says of the whole console: which sides are down, whether the inventory is read, the poller alive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from audit.clock import database_now
from clusters.declared import PairEntry
from clusters.facts import Vantage
from clusters.health import UNREACHABLE, is_stale
from dashboard import expectations, inventory, sight
from dashboard.links import assess, incident
from dashboard.models import InventoryVersion, Reading

DAY = "%-d %B %Y, %H:%M UTC"
PATIENCE = 2  # polls in a row without an answer: one alone may be a hiccup, and calls nobody


@dataclass(frozen=True)
class Link:
    href: str
    title: str


@dataclass(frozen=True)
class Callout:
    """A side that is down; `is_known` once an incident explains it: then it pales."""

    side: str
    since: datetime
    text: str
    is_known: bool
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Banner:
    title: str
    text: str
    lines: tuple[str, ...] = ()
    kind: str = ""  # "" | plain | refused


@dataclass(frozen=True)
class Standing:
    """`is_dead`: no side of any pair was read for three polls, so nothing on any page is live."""

    read_at: datetime | None = None
    is_dead: bool = False
    callouts: tuple[Callout, ...] = ()
    banners: tuple[Banner, ...] = ()
    has_sandbox: bool = False


@dataclass
class _Down:
    """One region that pairs share."""

    since: datetime
    seen: list[Vantage] = field(default_factory=list)
    pairs: list[str] = field(default_factory=list)
    incidents: list[str] = field(default_factory=list)


def standing() -> Standing:
    pairs, now = inventory.in_force().pairs, database_now()
    rows = {(pair, side): (at, ok) for pair, side, at, ok in _readings() if pair in pairs}
    read_at = max((at for at, _ in rows.values()), default=None)
    is_fresh = [not is_stale(at, pairs[pair].policy, now) for (pair, _), (at, _) in rows.items()]
    lost = {key for key, (at, ok) in rows.items() if not ok and not is_stale(at, pairs[key[0]].policy, now)}
    return Standing(
        read_at=read_at,
        is_dead=bool(pairs) and not any(is_fresh),
        callouts=tuple(_callouts([entry for entry in pairs.values() if _lost(entry, lost)], lost, now)),
        banners=tuple(_banners(has_pairs=bool(pairs))),
        has_sandbox=any(entry.sandbox for entry in pairs.values()),
    )


def _readings() -> Iterable[tuple[str, str, datetime, bool]]:
    return Reading.objects.values_list("pair", "side", "read_at", "reachable")


def _lost(entry: PairEntry, lost: set[tuple[str, str]]) -> list[str]:
    return [side.name for side in entry.sides if (entry.name, side.name) in lost]


def _callouts(pairs: Iterable[PairEntry], lost: set[tuple[str, str]], now: datetime) -> Iterator[Callout]:
    found: dict[str, _Down] = {}
    for entry in pairs:
        seen, explained = sight.fresh(entry.name, entry.policy, now), expectations.current(entry.name)
        for side in _lost(entry, lost):
            since = next((row.since for row in seen if (row.side, row.kind) == (side, "console")), None)
            if since is None or now - since < entry.policy.poll * (PATIENCE - 1):
                continue
            down = found.setdefault(side, _Down(since))
            down.since = min(down.since, since)
            down.seen += [row for row in seen if row.side == side]
            down.pairs.append(entry.name)
            if explained.reason(side, UNREACHABLE):
                down.incidents += expectations.incidents(entry.name)
    yield from (_callout(side, down) for side, down in found.items())


def _callout(side: str, down: _Down) -> Callout:
    is_known = bool(down.incidents)
    if is_known:
        links = tuple(
            Link(incident(each), f"incident {each}") for each in dict.fromkeys(down.incidents) if incident(each)
        )
        return Callout(side, down.since, "It is taken:", is_known, links)
    named = len(down.pairs) > 1
    links = tuple(Link(assess(pair, side), f"Assess {side}" + (f" for {pair}" if named else "")) for pair in down.pairs)
    return Callout(side, down.since, f"{_votes(down.seen)} Touches {', '.join(down.pairs)}.", is_known, links)


def _votes(seen: list[Vantage]) -> str:
    against, every = sum(row.sees is False for row in seen), len(seen)
    still = [row.name for row in seen if row.sees]
    said = f"No answer from {against} of {every} vantage points."
    return f"{said} {' and '.join(still[:2])} still {'sees' if len(still) == 1 else 'see'} it." if still else said


def _outdated(loaded: datetime) -> str:
    return (
        f"This release refuses the one loaded {loaded:{DAY}}: nothing can be confirmed or sent, and only pairs that "
        "nothing is wrong with are looked at."
    )


def _banners(*, has_pairs: bool) -> Iterator[Banner]:
    lines = tuple(f"line {line}: {text}" for line, text in inventory.complaints()[:10])
    if has_pairs and not lines:
        return  # the file on the disk is the one in force
    loaded = InventoryVersion.objects.exclude(digest="").values_list("loaded_at", flat=True).first()
    if loaded and inventory.why_none():
        yield Banner("No inventory is in force.", f"{_outdated(loaded)} {inventory.WHAT_TO_DO}", lines, "refused")
    elif lines:
        kept = f"The one loaded {loaded:{DAY}} stays in force." if loaded else "None is in force yet."
        yield Banner("The inventory file cannot be read.", kept, lines, "refused")
    elif not has_pairs:
        yield Banner("No inventory is loaded.", "The poller and run_executor load the file that INVENTORY_FILE names.")
