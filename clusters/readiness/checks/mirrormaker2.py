from __future__ import annotations

from typing import ClassVar

from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks


@checks.add("mirrormaker2")
class MirrorMaker2(Check):
    """Where MirrorMaker 2 mirrors: checkpoints and offset sync are on, both connectors use the same policy.

    Its settings are not judged yet: such a pair is never ready by this page.
    """

    code: ClassVar[str] = "C24"
    title: ClassVar[str] = "MirrorMaker 2 carries offsets"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "a data link between the clusters, or MirrorMaker 2's own state, read"
    act: ClassVar[str] = (
        "Look at emit.checkpoints.enabled, sync.group.offsets.enabled, the replication policy of both connectors and "
        "the heartbeats by hand."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if facts.link and facts.flows == ():
            return self.spared(f"the cluster link {facts.link} mirrors, not MirrorMaker 2")
        return self.unknown("MirrorMaker 2 mirrors here, or no data link is named, and its settings are not judged yet")
