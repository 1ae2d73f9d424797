from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from clusters.facts import PairFacts, SideFacts
from clusters.readiness.finding import Check, Finding, Weight, checks


@checks.add("platform-known")
class PlatformKnown(Check):
    """Edition, version of every broker, metadata mode and tiering of both clusters are probed or declared."""

    code: ClassVar[str] = "C01"
    title: ClassVar[str] = "Both platforms are known"
    weight: ClassVar[Weight] = Weight.BLOCKS
    needs: ClassVar[str] = "edition, versions, metadata mode and tiering of both sides"
    act: ClassVar[str] = (
        "Declare what is missing in the inventory: until then every step that depends on it is refused."
    )

    def judge(self, facts: PairFacts) -> Finding:
        missing = [f"{side.side}: {', '.join(lacks)}" for side in facts.sides.values() if (lacks := list(_lacks(side)))]
        return self.fails(*missing) if missing else self.met("all known")


def _lacks(side: SideFacts) -> Iterator[str]:
    if not side.edition.is_known:
        yield "edition"
    elif side.edition.value and side.edition.value.is_cloud:
        return  # the vendor runs it: neither version nor metadata mode is ours to judge
    if side.lowest_version is None:
        yield "version"
    if not side.metadata.is_known:
        yield "metadata mode"
    if not side.tiering.is_known:
        yield "tiering"
