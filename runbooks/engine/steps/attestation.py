"""What a person says when nothing else can prove it: a name and a reason, both or nothing; of each team its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from clusters.facts import ClientFacts
from runbooks.engine.context import Case, StepContext
from runbooks.engine.outcome import Prompt

BY, REASON = "attested_by", "attested_reason"


def attestation(what: str, *, is_required: bool = True) -> tuple[Prompt, ...]:
    return (
        Prompt(BY, f"Who has seen that {what}?", is_required, "The name of the person who looked."),
        Prompt(REASON, "How do they know?", is_required, "Where they looked, and what they saw there."),
    )


def attestations(
    moved: Iterable[tuple[str, str]], what: Callable[[list[str]], str], *, is_required: bool = True
) -> tuple[Prompt, ...]:
    """One for each team, of pairs of a team (empty: none is declared) and what it moves."""
    teams: dict[str, list[str]] = {}
    for team, name in moved:
        teams.setdefault(team, []).append(name)
    asked: list[Prompt] = []
    for team, names in sorted(teams.items()):
        asked += _of_team(team, what(names), is_required) if team else attestation(what(names), is_required=is_required)
    return tuple(asked)


def attested(case: Case, team: str = "") -> str:
    """`name: reason`, with the team before it; nothing where either is missing."""
    name, reason = (case.inputs.get(_key(key, team), "").strip() for key in (BY, REASON))
    of = f"{name} of {team}" if team else name
    return f"{of}: {reason}" if name and reason else ""


def acknowledged(ctx: StepContext, clients: Mapping[str, ClientFacts | None]) -> dict[str, Any]:
    """By item, who has said it for which team, and when that was first taken down here: evidence of its own."""
    known: Mapping[str, Any] = ctx.memory.get("acknowledged", {})
    said = {
        item: {"team": client.team, "said": attested(ctx.case, client.team), "at": ctx.case.now.isoformat()}
        for item, client in clients.items()
        if client and client.is_by_hand and attested(ctx.case, client.team)
    }
    return {"acknowledged": {**said, **known}} if said or known else {}


def _of_team(team: str, what: str, is_required: bool) -> tuple[Prompt, ...]:
    who, when = f"Who of {team} acknowledges that {what}?", f"{team}: when was it, and how do they know?"
    return (
        Prompt(_key(BY, team), who, is_required, f"The name of a person of {team}; each team speaks for itself."),
        Prompt(_key(REASON, team), when, is_required, "The time in UTC, where they looked, and what they saw there."),
    )


def _key(key: str, team: str) -> str:
    return f"{key}-{team}" if team else key
