from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import ClientFacts, SideFacts
from clusters.permissions import Effect, needed, prefixes_on, ruling
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule, acting_side, listed
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Verdict


@guards.add("acl_parity")
@dataclass(frozen=True)
class AclParity(Rule):
    """Each client whose principal is declared has the rights it needs where it goes, DENY before ALLOW.

    Role bindings are not told by the clusters: where they grant it, set this guard aside by name, and say so.
    """

    code: ClassVar[str] = "R34"
    title: ClassVar[str] = "The clients have their rights there"
    source: ClassVar[str] = "links do not carry every ACL, and never role bindings"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side = acting_side(step, case)
        clients = _moved(step, case)
        needs = f"every right of each declared principal, on {side.side}"
        judged = 0
        for client in clients:
            for right in needed(client, _prefixes(side, client, case)) if client.principal else ():
                said = ruling(side, client.principal or "", right)
                judged += 1
                if said.effect is Effect.UNCERTAIN:
                    raise MissingFact(f"whether {client.principal} may {right} on {side.side}: {said.why}")
                if said.effect is not Effect.ALLOWED:
                    says = (
                        f"ACL parity failed for {client.principal}: missing {right.operation} on {right.resource} "
                        f"at {side.side}."
                    )
                    return self.refused(says, f"{said.effect}: {said.why}", needs, side.configs_at)
        nameless = [client.name for client in clients if not client.principal]
        note = f"; no principal is declared, so not judged: {listed(nameless)}" if nameless else ""
        return self.met(f"{judged} rights on {side.side}{note}", needs, side.configs_at)


def _moved(step: StepKind, case: Case) -> list[ClientFacts]:
    subjects = step.subjects(case)
    return [client for client in case.facts.clients if _is_named(client, subjects.clients, subjects.groups)]


def _prefixes(side: SideFacts, client: ClientFacts, case: Case) -> tuple[str, ...]:
    """A group also reads the mirrors: what they are called has to be known."""
    half = side.link(case.facts.link)
    if client.group and (side.links is None or (half is not None and half.prefix is None)):
        raise MissingFact(f"the prefix of mirrors on {side.side}")
    return prefixes_on(side, case.facts.link)


def _is_named(client: ClientFacts, clients: tuple[str, ...], groups: tuple[str, ...]) -> bool:
    return client.name in clients or (client.kind == "group" and client.group in groups)
