from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import ClassVar

from clusters.errors import ClusterError
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.loss import CutSaved
from runbooks.engine.guards.mirrors import TopicsNamed
from runbooks.engine.kinds import Guard, Subjects, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.states import Mode
from runbooks.engine.steps.exporting import folder
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.mirrored import named
from runbooks.engine.values import Side, Topics


@steps.add("cut.export")
@dataclass(frozen=True)
class ExportCut(Kind):
    """Export the cut offsets.

    Writes what this incident saved of each topic, partition by partition, to a file in the folder that the inventory
    names, with its SHA-256 as evidence. On the cluster the cut lives only as long as the link does.
    """

    away_from: Side = field(metadata={"about": "the side that is given up; the other one's cut is exported"})
    topics: Topics = field(metadata={"about": "the topics, one by one, as the cut was saved"})

    kind: ClassVar[str] = "cut.export"
    guards: ClassVar[tuple[Guard, ...]] = (TopicsNamed(), CutSaved())

    def subjects(self, case: Case) -> Subjects:
        return Subjects(self.where(case), self.away_from, topics=self.topics)

    def challenge(self, case: Case) -> str:
        return f"Export the cut of {named(self.topics)}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.topics

    def preview(self, ctx: StepContext) -> Preview:
        where, problems = folder(ctx)
        return Preview(
            will_happen=f"Nothing is sent. The saved cut of {named(self.topics)} is written to {where}.",
            clients_see="Nothing changes for them.",
            undo="Delete the file.",
            problems=problems,
        )

    def observe(self, ctx: StepContext) -> Observation:
        if ctx.case.mode is Mode.REHEARSAL:
            said = "a rehearsal exports nothing"
            return Observation({topic: Item.waiting(said) for topic in self.topics}, said)
        recorded = ctx.case.evidence.get("cut.save", {})
        kept = {topic: recorded.get("topics", {}).get(topic) for topic in self.topics}
        text = {name: recorded.get(name) for name in ("away_from", "survivor", "at")} | {"topics": kept}
        data = json.dumps({"pair": ctx.case.facts.pair, **text}, sort_keys=True, indent=1).encode()
        file = f"{ctx.case.facts.pair}-{ctx.attempt}-cut.json"
        try:
            ctx.gateways.exports.put(file, 0, data)
            digest = ctx.gateways.exports.sha256(file)
        except ClusterError as error:
            return Observation({topic: Item.unknown(str(error)) for topic in self.topics}, str(error))
        items = {topic: Item.done(f"{len(found['partitions'])} partitions") for topic, found in kept.items() if found}
        evidence = {"survivor": self.where(ctx.case), "at": ctx.case.now.isoformat(), "topics": list(items)}
        return Observation(items, f"{len(items)} cuts in {file}", {**evidence, "file": file, "sha256": digest})
