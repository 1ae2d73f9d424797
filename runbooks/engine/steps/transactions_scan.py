from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.mirrors import TopicsNamed
from runbooks.engine.guards.rule import listed
from runbooks.engine.kinds import Guard, Nature, steps
from runbooks.engine.outcome import Item, Observation, Preview, Prompt
from runbooks.engine.steps.kind import Kind
from runbooks.engine.transactions import transactional, undeclared
from runbooks.engine.values import Side, Topics

NONE = "none of these topics is declared to carry transactions"


@steps.add("transactions.scan")
@dataclass(frozen=True)
class ScanTransactions(Kind):
    """Look for hanging transactions.

    After a failover a transaction may have been cut in two: its records are there, and the marker that ends it is not.
    Readers of committed records then stand still before it for ever. No API that Breakwater uses tells, so a person
    runs the vendor's tool against every broker, aborts what hangs, and says what was seen. Nothing is asked where no
    topic is declared to carry transactions.
    """

    topics: Topics = field(metadata={"about": "the topics, one by one"})
    side: Side | None = field(default=None, metadata={"about": "the side whose topics became writable"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "transactions.scan"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    nature: ClassVar[Nature] = Nature.ATTEST
    guards: ClassVar[tuple[Guard, ...]] = (TopicsNamed(),)

    def challenge(self, case: Case) -> str:
        return f"Does no transaction hang on {self.where(case)}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.topics

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        if not self._asked(case):
            return ()
        ask = "What find-hanging printed for each broker; what was aborted, by whom."
        return (Prompt("observed", f"Hanging transactions on {listed(self._asked(case))}", help=ask),)

    def preview(self, ctx: StepContext) -> Preview:
        asked = self._asked(ctx.case)
        return Preview(
            will_happen=f"A person looks at {listed(asked)}; nothing is sent." if asked else f"Nothing: {NONE}.",
            clients_see="Readers of committed records go on behind a transaction that was aborted.",
            undo="An aborted transaction stays aborted.",
            command=self._commands(ctx.case) if asked else "",
        )

    def observe(self, ctx: StepContext) -> Observation:
        asked = self._asked(ctx.case)
        observed = ctx.case.inputs.get("observed", "").strip()
        missing = Item.waiting("nobody has written down what the scan found")
        seen = Item.done(f"looked at: {observed}") if observed else missing
        items = {topic: seen if topic in asked else Item.done("not declared transactional") for topic in self.topics}
        evidence = {"side": self.where(ctx.case), "asked": sorted(asked), "observed": observed}
        return Observation(items, observed or (missing.saw if asked else NONE), evidence)

    def _asked(self, case: Case) -> set[str]:
        """Declared transactional, or not declared at all: what is not known is looked at."""
        return transactional(case, self.topics) | undeclared(case, self.topics)

    def _commands(self, case: Case) -> str:
        reached = "--bootstrap-server BOOTSTRAP --command-config CLIENT.properties"
        brokers = [str(broker.broker_id) for broker in case.facts.side(self.where(case)).brokers] or ["BROKER-ID"]
        find = [f"kafka-transactions {reached} find-hanging --broker-id {broker}" for broker in brokers]
        abort = f"kafka-transactions {reached} abort --topic TOPIC --partition N --start-offset OFFSET"
        return "\n".join([*find, f"# for each that it prints:\n# {abort}"])
