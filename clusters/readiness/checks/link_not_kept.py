from __future__ import annotations

from typing import ClassVar

from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.topics import some

NOBODY = "none"


@checks.add("link-not-kept")
class LinkNotKept(Check):
    """No operator and no infrastructure code sets the link, its mirrors or the workloads back to a state of its own."""

    code: ClassVar[str] = "C25"
    title: ClassVar[str] = "Nothing undoes what a step does"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "managed_by of the link declared none, and no controller that is not paused"
    act: ClassVar[str] = (
        "Write down how it is paused before a step, and pause it then: an operator, Terraform or Argo CD reverts a "
        "failover, and may delete mirrors it did not make."
    )

    def judge(self, facts: PairFacts) -> Finding:
        keeper = facts.link_managed_by
        seen = [one for each in facts.keepers.values() for one in each.found if not one.is_paused]
        said = [f"the link is managed by {keeper.value}"] if keeper.is_known and keeper.value != NOBODY else []
        said += [f"{one.target} on {one.side} by {one.controller}" for one in seen]
        if said:
            return self.fails(some(said))
        if not keeper.is_known:
            return self.unknown(f"who manages the link: {keeper.note or 'not declared'}")
        return self.met(f"nobody: {keeper.note}")
