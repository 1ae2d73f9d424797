"""Stored verdicts as the rows and refusals of a card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from runbooks.engine.outcome import Level
from runbooks.models import Override
from runbooks.queries.words import clock

BY_PEOPLE = frozenset({"R25"})  # met by somebody's word, not by a reading
FACT_UNKNOWN = "R19"
DRIFT = "DRIFT"  # the code under which an earlier step that no longer holds refuses


@dataclass(frozen=True)
class GuardRow:
    mark: str
    mark_word: str
    title: str
    rule: str
    saw: str
    is_unknown: bool
    needs: str
    source: str
    at: datetime | None
    note: str = ""


@dataclass(frozen=True)
class RefusalBox:
    """A guard that refuses, in its own words, and whether anybody can set it aside."""

    title: str
    text: str
    rule: str
    kind: str = ""


def guard_rows(verdicts: Iterable[Mapping[str, Any]], overridden: Mapping[str, Override]) -> list[GuardRow]:
    return [_row(verdict, override_of(verdict, overridden)) for verdict in verdicts]


def override_of(verdict: Mapping[str, Any], overridden: Mapping[str, Override]) -> Override | None:
    """By the guard's name, or by its code: but one code stands for every unknown fact, so that one never counts."""
    if verdict["level"] != Level.OVERRIDABLE:
        return None
    by_code = None if verdict["code"] == FACT_UNKNOWN else overridden.get(verdict["code"])
    return overridden.get(verdict.get("guard", "")) or by_code


def refusal_boxes(refusals: Iterable[Mapping[str, Any]]) -> list[RefusalBox]:
    return [
        RefusalBox(
            verdict["says"] or f"{verdict['title']}: needs {verdict['needs']}.",
            f"Seen: {verdict['saw'] or 'nothing that can be judged'}.",
            f"Rule {verdict['code']}. {_who_may(verdict)}",
        )
        for verdict in refusals
    ]


def summary(rows: Sequence[GuardRow]) -> str:
    """9 guards: 8 met, 1 overridden."""
    if not rows:
        return "No guard stands before this step."
    words = {"met": 0, "refuse": 0, "warn": 0, "overridden": 0}
    for row in rows:
        words[WORDS[row.mark]] += 1
    parts = ", ".join(f"{number} {word}" for word, number in words.items() if number)
    return f"{len(rows)} guard{'s' if len(rows) > 1 else ''}: {parts}."


WORDS = {
    "sensed": "met",
    "attested": "met",
    "overridden": "overridden",
    "failed": "refuse",
    "unknown": "refuse",
    "watch": "warn",
}


def _row(verdict: Mapping[str, Any], override: Override | None) -> GuardRow:
    mark, word = _mark(verdict, override)
    note = f"Overridden by {override.person.name}, {clock(override.at)} UTC: “{override.reason}”" if override else ""
    return GuardRow(
        mark,
        word,
        verdict["title"],
        verdict["code"],
        verdict["saw"] or "not read",
        mark == "unknown",
        verdict["needs"],
        verdict["source"],
        parse_datetime(verdict["at"]) if verdict.get("at") else None,
        note,
    )


def _mark(verdict: Mapping[str, Any], override: Override | None) -> tuple[str, str]:
    if verdict["is_met"]:
        return ("attested", "attested by a person") if verdict["code"] in BY_PEOPLE else ("sensed", "met")
    if override:
        return "overridden", "overridden"
    if verdict["level"] == Level.WARNING:
        return "watch", "warning"
    is_unknown = verdict["code"] == FACT_UNKNOWN or not verdict["saw"]
    return ("unknown", "not known, refuses") if is_unknown else ("failed", "refuses")


def _who_may(verdict: Mapping[str, Any]) -> str:
    if verdict["code"] == DRIFT:
        return "Put it right, or acknowledge it by name at that step."
    if verdict["level"] == Level.ABSOLUTE:
        return "It cannot be overridden, by anyone."
    return "A commander may override it by name, with a reason."
