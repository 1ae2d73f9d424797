from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from runbooks.engine.context import Case, StepContext
from runbooks.engine.exported import exported
from runbooks.engine.guards.exports import ExportComplete
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.mirrors import TopicsNamed
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Guard, Nature, Subjects, steps
from runbooks.engine.outcome import Item, Observation, Preview, Prompt
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.mirrored import named
from runbooks.engine.values import Side, Topics

REPLAY, HAND_OVER, DROP = "replay", "hand over", "drop"
WORDS = (REPLAY, HAND_OVER, DROP)


@steps.add("records.decide")
@dataclass(frozen=True)
class DecideRecords(Kind):
    """Decide what becomes of the exported records.

    For each topic the owner says in writing: replay (they are appended where clients write now, later than they were
    meant to be, and their consumers have to bear that), hand over (the owners take the file), or drop. The first words
    decide; the rest is the reason.
    """

    topics: Topics = field(metadata={"about": "the topics that were exported"})
    side: Side = field(metadata={"about": "the side they were exported from"})

    kind: ClassVar[str] = "records.decide"
    nature: ClassVar[Nature] = Nature.ATTEST
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(), TopicsNamed(), ExportComplete())

    def subjects(self, case: Case) -> Subjects:
        return Subjects(case.facts.other(self.side).side, self.side, topics=self.topics)

    def acts_on(self, case: Case) -> str | None:
        return self.side

    def challenge(self, case: Case) -> str:
        return f"What becomes of {self._count(case)} exported from {self.side}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.topics

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        ask = "Begin with replay, hand over or drop; then why, and who owns the topic."
        return tuple(
            Prompt(f"decision-{topic}", f"{topic}: {self._of(case, topic)}", help=ask) for topic in self.topics
        )

    def record_count(self, case: Case) -> int | None:
        try:
            return sum(int(exported(case, self.side)[topic]["records"]) for topic in self.topics)
        except (MissingFact, KeyError):
            return None

    def preview(self, ctx: StepContext) -> Preview:
        return Preview(
            will_happen=f"Nothing is sent. What is said of {named(self.topics)} is stored, with who said it.",
            clients_see="Nothing changes for them.",
            undo="Words that are recorded stay; abort the run if they were a mistake.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        said = {topic: ctx.case.inputs.get(f"decision-{topic}", "").strip() for topic in self.topics}
        words = {topic: _decision(text) for topic, text in said.items()}
        items = {topic: _item(words[topic], said[topic]) for topic in self.topics}
        evidence: dict[str, Any] = {
            "side": self.side,
            "at": ctx.case.now.isoformat(),
            "by": ctx.case.confirmer,
            "topics": {topic: {"decision": words[topic], "statement": said[topic]} for topic in self.topics},
        }
        decided = sum(item.state == "done" for item in items.values())
        return Observation(items, f"{decided} of {len(items)} decided", evidence)

    def _count(self, case: Case) -> str:
        count = self.record_count(case)
        return "an unknown number of records" if count is None else f"{count:,} records"

    def _of(self, case: Case, topic: str) -> str:
        try:
            found = exported(case, self.side).get(topic)
        except MissingFact:
            found = None
        return f"{found['records']:,} records in {found['file']}" if found else "not exported yet"


def _decision(text: str) -> str:
    return next((word for word in WORDS if text.lower().startswith(word)), "")


def _item(word: str, text: str) -> Item:
    if not word:
        return Item.failed(f"it must begin with {', '.join(WORDS[:-1])} or {WORDS[-1]}; found “{text[:80]}”")
    return Item.done(text)
