"""What was sent, what is seen, and what that proves: the evidence under a step whose command is out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clusters.declared import PairEntry
from runbooks.engine.outcome import ItemState
from runbooks.engine.states import StepState
from runbooks.models import Attempt, Call, Item, Look
from runbooks.queries.steps import StepRows
from runbooks.queries.words import AT_WORK, Chip, clock, counted, length
from runbooks.services.policy import patience
from runbooks.services.unknown import is_proven_untouched

TABLE = 60  # rows of items on a page; what is settled well is summed up
S = ItemState
ITEM_CHIPS: dict[ItemState, tuple[Chip, str]] = {
    S.REFUSED: (Chip("failed", "refused"), "you: provably not applied, can be sent again"),
    S.FAILED: (Chip("failed", "failed"), "you: can be tried again"),
    S.UNKNOWN: (Chip("unknown", "unknown"), "nobody: it is looked at, and never sent again by itself"),
    S.NOT_APPLIED: (Chip("partial", "not applied"), "you: can be sent again"),
    S.WAITING: (Chip("machine", "under way", "observing"), "the cluster"),
    S.SENT: (Chip("machine", "sent", "observing"), "the cluster"),
    S.PLANNED: (Chip("locked", "not sent yet", "queued"), "Breakwater, in a later call"),
    S.DONE: (Chip("machine", "done", "sensed"), "nobody"),
}
ORDER = list(ITEM_CHIPS)
SQUARES = {S.DONE: "done", S.REFUSED: "no", S.FAILED: "no"}


@dataclass(frozen=True)
class ItemRow:
    name: str
    chip: Chip
    saw: str
    at: datetime | None
    who: str


@dataclass(frozen=True)
class Items:
    label: str
    squares: Sequence[str]
    rows: Sequence[ItemRow]


@dataclass(frozen=True)
class Sent:
    """One attempt's calls in three parts, each a few sentences."""

    calls: Sequence[CallLine]
    seen: Sequence[str]
    looked_at: datetime | None
    proves: str


@dataclass(frozen=True)
class CallLine:
    at: datetime
    requests: Sequence[str]
    recognised_by: str
    what: str
    came: str
    intent: str


def items_of(rows: StepRows, entry: PairEntry | None) -> Items | None:
    """None where the step has a single item: its state says all."""
    if rows.attempt is None or rows.seen.all_items < 2:
        return None
    counts = ", ".join(
        f"{rows.items[state]} {ITEM_CHIPS[state][0].word}" for state in reversed(ORDER) if rows.items[state]
    )
    states = [state for state in reversed(ORDER) for _ in range(rows.items[state])]
    return Items(counts, [SQUARES.get(state, "") for state in _thinned(states)], _item_rows(rows, entry))


def _thinned(states: list[ItemState], most: int = 48) -> list[ItemState]:
    """At most so many squares, still in proportion; what went wrong is never thinned away."""
    if len(states) <= most:
        return states
    step = len(states) / most
    return [states[int(index * step)] for index in range(most - 1)] + [states[-1]]


def _item_rows(rows: StepRows, entry: PairEntry | None) -> list[ItemRow]:
    unsettled = list(Item.objects.filter(attempt=rows.attempt).exclude(state=S.DONE)[:TABLE])
    unsettled.sort(key=lambda item: (ORDER.index(S(item.state)), item.name))
    is_settled = rows.step.state not in AT_WORK and not not_proven(rows, entry)
    found = [_item_row(item, is_settled=is_settled) for item in unsettled]
    hidden = rows.seen.all_items - rows.items[S.DONE] - len(found)
    if hidden:
        found.append(
            ItemRow(f"{hidden:,} others", Chip("machine", "not listed here", "queued"), "see the evidence", None, "")
        )
    if rows.items[S.DONE]:
        done = list(Item.objects.filter(attempt=rows.attempt, state=S.DONE)[: TABLE - len(found)])
        found += [_item_row(item, is_settled=is_settled) for item in done]
        if rest := rows.items[S.DONE] - len(done):
            chip, who = ITEM_CHIPS[S.DONE]
            found.append(ItemRow(f"{rest:,} others", chip, "", None, who))
    return found


