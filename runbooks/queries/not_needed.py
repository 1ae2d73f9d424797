"""What looks like an outage and needs no failover, each checked on what is known now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from clusters.facts import PairFacts, Topology
from runbooks.engine.vantage import Assessment, Outage
from runbooks.queries.words import Chip


@dataclass(frozen=True)
class Reason:
    chip: Chip
    title: str
    why: str
    at: datetime | None
    source: str = ""


APPLIES, NOT, CANNOT_TELL = Chip("you", "applies"), Chip("ok", "does not apply"), Chip("unknown", "cannot tell")


def reasons(facts: PairFacts, found: Assessment) -> list[Reason]:
    """Those that apply first."""
    every = list(_reasons(facts, found))
    return sorted(every, key=lambda reason: (reason.chip is not APPLIES, reason.chip is NOT))


def _reasons(facts: PairFacts, found: Assessment) -> Iterator[Reason]:
    side, other = facts.side(found.side), facts.other(found.side)
    if facts.topology is Topology.ACTIVE_ACTIVE:
        why = f"{other.side} has writable topics of its own: move the clients. Failover is refused there (R09)."
        yield Reason(APPLIES, "Active-active pair.", why, None, "inventory, declared")
    else:
        why = f"{other.side} holds read-only mirrors; nobody can write there before a failover."
        yield Reason(NOT, "Active-active pair.", why, None, "inventory, declared")
    seeing = [point for point in facts.seen_from(found.side) if point.sees]
    names = ", ".join(point.name for point in seeing)
    yield Reason(
        APPLIES if seeing else NOT,
        f"{side.side} still serves its own clients.",
        f"{names} still sees it." if seeing else "No vantage point sees it.",
        side.read_at,
    )
    yield _if(found.outage is Outage.CLIENTS_CUT, "Only our view is cut.", found.says, side.read_at)
    yield _if(found.outage is Outage.LINK_ONLY, "Only the link is broken.", found.says, other.read_at)
    yield _brokers(facts, found)
    yield _if(
        found.outage is Outage.OTHER_SIDE,
        f"{other.side} is the sick one.",
        _state(other.side, is_up=other.reachable),
        other.read_at,
    )
    yield _if(
        side.reachable and found.outage is Outage.NONE,
        f"{side.side} is back.",
        _state(side.side, is_up=side.reachable),
        side.read_at,
    )


def _if(applies: bool, title: str, why: str, at: datetime | None) -> Reason:
    return Reason(APPLIES if applies else NOT, title, why, at)


def _state(side: str, *, is_up: bool) -> str:
    return f"{side} answers." if is_up else f"{side} does not answer."


def _brokers(facts: PairFacts, found: Assessment) -> Reason:
    side = facts.side(found.side)
    title = "One broker or rack is restarting."
    if not side.reachable:
        return Reason(NOT, title, f"None of {len(side.brokers)} brokers answers.", side.read_at)
    answering = [probe for probe in side.probes if probe.ok]
    if len(answering) < len(side.probes):
        failing = ", ".join(probe.protocol for probe in side.probes if not probe.ok)
        return Reason(
            APPLIES, title, f"{side.side} answers by other ways than {failing}: it is not gone.", side.read_at
        )
    return Reason(CANNOT_TELL, title, f"{side.side} answers; which brokers are up is not told.", side.read_at)
