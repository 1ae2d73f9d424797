from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.gateway import PairByHand, Prepared, RegistryMode, SideGateway
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.registry import ImportOverNothing, OneRegistryWrites, RegistryKnown
from runbooks.engine.guards.rule import listed
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Preview, Refused
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.steps.one_by_one import OneByOne
from runbooks.engine.values import Side, SubjectNames

ALL = "all subjects"
NOTHING_OWN = ""
MEANS = {
    RegistryMode.READWRITE: "New schemas can be registered there from then on, and get ids of its own.",
    RegistryMode.READONLY: "Nobody can register a schema there. Schemas that are known are read as before.",
    RegistryMode.IMPORT: "Only an exporter, which brings ids along, can register there. Known ones are read as before.",
}


class Force(StrEnum):
    NO = "no"
    YES = "yes"


@steps.add("registry.mode")
@dataclass(frozen=True)
class SetRegistryMode(OneByOne):
    """Set the mode of a Schema Registry.

    Says what the registry of one side takes, or what some of its subjects take: READWRITE new schemas, READONLY none,
    IMPORT those that an exporter brings, with their ids. After a failover the registry of the surviving side is set to
    READWRITE, so that producers there can register; before mirroring starts anew the other one is set to IMPORT. The
    modes that were are kept. Done when each reads as it was set.
    """

    mode: RegistryMode = field(metadata={"about": "READWRITE, READONLY or IMPORT"})
    side: Side | None = field(default=None, metadata={"about": "the side whose registry is set"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})
    subject_names: SubjectNames = field(
        default=(), metadata={"about": "these alone; without it, all that have no mode of their own"}
    )
    force: Force = field(default=Force.NO, metadata={"about": "yes: IMPORT even where something is registered"})

    kind: ClassVar[str] = "registry.mode"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    way_back: ClassVar[str] = "Set it back to the mode that was; back to IMPORT it has to be forced."
    guards: ClassVar[tuple[Guard, ...]] = (
        *(MayChange(), FreshFacts(), RegistryKnown(), ImportOverNothing(), OneRegistryWrites()),
    )

    @property
    def is_forced(self) -> bool:
        return self.force is Force.YES

    def challenge(self, case: Case) -> str:
        return f"Set {self._named()} of the Schema Registry of {self.where(case)} to {self.mode}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.subject_names or (ALL,)

    def will_happen(self, case: Case) -> str:
        forced = ", even over what is registered" if self.is_forced else ""
        return f"The Schema Registry of {self.where(case)} is set to {self.mode}{forced}, for {self._named()}."

    def clients_see(self, case: Case) -> str:
        return MEANS[self.mode]

    def recognised_by(self, case: Case) -> str:
        return f"the mode on {self.where(case)} reads {self.mode}"

    def prepared(self, ctx: StepContext, item: str) -> Prepared:
        return self._gateway(ctx).registry_mode_setting(self.mode, _subject(item), force=self.is_forced)

    def preview(self, ctx: StepContext) -> Preview:
        """With the modes that are: they are the way back."""
        found = super().preview(ctx)
        try:
            now = self._modes(ctx, self.targets(ctx.case))
        except ClusterError as error:
            return replace(found, problems={**found.problems, "modes": str(error)})
        return replace(found, undo=" ".join(_ways_back(now)), evidence={"now": now})

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        """With the last look: what has been registered since forbids IMPORT."""
        with last_look(f"the mode and the subjects of the Schema Registry of {self.where(ctx.case)}"):
            now = self._modes(ctx, items)
            imports = self.mode is RegistryMode.IMPORT and not self.is_forced
            held = self._gateway(ctx).registry_subjects(deadline=ctx.deadline) if imports else ()
        over = sorted(set(held) & (set(self.subject_names) or set(held)))
        if over and any(now[item] != RegistryMode.IMPORT for item in items):
            says = f"The Schema Registry of {self.where(ctx.case)} holds {listed(over)} by now. Nothing was sent."
            raise Refused(ImportOverNothing().refused(says, listed(over), "nothing registered", ctx.case.now))
        return {"here": now}

    def observe(self, ctx: StepContext) -> Observation:
        names, before = ctx.items or self.targets(ctx.case), ctx.pre_state.get("here", {})
        try:
            now = self._modes(ctx, names)
        except ClusterError as error:
            return Observation({name: Item.unknown(str(error)) for name in names}, str(error))
        items = {name: self._judged(name, now[name], before) for name in names}
        done = sum(item.state == "done" for item in items.values())
        evidence = {"side": self.where(ctx.case), "mode": self.mode.value, "before": dict(before)}
        said = f"{done} of {len(items)} read {self.mode} on {self.where(ctx.case)}"
        return Observation(items, said, {**evidence, "at": ctx.case.now.isoformat()})

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        return {**super().binding_facts(case), "mode": self.mode.value, "force": self.force.value}

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        side, names = tools.side(self.where(case)), self.targets(case)
        return ByHand(
            does=("Write down the modes that are. Send each once: after a time-out look, and do not send it again.",),
            looks=side.looks_at_registry(self.subject_names),
            sends=tuple(
                command
                for name in names
                for command in side.sets_registry_mode(self.mode, _subject(name), force=self.is_forced)
            ),
            expects=(f"In the end {self.recognised_by(case)}:", *names),
            notes=("The modes that were", "Sent at"),
        )

    def _judged(self, name: str, now: str, before: Mapping[str, str]) -> Item:
        saw = f"reads {now}" if now else "has no mode of its own"
        if now == self.mode:
            return Item.done(saw)
        if before.get(name) == now:
            return Item.not_applied(f"still {saw}")
        return Item.unknown(f"{saw}, which is neither what was sent nor what was there before")

    def _modes(self, ctx: StepContext, names: tuple[str, ...]) -> dict[str, str]:
        gateway = self._gateway(ctx)
        return {name: gateway.registry_mode(_subject(name), deadline=ctx.deadline) or NOTHING_OWN for name in names}

    def _gateway(self, ctx: StepContext) -> SideGateway:
        return ctx.gateways.side(self.where(ctx.case))

    def _named(self) -> str:
        return listed(self.subject_names) or ALL


def _subject(item: str) -> str:
    return "" if item == ALL else item


def _ways_back(now: Mapping[str, str]) -> Iterator[str]:
    """Subject by subject where they differ; IMPORT is only taken back by force."""
    own = {name: mode for name, mode in now.items() if mode}
    for mode in sorted(set(own.values())):
        names = listed([name for name in own if own[name] == mode])
        yield f"Set {names} back to {mode}{', forced' if mode == RegistryMode.IMPORT else ''}."
    if bare := [name for name in now if not now[name]]:
        yield f"DELETE /mode/<subject> takes the mode away again that {listed(bare)} had not."
