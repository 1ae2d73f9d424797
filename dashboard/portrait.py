"""One side in the words of the drawing: what stands there, what it pulls, who works there."""

from __future__ import annotations

from dataclasses import dataclass

from clusters.facts import Edition, SideFacts
from clusters.health import Severity
from dashboard.drawing import shortened
from dashboard.standing import PairStanding, SideStanding


@dataclass(frozen=True)
class Flow:
    """What one side pulls from the other."""

    link_state: str
    link_kind: str  # "" | warn | bad
    words: str
    is_cut: bool
    is_known: bool


@dataclass(frozen=True)
class Cluster:
    """One side in the words of the drawing."""

    name: str
    about: str
    kind: str  # of its box: box | box bad | box dark
    owned: str
    owned_names: str
    writes: str
    mirrors: str
    mirror_names: str
    groups: str
    members: str
    flow: Flow | None  # None: it pulls nothing


def portrait(pair: PairStanding, side: SideStanding) -> Cluster:
    totals = side.totals
    active = [group for group in pair.groups if side.name in group.active_on]
    members = sum(seen.row.members for group in active for seen in group.seen if seen.side == side.name and seen.row)
    is_seen = side.is_fresh and not side.is_silent
    return Cluster(
        name=side.name,
        about=_about(side),
        kind="box bad" if side.is_silent else "box" if is_seen else "box dark",
        owned=counted(totals.owned, "own topic") if side.facts else "topics not read",
        owned_names=_names(totals.owned_names, totals.owned),
        writes=_writes(side),
        mirrors=counted(totals.mirrors, "mirror") if side.facts else "mirrors not read",
        mirror_names=_names(totals.mirror_names, totals.mirrors),
        groups=counted(len(active), "group") + (" active" if active else " active here")
        if is_seen
        else "groups not seen",
        members=counted(members, "member") if is_seen else "last look too old",
        flow=_flow(pair, side),
    )


def _writes(side: SideStanding) -> str:
    if side.facts is not None and not side.totals.owned:
        return "nothing to write to"
    if side.rate is None:
        return "writes unknown"
    return f"{side.rate:,.0f} records/s" if side.rate else "no writes"


def _about(side: SideStanding) -> str:
    if side.facts is None:
        return "not read yet"
    if side.is_silent:
        return f"does not answer · {side.judged.severity.value}"
    words = [version_of(side.facts), side.facts.metadata.value or "", counted(len(side.facts.brokers), "broker")]
    return " · ".join(word for word in words if word) if side.is_fresh else "not read lately"


def version_of(facts: SideFacts) -> str:
    if facts.edition.value is not None and facts.edition.value.is_cloud:
        return facts.edition.value.replace("cloud-", "Cloud ")
    name = "Apache Kafka" if facts.edition.value is Edition.APACHE else "CP"
    return f"{name} {facts.lowest_version or 'version unknown'}"


def _flow(pair: PairStanding, side: SideStanding) -> Flow | None:
    if side.link is None or not side.link_judged:
        return None
    other = pair.other(side.name)
    severity, is_cut = side.link_judged.severity, other.is_silent or side.is_silent
    kind = "bad" if severity is Severity.CRITICAL else "" if severity in {Severity.OK, Severity.EXPECTED} else "warn"
    return Flow(_link_words(side), kind, _behind(side, is_cut=is_cut), is_cut, _is_believed(side) and not is_cut)


def _link_words(side: SideStanding) -> str:
    judged = side.link_judged
    if judged is None or side.link is None or not side.has_fresh_mirrors:
        return "not seen"
    if failing := sum(bool(task.errors) or task.state == "IN_ERROR" for task in side.link.tasks):
        return f"▲ {counted(failing, 'task')} in error"
    if judged.severity is Severity.OK:
        return f"{side.link.state}, pulls" if side.totals.mirrors else f"{side.link.state}, at rest"
    return side.link.state if judged.severity is Severity.EXPECTED else judged.words


def _is_believed(side: SideStanding) -> bool:
    return side.has_fresh_mirrors and side.totals.total_lag is not None and not side.totals.unmeasured


def _behind(side: SideStanding, *, is_cut: bool) -> str:
    if not side.totals.mirrors:
        return "no mirror"
    known, last = side.totals.total_lag, side.totals.last_total
    if is_cut or not side.has_fresh_mirrors:
        return "nothing arrives" if last is None else f"nothing arrives, {last:,} behind at last"
    if known is None:
        return "lag not known"
    return f"{known:,} behind" + (f", {side.totals.unmeasured} not known" if side.totals.unmeasured else "")


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _names(names: tuple[str, ...], total: int) -> str:
    shown = [shortened(name, 16) for name in names[:2]]
    return ", ".join(shown) + (f", {total - len(shown):,} more" if total > len(shown) else "")
