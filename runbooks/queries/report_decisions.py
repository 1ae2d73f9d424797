"""Who decided what about the steps of a run, and what they were shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runbooks.models import Approval, Attempt, Run
from runbooks.queries.guards import GuardRow, guard_rows
from runbooks.queries.words import counted


@dataclass(frozen=True)
class DecisionLine:
    step: str
    number: int
    at: datetime
    who: str
    did: str
    typed: str
    said: Sequence[tuple[str, str]]
    saw: Sequence[tuple[str, str]]
    guards: Sequence[GuardRow]
    digest: str


def decisions(run: Run) -> Iterator[DecisionLine]:
    attempts = Attempt.objects.filter(step__run=run).select_related("requester", "step").order_by("requested_at")
    words: dict[int, list[Approval]] = {}
    for word in Approval.objects.filter(attempt__step__run=run).select_related("approver"):
        words.setdefault(word.attempt_id, []).append(word)
    for attempt in attempts:
        yield DecisionLine(
            attempt.step.title,
            attempt.step.position,
            attempt.requested_at,
            attempt.requester.name,
            "confirmed",
            attempt.phrase,
            sorted(attempt.inputs.items()),
            list(shown(attempt.seen)),
            guard_rows(attempt.verdicts, {}),
            attempt.digest,
        )
        yield from (_word(attempt, word) for word in words.get(attempt.pk, ()))


def _word(attempt: Attempt, word: Approval) -> DecisionLine:
    did = "approved" if word.verdict == Approval.Verdict.APPROVE else "declined"
    return DecisionLine(
        attempt.step.title,
        attempt.step.position,
        word.at,
        word.approver.name,
        did,
        attempt.phrase if did == "approved" else "",
        [("reason", word.reason)] if word.reason else [],
        list(shown(word.seen)),
        guard_rows(word.verdicts or (), {}),
        word.digest,
    )


def shown(values: Mapping[str, Any], path: str = "", most: int = 40) -> Iterator[tuple[str, str]]:
    """Nested numbers as lines of name and value; a long list is counted."""
    for key, value in list(values.items())[:most]:
        name = f"{path}{key}"
        if isinstance(value, Mapping):
            yield from shown(value, f"{name}: ")
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value)) if len(value) <= 6 else counted(len(value), "entry", "entries")
        else:
            yield name, "not known" if value is None else str(value)
