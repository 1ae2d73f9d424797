from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from runbooks.engine.context import Case
from runbooks.engine.exported import decided, exported
from runbooks.engine.guards.rule import MissingFact, Rule, listed, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict


@guards.add("export_complete")
@dataclass(frozen=True)
class ExportComplete(Rule):
    """This incident has exported every topic to its end, and each file has its hash."""

    code: ClassVar[str] = "R38"
    title: ClassVar[str] = "The records are exported"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "what is decided of records rests on their number, and on a copy"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        subjects, needs = step.subjects(case), "a whole export of every topic"
        side = present(subjects.away_from, "the side the records come from")
        found = exported(case, side)
        missing = [topic for topic in subjects.topics if not found.get(topic, {}).get("sha256")]
        if missing:
            raise MissingFact(f"what was exported of {listed(missing)} from {side}", waits_for="records.export")
        count = sum(found[topic]["records"] for topic in subjects.topics)
        return self.met(f"{count:,} records of {len(subjects.topics)} topics", needs)


@guards.add("replay_decided")
@dataclass(frozen=True)
class ReplayDecided(Rule):
    """The owner of each topic has decided in writing that its records are to be replayed."""

    code: ClassVar[str] = "R25"
    title: ClassVar[str] = "That they are replayed is decided"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "records that come late and in another order are their owner's decision"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        subjects, needs = step.subjects(case), "replay, for at least one of the topics"
        found = decided(case, present(subjects.away_from, "the side the records come from"))
        chosen = [topic for topic in subjects.topics if found.get(topic) == "replay"]
        if not chosen:
            says = "Nobody has decided that records of these topics are replayed; there is nothing to send."
            return self.refused(says, "no topic is to be replayed", needs)
        return self.met(f"replay: {listed(chosen)}", needs)
