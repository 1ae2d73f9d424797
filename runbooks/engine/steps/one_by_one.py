"""What kinds have in common that send one prepared command per item: the same by hand, intent, and what it proves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.gateway import Prepared
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.rule import MissingFact, present
from runbooks.engine.kinds import Nature
from runbooks.engine.outcome import Answer, Preview, Reply, Result
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.sending import sending

SHOWN = 20  # commands; more are of the same form


class OneByOne(Kind):
    """Subclasses prepare the command of an item, say what happens, and judge items by looking."""

    nature: ClassVar[Nature] = Nature.ACT
    way_back: ClassVar[str]

    def prepared(self, ctx: StepContext, item: str) -> Prepared:
        raise NotImplementedError

    def will_happen(self, case: Case) -> str:
        raise NotImplementedError

    def clients_see(self, case: Case) -> str:
        raise NotImplementedError

    def recognised_by(self, case: Case) -> str:
        raise NotImplementedError

    def side_of(self, case: Case) -> str:
        return present(self.subjects(case).side, "the side this step acts on")

    def preview(self, ctx: StepContext) -> Preview:
        items = self.targets(ctx.case)
        commands: list[str] = []
        problems: dict[str, str] = {}
        for item in items[:SHOWN]:
            try:
                prepared = self.prepared(ctx, item)
                commands.append(prepared.command)
                if prepared.dry_run is not None:
                    prepared.dry_run(ctx.deadline)
            except (ClusterError, MissingFact) as error:
                problems[item] = str(error)
        if len(items) > SHOWN:
            commands.append(f"# and {len(items) - SHOWN} more of the same form")
        return Preview(
            will_happen=self.will_happen(ctx.case),
            clients_see=self.clients_see(ctx.case),
            undo=self.way_back,
            command="\n".join(commands),
            problems=problems,
        )

    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        (item,) = items
        return {"request": dict(self.prepared(ctx, item).request), "recognised_by": self.recognised_by(ctx.case)}

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        (item,) = items
        return sending(lambda: self._send(ctx, item))

    def _send(self, ctx: StepContext, item: str) -> Answer:
        said = self.prepared(ctx, item).send(ctx.deadline)
        return Answer(Result.ACCEPTED, said, {item: Reply(is_accepted=True, said="accepted")})
