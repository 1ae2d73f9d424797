from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from clusters.errors import ClusterError
from clusters.gateway import PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.kinds import steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.steps.kind import THE_STEP, Kind
from runbooks.engine.values import Endpoint

SHOWN = 300


@steps.add("check")
@dataclass(frozen=True)
class Check(Kind):
    """Check an endpoint.

    Asks an endpoint that the inventory names, with GET only, until it answers with the expected status and, where
    given, the expected text.
    """

    endpoint: Endpoint = field(metadata={"about": "the name of an endpoint of the inventory"})
    path: str = field(default="/", metadata={"about": "the path to ask for"})
    status: int = field(default=200, metadata={"about": "the expected HTTP status"})
    text: str | None = field(default=None, metadata={"about": "text the answer must contain"})

    kind: ClassVar[str] = "check"

    def challenge(self, case: Case) -> str:
        return f"Does {self.endpoint} answer {self._expected()}?"

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        return ByHand(looks=tools.endpoint(self.endpoint, self.path), expects=(f"{self._expected()}.",))

    def preview(self, ctx: StepContext) -> Preview:
        return Preview(
            will_happen=f"GET {self.path} is asked of {self.endpoint} until it answers {self._expected()}.",
            clients_see="Nothing changes for them.",
            undo="Nothing to undo.",
        )

    def observe(self, ctx: StepContext) -> Observation:
        try:
            answer = ctx.gateways.endpoints.get(self.endpoint, self.path, deadline=ctx.deadline)
        except ClusterError as error:
            return Observation({THE_STEP: Item.waiting(str(error))}, str(error))
        evidence = {"endpoint": self.endpoint, "status": answer.status, "text": answer.text[:SHOWN]}
        said = f"{self.endpoint} answered {answer.status}"
        if answer.status != self.status or (self.text and self.text not in answer.text):
            return Observation({THE_STEP: Item.waiting(f"{said}; expected {self._expected()}")}, said, evidence)
        return Observation({THE_STEP: Item.done(said)}, said, evidence)

    def _expected(self) -> str:
        return f"{self.status} with “{self.text}”" if self.text else str(self.status)
