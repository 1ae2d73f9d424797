"""The case for waiting and the case for acting, each with what it costs, in numbers as they are known now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clusters.facts import MirrorStatus, PairFacts, Topology
from runbooks.engine.loss import Loss, Source, loss
from runbooks.queries.words import counted, length, listed
from runbooks.services.receipt import cuts_of, mirrors_of


@dataclass(frozen=True)
class Point:
    lead: str
    text: str = ""


@dataclass(frozen=True)
class Argument:
    title: str
    number: str
    says: str
    speaks: Sequence[Point] = field(default_factory=tuple)
    costs: Sequence[Point] = field(default_factory=tuple)


@dataclass(frozen=True)
class Figures:
    """What both arguments rest on. `rate` is None where none was measured, `loss` where no mirror is left to tell."""

    rate: float | None
    refused: int | None
    loss: Loss | None
    producers: Sequence[str]
    groups: Sequence[str]
    left: timedelta | None
    rto: timedelta
    read_at: datetime

    @property
    def missing(self) -> str:
        return self.loss.words() if self.loss else "a number not known (no mirror is left to measure by)"

    @property
    def basis(self) -> str:
        return self.loss.basis if self.loss else "no mirror is left to measure by"


def figures(
    facts: PairFacts, side: str, rates: Mapping[str, float], source: Source, t0: datetime | None, now: datetime
) -> Figures:
    """`source` is the side as it was read last, before it was lost or, while it answers, now."""
    at_home = [client for client in facts.clients if client.home == side]
    return Figures(
        rate=sum(rates.values()) if rates else None,
        refused=round(sum(rates.values()) * (now - t0).total_seconds()) if rates and t0 else None,
        loss=missing(facts, side, source),
        producers=[client.name for client in at_home if client.kind == "producers"],
        groups=[client.group for client in at_home if client.group],
        left=t0 + facts.policy.rto - now if t0 else None,
        rto=facts.policy.rto,
        read_at=facts.other(side).read_at,
    )


def missing(facts: PairFacts, side: str, source: Source) -> Loss | None:
    """What the other side does not have yet: from its mirrors' own numbers, which stay readable."""
    survivor = facts.other(side)
    mirrors = mirrors_of(survivor)
    if not mirrors:
        return None  # no mirror, no knowledge: a sum of nothing would read as nothing lost
    return loss(cuts_of(survivor, mirrors, source), source)


def arguments(facts: PairFacts, side: str, found: Figures) -> tuple[Argument, Argument]:
    """Waiting first: it is the preset."""
    is_active = facts.topology is Topology.ACTIVE_ACTIVE
    other = facts.other(side).side
    acting = _move(side, other, found) if is_active else _fail_over(facts, side, other, found)
    return _wait(side, found, is_active=is_active), acting


def _wait(side: str, found: Figures, *, is_active: bool) -> Argument:
    number = length(found.left) if found.left is not None and found.left > timedelta() else "0:00"
    over = found.left is not None and found.left <= timedelta()
    says = f"left of the RTO of {length(found.rto)}" + (": it is over." if over else ", counted from the last success.")
    if found.left is None:
        number, says = (
            "No clock",
            f"No failure of {side} has been seen, so the RTO of {length(found.rto)} is not running.",
        )
    speaks = [
        Point("Nothing is lost.", f"If {side} returns, what was not mirrored yet arrives by itself."),
        Point("Nothing to take back.", "No client has moved, no mirror has changed."),
    ]
    if not is_active:
        speaks.append(
            Point("No return to arrange.", "After a failover the way back is restore, or delete and mirror again.")
        )
    return Argument("The case for waiting", number, says, speaks, [_refused(found), _waiting_groups(found)])


def _refused(found: Figures) -> Point:
    if found.rate is None:
        return Point("Writes are refused,", "how many is not known: nothing was measured before the failure.")
    so_far = f", about {found.refused:,} so far" if found.refused is not None else ""
    who = f" Producers: {listed(found.producers)}." if found.producers else ""
    return Point(
        f"About {found.rate * 60:,.0f} writes refused a minute{so_far}.", f"From the rate before the failure.{who}"
    )


def _waiting_groups(found: Figures) -> Point:
    if not found.groups:
        return Point("No declared consumer group waits.")
    return Point(f"{counted(len(found.groups), 'consumer group')} at a stand:", f"{listed(found.groups)}.")


def _move(side: str, other: str, found: Figures) -> Argument:
    speaks = [
        _writes_again(other, found),
        Point("It can be taken back.", f"Returning to {side} is a matter of routing."),
    ]
    costs = [
        Point("Late data:", f"{found.missing} arrive on {other} only when {side} returns. Delay, not loss."),
        _repeated(found),
        Point(
            "One group, one side.", f"Each group has to be proven stopped on {side} before it starts on {other} (R10)."
        ),
    ]
    return Argument(
        "The case for acting",
        "0",
        f"mirror commands. Active-active: clients move to {other}, which takes writes now. Failover is refused (R09).",
        speaks,
        costs,
    )


def _fail_over(facts: PairFacts, side: str, other: str, found: Figures) -> Argument:
    mirrors = facts.other(side).mirrors or ()
    left = sum(mirror.status is not MirrorStatus.STOPPED for mirror in mirrors)
    costs = [
        Point("Stranded records:", f"{found.missing} stay on {side} until recovered by hand."),
        _repeated(found),
        Point("No way back", f"after the failover: {other} is the home until {side} is restored."),
    ]
    says = f"to make writable on {other}. From then on, new records go there."
    if mirrors and not left:
        says = f"left to fail over: {len(mirrors)} are writable on {other} already."
    return Argument("The case for acting", counted(left, "topic"), says, [_writes_again(other, found)], costs)


def _writes_again(other: str, found: Figures) -> Point:
    if found.rate is None:
        return Point("Writes again:", f"accepted on {other} instead of refused; at what rate is not known.")
    return Point("Writes again:", f"about {found.rate:,.0f} a second are accepted on {other} instead of refused.")


def _repeated(found: Figures) -> Point:
    groups = counted(len(found.groups), "group")
    return Point(
        "Repeated reads:",
        f"{groups} may read again what they read since the last offset sync."
        if found.groups
        else "none: no declared group moves.",
    )
