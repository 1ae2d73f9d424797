from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import MirrorStatus
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule, acting_side, other_side, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.rebuild import source_name


@guards.add("mirrors_can_be_created")
@dataclass(frozen=True)
class MirrorsCanBeCreated(Rule):
    """No topic of the mirror's name is here, its source is on the other side, and both halves of the link work."""

    code: ClassVar[str] = "R30"
    title: ClassVar[str] = "The mirrors can be created"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "vendor documentation: creating over an existing topic fails"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, other = acting_side(step, case), other_side(step, case)
        needs = "a free name here, a source there, an ACTIVE link"
        here, there = (present(one.topics, f"the topics of {one.side}") for one in (side, other))
        for topic in step.subjects(case).topics:
            source = source_name(case, side.side, topic)
            if topic in here or side.mirror(topic) is not None:
                says = f"{topic} already exists on {side.side}: a mirror is created where there is no such topic."
                return self.refused(says, f"{topic} exists", needs, side.read_at)
            if source not in there:
                raise MissingFact(f"topic {source} on {other.side}: it was not found there")
            known = other.mirror(source)
            if known is not None and known.status is not MirrorStatus.STOPPED:
                says = f"{source} on {other.side} is a mirror itself: it is no source to begin from."
                return self.refused(says, f"{source} is a mirror", needs, other.read_at)
        for one in (side, other):
            link = present(one.link(case.facts.link), f"link {case.facts.link} on {one.side}")
            if link.state != "ACTIVE":
                says = f"Link {link.name} on {one.side} reads {link.state} ({link.error}). Put it right first."
                return self.refused(says, f"{link.state} on {one.side}", needs, one.read_at)
        return self.met(f"{len(step.subjects(case).topics)} names are free", needs, side.read_at)
