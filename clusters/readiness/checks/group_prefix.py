from __future__ import annotations

from typing import ClassVar

from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.links import is_on, links_of

SETTING = "consumer.group.prefix.enable"


@checks.add("group-prefix")
class GroupPrefix(Check):
    """Group names are not prefixed: a bidirectional link does not take it, and offsets would miss their groups."""

    code: ClassVar[str] = "C06"
    title: ClassVar[str] = "Group names cross as they are"
    weight: ClassVar[Weight] = Weight.CRITICAL
    needs: ClassVar[str] = f"{SETTING}=false"
    act: ClassVar[str] = f"Set {SETTING} to false on both halves (R21)."

    def judge(self, facts: PairFacts) -> Finding:
        set_to = {name: is_on(link, SETTING) for name, link in links_of(facts).items()}
        if not set_to or None in set_to.values():
            return self.unknown(f"{SETTING} could not be read")
        wrong = [f"true on {name}" for name, value in set_to.items() if value]
        return self.fails(*wrong) if wrong else self.met("false")
