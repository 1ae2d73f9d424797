"""How surely a consumer group is stopped, from best to least."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from clusters.errors import ClusterError
from clusters.facts import ClientFacts, GroupFacts
from clusters.gateway import ClientState
from runbooks.engine.context import StepContext
from runbooks.engine.steps import routed
from runbooks.engine.steps.attestation import attested
from runbooks.engine.vantage import span


class Proof(StrEnum):
    """The lower the number, the stronger."""

    E1 = "E1"  # the coordinator said EMPTY or DEAD in two looks that span the session time-out
    E2 = "E2"  # a driver outside the region shows 0 desired, 0 ready, 0 ending
    E3 = "E3"  # its clients are routed away from the side
    E4 = "E4"  # a named person attests it, with a reason

    def satisfies(self, wanted: Proof) -> bool:
        return self.value <= wanted.value


@dataclass(frozen=True)
class Finding:
    """What was found of one group. `level` None: nothing proves it. `all_seen` has what proves less, or not yet."""

    level: Proof | None
    saw: str
    all_seen: str = ""
    is_active: bool = False
    first_empty: str | None = None


def coordinator(ctx: StepContext, side: str, group: str) -> tuple[GroupFacts | None, str]:
    """The group as its coordinator on `side` knows it now; None and why where that cannot be read."""
    if not ctx.case.facts.side(side).reachable:
        return None, f"{side} does not answer"
    try:
        return ctx.gateways.side(side).groups([group], deadline=ctx.deadline).get(group), ""
    except ClusterError as error:
        return None, str(error)


def prove(ctx: StepContext, side: str, group: str) -> Finding:
    """The best proof there is that `group` is stopped on `side`."""
    found, said = coordinator(ctx, side, group)
    if found is not None and found.is_active:
        saw = f"{found.state} on {side} with {found.members} members"
        return Finding(None, saw, saw, is_active=True)
    client = routed.of_groups(ctx.case.facts, (group,))[group]
    first = _first_empty(ctx, group) if found is not None else None
    levels = [
        _by_coordinator(ctx, side, found, first),
        *_by_driver(ctx, side, client),
        _by_person(ctx, client),
    ]
    all_seen = "; ".join(filter(None, [said, *(saw for _, saw in levels)]))
    level, saw = min(((level, saw) for level, saw in levels if level), default=(None, all_seen))
    return Finding(level, saw, all_seen, first_empty=first)


def _first_empty(ctx: StepContext, group: str) -> str:
    known: Mapping[str, Any] = ctx.memory.get("first_empty", {})
    return str(known.get(group) or ctx.case.now.isoformat())


def _by_coordinator(
    ctx: StepContext, side: str, found: GroupFacts | None, first: str | None
) -> tuple[Proof | None, str]:
    if found is None or first is None:
        return None, ""
    lasted, wanted = ctx.case.now - datetime.fromisoformat(first), ctx.case.policy.session_timeout
    if lasted >= wanted:
        return Proof.E1, f"{found.state} on {side} in looks {span(lasted)} apart (session time-out {span(wanted)})"
    return None, f"{found.state} on {side} for {span(lasted)} of {span(wanted)}"


def _by_driver(ctx: StepContext, side: str, client: ClientFacts | None) -> list[tuple[Proof | None, str]]:
    if client is None:
        return [(None, "no routing driver moves this group")]
    state, said = routed.verified(ctx, client)
    if state is None or client.is_by_hand:
        return [(None, said)]
    vantage = ctx.gateways.driver(client.driver).vantage
    if not routed.is_outside(vantage, ctx.case.facts.side(side).region, side):
        return [
            (None, f"{said}, but the driver looks from {vantage or 'an unnamed place'}, which may fall with {side}")
        ]
    return [_driver_level(state, side, said, vantage)]


def _driver_level(state: ClientState, side: str, said: str, vantage: str) -> tuple[Proof | None, str]:
    is_away = state.is_away_from(side)
    if state.is_stopped or (is_away and state.terminating == 0):
        return Proof.E2, f"{said}, seen from {vantage}"
    if is_away:
        return Proof.E3, f"routed away: {said}, seen from {vantage}"
    return None, said


def _by_person(ctx: StepContext, client: ClientFacts | None) -> tuple[Proof | None, str]:
    said = attested(ctx.case, client.team if client and client.is_by_hand else "")
    return (Proof.E4, f"attested by {said}") if said else (None, "")
