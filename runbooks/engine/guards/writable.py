from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import MirrorStatus, SideFacts
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import Rule, acting_side, listed, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Verdict


@guards.add("topics_writable")
@dataclass(frozen=True)
class TopicsWritable(Rule):
    """Every topic the producers write exists where they go and takes writes: it is no mirror, or a stopped one."""

    code: ClassVar[str] = "R15"
    title: ClassVar[str] = "The topics take writes there"
    source: ClassVar[str] = "writable before producers move"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side = acting_side(step, case)
        names = present(side.topics, f"the topics of {side.side}")
        present(side.mirrors, f"the mirrors of {side.side}")
        needs = f"every topic on {side.side}, writable"
        wanted = written_topics(step, case)
        for topic in wanted:
            if topic not in names:
                says = f"{topic} on {side.side} is not writable yet (state: it does not exist there)."
                return self.refused(says, f"{topic} is missing", needs, side.read_at)
            status = mirror_status(side, topic)
            if status is not None:
                says = f"{topic} on {side.side} is not writable yet (state {status}). {_read_only(topic, status)}"
                return self.refused(says.strip(), f"{topic} is a mirror, {status}", needs, side.read_at)
        return self.met(f"{len(wanted)} topics take writes: {listed(wanted)}", needs, side.read_at)


def written_topics(step: StepKind, case: Case) -> tuple[str, ...]:
    """The topics of the step itself, and those its clients write."""
    subjects = step.subjects(case)
    of_clients = [topic for client in case.facts.clients if client.name in subjects.clients for topic in client.topics]
    return tuple(dict.fromkeys((*subjects.topics, *of_clients)))


def mirror_status(side: SideFacts, topic: str) -> MirrorStatus | None:
    """The status of a mirror that is still one; None for an ordinary or stopped topic."""
    mirror = side.mirror(topic)
    return mirror.status if mirror and mirror.status is not MirrorStatus.STOPPED else None


def _read_only(topic: str, status: MirrorStatus) -> str:
    if status.is_in_transition:
        return ""
    return f"R16: {topic} is a read-only mirror; producers must write to a topic that this side owns."
