from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.registries import Way, not_copying, unlike, unread, ways
from clusters.readiness.topics import some

# Of Streams and ksqlDB, Connect, Schema Registry: state that belongs to one cluster.
INTERNAL = re.compile(
    r".*-(changelog|repartition)|_confluent-ksql-.*|_schemas.*|(.*-)?connect-(configs|offsets|status)", re.DOTALL
)


@checks.add("schemas-there")
class SchemasThere(Check):
    """What goes with the records is there on the other side too: schemas by the same ids, connectors, Streams
    applications. Their internal topics belong to one cluster, and are not mirrored.

    Where the inventory names the Schema Registries of both sides, each id has to stand for the same schema on the
    other, and the exporters have to run. Without them, what the inventory declares is all that is known.
    """

    code: ClassVar[str] = "C22"
    title: ClassVar[str] = "Schemas and applications are there"
    weight: ClassVar[Weight] = Weight.MEDIUM
    needs: ClassVar[str] = (
        "schemas declared none, shared or replicated; the same schema under the same id in both registries, and their "
        "exporters running; no internal topic among the mirrors"
    )
    act: ClassVar[str] = (
        "Stop mirroring internal topics: a second application builds its own. Declare how schemas reach the other "
        "side, after looking: none are used, one registry outlives either side, or an exporter replicates them. Resume "
        "an exporter that is paused; where one id stands for two schemas, decide by hand which registry is right."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if any(side.mirrors is None for side in facts.sides.values()):
            return self.unknown("the mirrors of a side could not be read")
        if internal := sorted(_internal(facts)):
            return self.fails(f"internal topics are mirrored: {some(internal)}")
        if not facts.schemas.is_known:
            return self.unknown(f"how schemas reach the other side: {facts.schemas.note or 'not declared'}")
        return self._registries(facts, f"schemas: {facts.schemas.value}, {facts.schemas.note}")

    def _registries(self, facts: PairFacts, said: str) -> Finding:
        with_one = [side.side for side in facts.sides.values() if side.registry is not None]
        if not with_one:
            return self.met(f"no internal topic is mirrored; {said}; no Schema Registry is named: none is looked at")
        if unknown := list(unread(facts)):
            return self.unknown("; ".join(unknown))
        if facts.schemas.value == "none" and (held := sorted(_held(facts))):
            return self.fails(f"declared none, yet there are schemas: {some(held)}")
        if facts.schemas.value == "replicated" and len(with_one) < len(facts.sides):
            missing = next(side for side in facts.sides if side not in with_one)
            return self.unknown(f"the inventory names no Schema Registry of {missing}: nothing is compared")
        wrong = [problem for way in ways(facts) for problem in (*unlike(way), *_going_on(facts, way))]
        return self.fails(*wrong) if wrong else self.met(f"no internal topic is mirrored; {said}; {_seen(facts)}")


def _going_on(facts: PairFacts, way: Way) -> Iterator[str]:
    return not_copying(way) if facts.schemas.value == "replicated" else iter(())


def _seen(facts: PairFacts) -> str:
    modes = ", ".join(f"{side.side} reads {side.registry.mode}" for side in facts.sides.values() if side.registry)
    compared = [f"{len(way.here.schemas or ())} of {way.source} by the same ids on {way.target}" for way in ways(facts)]
    return ", ".join([*compared, modes])


def _held(facts: PairFacts) -> Iterator[str]:
    for side in facts.sides.values():
        if side.registry is not None and side.registry.schemas:
            yield f"{len(side.registry.schemas)} on {side.side}"


def _internal(facts: PairFacts) -> Iterator[str]:
    for side in facts.sides.values():
        for mirror in side.mirrors or ():
            if INTERNAL.fullmatch(mirror.source_topic):
                yield f"{mirror.topic} on {side.side}"
