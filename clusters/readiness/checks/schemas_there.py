from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.topics import some

# Of Streams and ksqlDB, Connect, Schema Registry: state that belongs to one cluster.
INTERNAL = re.compile(
    r".*-(changelog|repartition)|_confluent-ksql-.*|_schemas.*|(.*-)?connect-(configs|offsets|status)", re.DOTALL
)


@checks.add("schemas-there")
class SchemasThere(Check):
    """What goes with the records is there on the other side too: schemas by the same ids, connectors, Streams
    applications. Their internal topics belong to one cluster, and are not mirrored.

    Registries are not read yet: how schemas get there is what the inventory declares.
    """

    code: ClassVar[str] = "C22"
    title: ClassVar[str] = "Schemas and applications are there"
    weight: ClassVar[Weight] = Weight.MEDIUM
    needs: ClassVar[str] = "schemas declared none, shared or replicated; no internal topic among the mirrors"
    act: ClassVar[str] = (
        "Stop mirroring internal topics: a second application builds its own. Declare how schemas reach the other "
        "side, after looking: none are used, one registry outlives either side, or an exporter replicates them."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if any(side.mirrors is None for side in facts.sides.values()):
            return self.unknown("the mirrors of a side could not be read")
        if internal := sorted(_internal(facts)):
            return self.fails(f"internal topics are mirrored: {some(internal)}")
        if not facts.schemas.is_known:
            return self.unknown(f"how schemas reach the other side: {facts.schemas.note or 'not declared'}")
        return self.met(f"no internal topic is mirrored; schemas: {facts.schemas.value}, {facts.schemas.note}")


def _internal(facts: PairFacts) -> Iterator[str]:
    for side in facts.sides.values():
        for mirror in side.mirrors or ():
            if INTERNAL.fullmatch(mirror.source_topic):
                yield f"{mirror.topic} on {side.side}"
