from __future__ import annotations

from typing import ClassVar

from clusters.facts import MetadataMode, PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks


@checks.add("controllers-isolated")
class ControllersIsolated(Check):
    """Confluent Platform: controllers are no brokers. Combined nodes have left link transitions hanging."""

    code: ClassVar[str] = "C23"
    title: ClassVar[str] = "Controllers stand by themselves"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "KRaft with isolated controllers on both sides"
    act: ClassVar[str] = (
        "Move the controllers to nodes of their own (R33), and ZooKeeper to KRaft: no reverse without it."
    )

    def judge(self, facts: PairFacts) -> Finding:
        own = [side for side in facts.sides.values() if not (side.edition.value and side.edition.value.is_cloud)]
        if not own:
            return self.spared("the vendor runs both")
        if any(not side.metadata.is_known for side in own):
            return self.unknown("the metadata mode of a side is not known")
        wrong = [f"{side.side}: {side.metadata.value}" for side in own if side.metadata.value is not MetadataMode.KRAFT]
        return self.fails(*wrong) if wrong else self.met("KRaft, isolated")
