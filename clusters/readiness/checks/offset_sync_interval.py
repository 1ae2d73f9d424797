from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.links import receiving

INTERVAL = "consumer.offset.sync.ms"


@checks.add("offset-sync-interval")
class OffsetSyncInterval(Check):
    """Offsets cross as often as the pair's policy counts on: what lies between is read twice after a switch."""

    code: ClassVar[str] = "C05"
    title: ClassVar[str] = "Group offsets are synced often enough"
    weight: ClassVar[Weight] = Weight.MEDIUM
    needs: ClassVar[str] = f"{INTERVAL} at or below the policy's group_sync"
    act: ClassVar[str] = f"Lower {INTERVAL}, or raise group_sync in the inventory to what is really set."

    def judge(self, facts: PairFacts) -> Finding:
        set_to = {name: link.configs.get(INTERVAL) for name, link in receiving(facts).items()}
        if not set_to or not all(value and value.isdigit() for value in set_to.values()):
            return self.unknown(f"{INTERVAL} could not be read")
        lengths = {name: timedelta(milliseconds=int(value or 0)) for name, value in set_to.items()}
        limit = facts.policy.group_sync
        said = [f"{name}: every {length.total_seconds():g} s" for name, length in lengths.items()]
        if max(lengths.values()) > limit:
            return self.fails(*said, f"the policy counts on {limit.total_seconds():g} s")
        return self.met("; ".join(said))
