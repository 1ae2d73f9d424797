"""What a Schema Registry has to be before its mode is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from clusters.facts import RegistryFacts, SideFacts
from clusters.gateway import RegistryMode
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule, acting_side, listed, other_side, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.vantage import span

IMPORTING = "vendor documentation of Schema Registry modes"
LINKING = "vendor documentation of Schema Linking: what is exported goes into a registry in IMPORT"


@runtime_checkable
class SetsMode(Protocol):
    """A step that sets the mode of the registry of the side where it acts; of these subjects alone, if any."""

    mode: RegistryMode
    subject_names: tuple[str, ...]

    @property
    def is_forced(self) -> bool: ...


class OfMode(Rule):
    code: ClassVar[str] = "registry-mode"
    level: ClassVar[Level] = Level.ABSOLUTE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        if not isinstance(step, SetsMode):
            return self.met("sets no mode", "a step that sets the mode of a Schema Registry")
        return self.judge_mode(step, acting_side(step, case), other_side(step, case), case)

    def judge_mode(self, step: SetsMode, here: SideFacts, there: SideFacts, case: Case) -> Verdict:
        raise NotImplementedError


@guards.add("registry_known")
@dataclass(frozen=True)
class RegistryKnown(OfMode):
    """The Schema Registry of the side that is acted on has told its mode within the limit for settings."""

    title: ClassVar[str] = "The registry's mode is known"
    source: ClassVar[str] = "Breakwater: facts expire (policy of the pair)"

    def judge_mode(self, step: SetsMode, here: SideFacts, there: SideFacts, case: Case) -> Verdict:
        registry = registry_of(here)
        mode = present(registry.mode, f"the mode of the Schema Registry of {here.side} ({registry.said})")
        at = present(registry.at, f"when the Schema Registry of {here.side} was read")
        limit, age = case.policy.configs_for, case.now - at
        saw, needs = f"{here.side} reads {mode}, {span(age)} ago", f"its mode, read {span(limit)} ago or less"
        if age <= limit:
            return self.met(saw, needs, at)
        says = f"The Schema Registry of {here.side} was read {span(age)} ago; limit {span(limit)}. Look again."
        return self.refused(says, saw, needs, at)


@guards.add("import_over_nothing")
@dataclass(frozen=True)
class ImportOverNothing(OfMode):
    """A registry or a subject is set to IMPORT only where nothing is registered, or where the step forces it: schemas
    that come in bring their ids along, and an id that is taken already would stand for two schemas.
    """

    title: ClassVar[str] = "Nothing stands where schemas are imported"
    source: ClassVar[str] = IMPORTING

    def judge_mode(self, step: SetsMode, here: SideFacts, there: SideFacts, case: Case) -> Verdict:
        needs = "nothing registered, or a step that forces it"
        registry = registry_of(here)
        if step.mode is not RegistryMode.IMPORT:
            return self.met("nothing is to be imported", needs)
        schemas = present(registry.schemas, f"what the Schema Registry of {here.side} holds ({registry.said})")
        held = {schema.subject for schema in schemas}
        held &= set(step.subject_names) or held
        if not held:
            return self.met("nothing is registered", needs, registry.at)
        saw = f"{len(held)} subjects on {here.side}: {listed(held)}"
        says = f"IMPORT is for a registry that holds nothing, and {here.side} holds {listed(held)}."
        if not step.is_forced:
            return self.refused(f"{says} The registry would refuse it. Set other subjects, or force it.", saw, needs)
        says += " Forced, schemas that come in may take ids that stand for others. Compare both registries first."
        return self.refused(says, saw, needs, registry.at, level=Level.OVERRIDABLE)


@guards.add("one_registry_writes")
@dataclass(frozen=True)
class OneRegistryWrites(OfMode):
    """A registry takes new schemas only while no exporter of the other side copies into it. A registry that is lost
    with its side, in an outage that this incident has confirmed, copies nothing. Where the other one takes new schemas
    too, that is said: the same id may come to stand for two.
    """

    title: ClassVar[str] = "No exporter copies into a registry that takes new schemas"
    level: ClassVar[Level] = Level.OVERRIDABLE
    source: ClassVar[str] = LINKING

    def judge_mode(self, step: SetsMode, here: SideFacts, there: SideFacts, case: Case) -> Verdict:
        needs = f"every exporter of {there.side} paused"
        if step.mode is not RegistryMode.READWRITE:
            return self.met("takes no new schemas", needs)
        if there.registry is None and case.facts.schemas.is_known and case.facts.schemas.value == "shared":
            return self.met("one registry serves both sides, as the inventory declares", needs)
        registry = registry_of(there)
        if registry.exporters is None:
            return self._lost(there, registry, needs, case)
        if running := sorted(one.name for one in registry.exporters if not one.is_paused):
            says = (
                f"{listed(running)} of {there.side} would go on copying into {here.side}, which then takes no imports. "
                f"Pause it first: confluent schema-registry exporter pause {running[0]}"
            )
            return self.refused(says, f"not paused on {there.side}: {listed(running)}", needs, registry.at)
        if present(registry.mode, f"the mode of the Schema Registry of {there.side}") == RegistryMode.READWRITE:
            says = f"{there.side} takes new schemas too: the same id may come to stand for two schemas."
            return self.refused(says, f"{there.side} reads READWRITE", needs, registry.at, level=Level.WARNING)
        return self.met(f"no exporter of {there.side} runs; it reads {registry.mode}", needs, registry.at)

    def _lost(self, there: SideFacts, registry: RegistryFacts, needs: str, case: Case) -> Verdict:
        confirmed = case.evidence.get("outage.confirm", {}).get("side") == there.side
        if there.reachable or not confirmed:
            fact = f"the exporters of the Schema Registry of {there.side} ({registry.said})"
            raise MissingFact(fact, waits_for="" if there.reachable else "outage.confirm")
        saw = f"{there.side} is lost, as this incident has confirmed: it copies nothing until it is back"
        return self.met(f"{saw}; pause its exporters then, before anything else", needs)


def registry_of(side: SideFacts) -> RegistryFacts:
    return present(side.registry, f"the Schema Registry of {side.side}: the inventory names none (schema_registry)")
