"""The defaults of a step kind: a new one says only what is its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar

from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.kinds import Guard, Nature, StepKind, Subjects
from runbooks.engine.outcome import Answer, Observation, Preview, Prompt

THE_STEP = "the step"
UNSPELT = "Its command is not printed on this sheet: take it from the vendor's manual, for this edition and version."


class Kind:
    """Subclass as a frozen dataclass: its fields are its `with:` schema, its docstring is its help."""

    kind: ClassVar[str]
    nature: ClassVar[Nature] = Nature.CHECK
    guards: ClassVar[tuple[Guard, ...]] = ()
    version: ClassVar[int] = 1
    is_irreversible: ClassVar[bool] = False
    one_of: ClassVar[tuple[str, ...]] = ()  # fields of which a definition gives exactly one

    def challenge(self, case: Case) -> str:
        raise NotImplementedError

    def preview(self, ctx: StepContext) -> Preview:
        raise NotImplementedError

    def observe(self, ctx: StepContext) -> Observation:
        raise NotImplementedError

    def where(self, case: Case) -> str:
        """The side it acts on: `side` or `to` as given, else the other one than `away_from`."""
        given = getattr(self, "side", None) or getattr(self, "to", None)
        return str(given) if given else case.facts.other(case.facts.side(getattr(self, "away_from", "")).side).side

    def subjects(self, case: Case) -> Subjects:
        """Read off the fields of the same names."""
        own = {field.name for field in fields(self)}  # type: ignore[arg-type]
        given = {name: getattr(self, name) or () for name in ("topics", "groups", "clients") if name in own}
        sided = any(getattr(self, name) for name in own & {"side", "to", "away_from"})
        return Subjects(self.where(case) if sided else None, getattr(self, "away_from", None), **given)

    def also_reads(self, case: Case) -> tuple[str, ...]:
        return ()

    def acts_on(self, case: Case) -> str | None:
        return self.subjects(case).side

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        """For paper. A kind that looks or sends spells its commands; here, what its help says."""
        said = " ".join((type(self).__doc__ or "").partition("\n")[2].split())
        unspelt = (UNSPELT,) if self.nature is Nature.ACT else ()
        return ByHand(does=(said, *unspelt), expects=("It is seen to be so.",), notes=("What was seen, by whom, when",))

    def targets(self, case: Case) -> tuple[str, ...]:
        return (THE_STEP,)

    def only(self, items: frozenset[str]) -> StepKind | None:
        return None

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        return ()

    def record_count(self, case: Case) -> int | None:
        return None

    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        return {}

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        return {}

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        raise TypeError(f"{self.kind} sends nothing")

    def batch(self) -> int:
        return 1

    def next_call(self, case: Case, waiting: tuple[str, ...]) -> tuple[str, ...]:
        return waiting[: self.batch()]

    def goes_in_turn(self, case: Case, names: tuple[str, ...]) -> bool:
        return False

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        return {"acts_on": self.acts_on(case), "targets": list(self.targets(case))}

    def seen(self, case: Case) -> Mapping[str, Any]:
        return {}

    def worse_than(self, seen: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
        return None

    def holds(self, case: Case) -> str | None:
        return None
