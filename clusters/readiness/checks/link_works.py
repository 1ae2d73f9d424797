from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from clusters.facts import LinkFacts, PairFacts
from clusters.health.links import ALIVE
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.links import links_of


@checks.add("link-works")
class LinkWorks(Check):
    """Both halves are active, without an error, and none of their tasks is in error."""

    code: ClassVar[str] = "C03"
    title: ClassVar[str] = "The link and its tasks work"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "ACTIVE, no error, no task IN_ERROR"
    act: ClassVar[str] = "Read the task's own error and put it right: a link is created even when a task cannot work."

    def judge(self, facts: PairFacts) -> Finding:
        links = links_of(facts)
        if not links:
            return self.unknown("no half of the link could be read")
        wrong = [f"{name}: {said}" for name, link in links.items() for said in _wrong(link)]
        return self.fails(*wrong) if wrong else self.met(f"{len(links)} halves work")


def _wrong(link: LinkFacts) -> Iterator[str]:
    if link.state not in ALIVE:
        yield link.state or "no state"
    if link.error:
        yield f"{link.error} {link.error_message}".strip()
    for task in link.tasks:
        if task.state == "IN_ERROR" or task.errors:
            yield f"{task.name} {', '.join(error.code for error in task.errors) or task.state}"
