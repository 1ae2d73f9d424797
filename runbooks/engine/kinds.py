"""The shape of a guard and of a step kind, and their registries. One file each; found by being in the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from clusters.gateway import PairByHand
from clusters.registry import Registry
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.outcome import Answer, Level, Observation, Preview, Prompt, Verdict


class Guard(Protocol):
    """A named, pure judgement of a case. Its docstring is its help text; unknown facts refuse."""

    code: ClassVar[str]
    title: ClassVar[str]
    level: ClassVar[Level]
    source: ClassVar[str]

    def judge(self, step: StepKind, case: Case) -> Verdict: ...
    def is_stricter(self, other: object) -> bool:
        """Whether `other`, of the same class, asks for more than this guard does."""
        ...


@dataclass(frozen=True)
class Subjects:
    """What guards judge of a step. `side` is where it acts, `away_from` the side it leaves (None for one-sided steps).

    `topics` are names on `side`; `groups` and `clients` are names of consumer groups and of declared clients.
    """

    side: str | None = None
    away_from: str | None = None
    topics: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()


class Nature(StrEnum):
    """Checks sense, attestations take a person's word, acts send something."""

    CHECK = "check"
    ATTEST = "attest"
    ACT = "act"


class StepKind(Protocol):
    """A frozen dataclass whose fields are its `with:` schema and whose docstring is its help text.

    Subclass `runbooks.engine.steps.kind.Kind` for the defaults of everything optional.
    """

    kind: ClassVar[str]
    nature: ClassVar[Nature]
    guards: ClassVar[tuple[Guard, ...]]
    version: ClassVar[int]
    is_irreversible: ClassVar[bool]

    def challenge(self, case: Case) -> str: ...
    def subjects(self, case: Case) -> Subjects: ...
    def also_reads(self, case: Case) -> tuple[str, ...]:
        """Topics beside its subjects that its guards judge: they are read whatever the pair's size."""
        ...

    def acts_on(self, case: Case) -> str | None:
        """The side this step changes or looks at; the phrase of `typed: cluster`."""
        ...

    def targets(self, case: Case) -> tuple[str, ...]:
        """The items by name; ("the step",) style single names for checks."""
        ...

    def only(self, items: frozenset[str]) -> StepKind | None:
        """The same step about these targets alone, for kinds whose targets do not stand in their fields."""
        ...

    def prompts(self, case: Case) -> tuple[Prompt, ...]: ...
    def record_count(self, case: Case) -> int | None:
        """The number to be typed for `typed: record-count`."""
        ...

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        """How people do it without this program, for paper: nothing is called."""
        ...

    def preview(self, ctx: StepContext) -> Preview: ...
    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        """The exact request of the next call, without secrets, and how its outcome will be recognised: the intent."""
        ...

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        """What is true of the items right before sending; `observe` proves *not applied* against it.

        The last look: it may raise `outcome.Refused`, and the step is then blocked with nothing sent. What stands under
        `keep`, by kind of evidence, is kept in the transaction of the intent, whatever comes of the call.
        """
        ...

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        """Send, at most once per item and attempt. Acts only."""
        ...

    def observe(self, ctx: StepContext) -> Observation: ...
    def batch(self) -> int:
        """How many items one call may carry."""
        ...

    def next_call(self, case: Case, waiting: tuple[str, ...]) -> tuple[str, ...]:
        """Which of the items that wait, in order of their names, the next call takes."""
        ...

    def goes_in_turn(self, case: Case, names: tuple[str, ...]) -> bool:
        """Whether, with these items sent or next, a call has to wait for the end state of all that was sent."""
        ...

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        """Categories an approval binds: versions, tiering, link mode, sets of names; never numbers that move."""
        ...

    def seen(self, case: Case) -> Mapping[str, Any]:
        """Numbers that move by themselves, stored as seen with a decision."""
        ...

    def worse_than(self, seen: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
        """Why *now* is worse than what the approver saw, naming both values; None when it is not."""
        ...

    def holds(self, case: Case) -> str | None:
        """For kinds that drift: why the step's result no longer holds; None while it does."""
        ...


guards: Registry[Any] = Registry("guard", "runbooks.engine.guards")
steps: Registry[Any] = Registry("step kind", "runbooks.engine.steps")