def _item_row(item: Item, *, is_settled: bool) -> ItemRow:
    chip, who = ITEM_CHIPS[S(item.state)]
    if item.state == S.NOT_APPLIED and not is_settled:
        chip, who = Chip("unknown", "not applied so far"), "nobody yet: it has to be seen for long enough"
    return ItemRow(item.name, chip, item.saw, item.updated_at, who)


def sent_of(rows: StepRows, entry: PairEntry | None, now: datetime) -> Sent | None:
    """None before anything of the newest attempt was sent."""
    attempt = rows.attempt
    if attempt is None or attempt.sent_at is None:
        return None
    calls = list(Call.objects.filter(attempt=attempt))
    last = Look.objects.filter(attempt=attempt).last()
    seen = [last.said or "seen, nothing new"] if last else ["not looked at yet"]
    if attempt.looks > 1:
        seen.append(f"{counted(attempt.looks, 'look')} since {clock(attempt.sent_at)}")
    is_open = rows.step.state == StepState.UNKNOWN and not attempt.is_guided
    proves = _proves(attempt, calls, entry) if is_open else ""
    return Sent([_line(call) for call in calls], seen, last.at if last else None, proves)


def _line(call: Call) -> CallLine:
    verb = "given to a person" if call.outcome == Call.Outcome.BY_HAND else "sent"
    came = CAME[Call.Outcome(call.outcome)]
    said = f"{came}: {call.said}" if call.said else came
    recognised_by = str(call.intent.get("recognised_by", ""))
    what = f"{verb} once, {counted(len(call.items), 'name')}"
    return CallLine(call.sent_at, _requests(call.intent), recognised_by, what, said, call.digest[:8])


CAME = {
    Call.Outcome.PENDING: "no answer yet",
    Call.Outcome.ACCEPTED: "accepted, which is not done",
    Call.Outcome.REFUSED: "refused, provably not applied",
    Call.Outcome.NOT_SENT: "no byte was written",
    Call.Outcome.NOT_SERVED: "this cluster does not serve the call",
    Call.Outcome.UNKNOWN: "no usable answer",
    Call.Outcome.BY_HAND: "by hand",
}


def _requests(intent: Mapping[str, Any]) -> list[str]:
    """What was asked for: the first line of a request, one line for each workload, or the command a person ran."""
    request, requests = intent.get("request"), intent.get("requests")
    if isinstance(request, Mapping) and {"method", "path"} <= request.keys():
        return [f"{request['method']} {request['path']}"]
    if isinstance(requests, Mapping):
        return [f"{name}: {_order(order)}" for name, order in requests.items()]
    return [str(intent["command"])] if intent.get("command") else [json.dumps(intent, ensure_ascii=False)[:300]]


def _order(order: object) -> str:
    if not isinstance(order, Mapping):
        return "by hand"
    return ", ".join(f"{key} {'none' if value is None else value}" for key, value in order.items())


def _proves(attempt: Attempt, calls: Sequence[Call], entry: PairEntry | None) -> str:
    if is_proven_untouched(attempt):
        return "Not applied: the old state was seen long enough. A person may allow it to be sent again."
    needs = patience(entry)
    looks = f"{attempt.clear_looks} of {needs.looks} looks in a row have said: not applied."
    deadline = max((call.deadline_at for call in calls), default=None)
    return (
        f"Nothing yet. {looks} They count from {clock(deadline)} UTC on, when the request can no longer arrive, "
        f"and must span {length(needs.over)}. No time-out turns this into a failure or a second send."
    )


def not_proven(rows: StepRows, entry: PairEntry | None) -> str:
    """Why a step of unknown outcome cannot be armed again yet; empty for any other."""
    if rows.step.state != StepState.UNKNOWN or (rows.live and is_proven_untouched(rows.live)):
        return ""
    seen = rows.live.clear_looks if rows.live else 0
    needs = patience(entry)
    return f"it is not proven that nothing was applied ({seen} of {needs.looks} looks, over {length(needs.over)})"
