"""What guards and the three verbs of a step kind say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """Absolute: nobody can pass it. Overridable: one by one, by name, with a reason. Warning: shown, never holds."""

    ABSOLUTE = "absolute"
    OVERRIDABLE = "overridable"
    WARNING = "warning"


@dataclass(frozen=True)
class Verdict:
    """One guard's judgement: the fact it saw, what it needs, and the rule's source. `says` is the refusal's text.

    `guard` is the guard's registered name. `waits_for` names the step kind whose evidence it needs and has not got: a
    rehearsal then says *cannot be judged before that step*.
    """

    code: str
    title: str
    level: Level
    is_met: bool
    saw: str
    needs: str
    source: str
    says: str = ""
    at: datetime | None = None
    guard: str = ""
    waits_for: str = ""


class Refused(Exception):
    """Raised by `pre_state` when what it read right before sending forbids the step: block it, nothing was sent."""

    def __init__(self, *verdicts: Verdict) -> None:
        super().__init__("; ".join(verdict.says for verdict in verdicts))
        self.verdicts = verdicts


class Result(StrEnum):
    """What an answer proves about a command."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # a documented refusal: nothing was applied
    NOT_SENT = "not-sent"  # no byte was written
    NOT_SERVED = "not-served"  # this cluster's REST lacks the call: guided action
    UNKNOWN = "unknown"  # no provable answer


@dataclass(frozen=True)
class Reply:
    is_accepted: bool
    said: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back of one call. `replies` holds an entry for each item sent; an item left out counts as refused."""

    result: Result
    said: str
    replies: Mapping[str, Reply] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)


class ItemState(StrEnum):
    PLANNED = "planned"
    SENT = "sent"
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    NOT_APPLIED = "not-applied"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Item:
    """One target of a step and what was last seen of it."""

    state: ItemState
    saw: str = ""

    @classmethod
    def done(cls, saw: str = "") -> Item:
        return cls(ItemState.DONE, saw)

    @classmethod
    def waiting(cls, saw: str = "") -> Item:
        return cls(ItemState.WAITING, saw)

    @classmethod
    def failed(cls, saw: str = "") -> Item:
        return cls(ItemState.FAILED, saw)

    @classmethod
    def not_applied(cls, saw: str = "") -> Item:
        """Proven untouched: the pre-state is still there."""
        return cls(ItemState.NOT_APPLIED, saw)

    @classmethod
    def unknown(cls, saw: str = "") -> Item:
        return cls(ItemState.UNKNOWN, saw)


@dataclass(frozen=True)
class Observation:
    """What `observe` saw, item by item. The only thing that may call a step done."""

    items: Mapping[str, Item]
    said: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def _all(self, *states: ItemState) -> bool:
        return bool(self.items) and all(item.state in states for item in self.items.values())

    @property
    def is_done(self) -> bool:
        return self._all(ItemState.DONE)

    @property
    def is_not_applied(self) -> bool:
        return self._all(ItemState.NOT_APPLIED)

    @property
    def is_settled(self) -> bool:
        """Every item is done or has failed: nothing more will come of waiting."""
        return self._all(ItemState.DONE, ItemState.FAILED, ItemState.REFUSED)


@dataclass(frozen=True)
class Prompt:
    """Something a person must say when confirming: a statement, a name, a count."""

    name: str
    label: str
    is_required: bool = True
    help: str = ""


@dataclass(frozen=True)
class Preview:
    """The three lines of the step card, from the driver's own dry run where there is one."""

    will_happen: str
    clients_see: str
    undo: str
    command: str = ""
    is_guided: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    is_unanswered: bool = False  # the dry run told nothing; `problems` say why
