"""One judgement of a step on one case: guards, targets, and the digest that a decision binds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.judge import judge, refusals
from runbooks.engine.kinds import Nature, StepKind
from runbooks.engine.outcome import ItemState, Level, Prompt, Verdict
from runbooks.engine.written import Confirm
from runbooks.models import Attempt, Item, Override, StepRun
from runbooks.services.excepting import excepted
from runbooks.services.holds import holds
from runbooks.services.narrowing import narrowed
from runbooks.services.plain import digest, plain
from runbooks.services.script import definition_of

T = TypeVar("T")
# What the next arming covers: never an item that is done, and never one of unknown outcome.
OPEN_ITEMS = frozenset(
    state.value for state in (ItemState.PLANNED, ItemState.REFUSED, ItemState.FAILED, ItemState.NOT_APPLIED)
)


@dataclass(frozen=True)
class Examination:
    """`problem` says which fact is missing to even name what would be done; there is no digest then."""

    kind: StepKind
    case: Case
    number: int
    verdicts: tuple[Verdict, ...]
    targets: tuple[str, ...] = ()
    categories: Mapping[str, Any] | None = None
    seen: Mapping[str, Any] | None = None
    phrase: str = ""
    challenge: str = ""
    prompts: tuple[Prompt, ...] = ()
    overridden: frozenset[str] = frozenset()
    problem: str = ""

    @property
    def digest(self) -> str:
        return digest(self.categories) if self.categories is not None else ""

    @property
    def refusals(self) -> tuple[Verdict, ...]:
        return refusals(self.verdicts, self.overridden)

    @property
    def is_forbidden(self) -> bool:
        """An absolute guard refuses: nothing of the step may run, its dry run included."""
        return any(verdict.level is Level.ABSOLUTE for verdict in self.refusals)


def examine(
    step: StepRun, kind: StepKind, case: Case, number: int, items: tuple[str, ...] | None = None
) -> Examination:
    """Judge on this case. `number` is that of the arming it is for; `items` narrows it to the next batch."""
    overrides = Override.objects.filter(step=step, attempt=number).order_by()
    overridden = frozenset(overrides.values_list("guard", flat=True))
    wanted: tuple[str, ...] = ()
    with suppress(MissingFact, LookupError):  # said below, beside what the guards say
        wanted = covered(step, kind.targets(case)) if items is None else items
        kind = narrowed(kind, case, wanted)
    case = excepted(step, kind, case, definition_of(step).guards)
    verdicts = (*judge(kind, case, definition_of(step).guards), *holds(step, kind, case))
    verdicts = tuple(sorted(verdicts, key=lambda verdict: verdict.level is not Level.ABSOLUTE))
    found = Examination(kind, case, number, verdicts, overridden=overridden)
    try:
        return _named(step, found, wanted)
    except MissingFact as missing:
        return _unnamed(found, missing.fact, missing.waits_for)
    except LookupError as missing:
        return _unnamed(found, f"{missing.args[0] if missing.args else missing} is not among the facts")


def _named(step: StepRun, found: Examination, wanted: Collection[str]) -> Examination:
    """Not every kind can be narrowed: what is not wanted is no target of this arming all the same."""
    kind, case, only = found.kind, found.case, frozenset(wanted)
    targets = tuple(name for name in kind.targets(case) if name in only)
    if not targets:
        raise MissingFact("what this step acts on: it names nothing")  # nothing to do must not look like all done
    return replace(
        found,
        targets=targets,
        categories=categories(step, found.number, targets, kind.binding_facts(case), found.overridden),
        seen=plain(kind.seen(case)),
        phrase=phrase(step, kind, case, targets),
        challenge=kind.challenge(case),
        prompts=tuple(kind.prompts(case)),
    )


def _unnamed(found: Examination, fact: str, waits_for: str = "") -> Examination:
    says = f"A fact needed to judge safety is unknown: {fact}. Unknown is treated as unsafe."
    unknown = Verdict(
        "R19", "What would be done is known", Level.ABSOLUTE, False, f"unknown: {fact}", "a known fact",
        "the catalogue of refusals", says=says, waits_for=waits_for,
    )  # fmt: skip
    return replace(found, verdicts=(unknown, *found.verdicts), problem=says)


def categories(
    step: StepRun, number: int, targets: tuple[str, ...], facts: Mapping[str, Any], overridden: frozenset[str]
) -> dict[str, Any]:
    """What an approval binds. Numbers that move by themselves are not among it."""
    return {
        "definition": step.run.version.digest,
        "step": step.key,
        "attempt": number,
        "parameters": plain(step.run.parameters),
        "targets": sorted(targets),
        "mode": step.run.mode,
        "inventory": step.run.inventory_digest,
        "overrides": sorted(overridden),
        "facts": plain(facts),
    }


def difference(before: Mapping[str, Any], now: Mapping[str, Any], path: str = "") -> list[str]:
    """What moved, each with both values."""
    said: list[str] = []
    for key in sorted(before.keys() | now.keys()):
        old, new, name = before.get(key), now.get(key), f"{path}{key}"
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            said += difference(old, new, f"{name}: " if path else "")
        elif old != new:
            said.append(f"{name} was {_short(old)}, is now {_short(new)}")
    return said


def covered(step: StepRun, targets: tuple[str, ...]) -> tuple[str, ...]:
    """All targets in a first arming; after one that was sent, those that provably were not brought about."""
    if step.nature != Nature.ACT:
        return tuple(targets)
    last = Attempt.objects.filter(step=step, items__isnull=False).order_by("-number").first()
    if last is None:
        return tuple(targets)
    items = Item.objects.filter(attempt=last)
    names = set((items if last.is_live else items.filter(state__in=OPEN_ITEMS)).values_list("name", flat=True))
    return tuple(target for target in targets if target in names)


def phrase(step: StepRun, kind: StepKind, case: Case, targets: tuple[str, ...]) -> str:
    """What has to be typed; empty for a click."""
    how: dict[str, Callable[[], str]] = {
        Confirm.CLICK: lambda: "",
        Confirm.CLUSTER: lambda: _known(kind.acts_on(case), "the side this step acts on"),
        Confirm.TOPIC: lambda: targets[0] if len(targets) == 1 else f"{len(targets)} topics",
        Confirm.RECORD_COUNT: lambda: str(_known(kind.record_count(case), "the number of records")),
    }
    return how[step.confirm]()


def _known(value: T | None, what: str) -> T:
    if value is None:
        raise MissingFact(what)
    return value


def _short(value: object, most: int = 160) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= most else f"{text[:most]}…"
