"""R34: whoever moves must have its rights where it goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clusters.facts import AclFacts, Acls, SideFacts, Topology
from runbooks.engine.steps.clients_route import RouteClients
from runbooks.engine.steps.groups_start import StartGroups
from tests.runbooks.engine.guards.judged import said, verdict
from tests.runbooks.engine.made import NEW, OLD, TOPIC, case, link, lost, pair, side

GUARD = "acl_parity"
ROUTE = RouteClients(clients=("writer",), to=NEW)
START = StartGroups(groups=("balances",), to=NEW)


def acl(operation: str, kind: str, name: str, who: str, permission: str = "ALLOW") -> AclFacts:
    return AclFacts(kind, name, "LITERAL", who, "*", operation, permission)


WRITES = acl("WRITE", "TOPIC", TOPIC, "User:writer")
READS = (acl("READ", "TOPIC", TOPIC, "User:balances"), acl("READ", "GROUP", "balances", "User:balances"))


def there(*entries: AclFacts, **changes: Any) -> SideFacts:
    return side(NEW, acls=Acls(is_enforced=True, entries=entries), **changes)


def moved(new: SideFacts, *, named: bool = True, **changes: Any) -> Any:
    facts = pair(lost(OLD), new, **changes)
    clients = (replace(one, principal=f"User:{one.name}" if named else None) for one in facts.clients)
    return case(replace(facts, clients=tuple(clients)))


@pytest.mark.claims("R34", case=("refuses", "passes", "unknown"))
@pytest.mark.parametrize(
    ("step", "new", "says"),
    [
        (ROUTE, there(WRITES), "met"),
        (START, there(*READS), "met"),
        (START, side(NEW, acls=Acls(is_enforced=False)), "met"),
        (ROUTE, there(*READS), "R34: ACL parity failed for User:writer: missing WRITE on topic entries at eu-south."),
        (START, there(READS[0]), "R34: ACL parity failed for User:balances: missing READ on group balances at "
         "eu-south."),
        (ROUTE, there(WRITES, replace(WRITES, permission="DENY")), "R34: ACL parity failed for User:writer"),
        (ROUTE, side(NEW), "R19: A fact needed to judge safety is unknown: whether User:writer may WRITE on topic "
         "entries on eu-south: the ACLs of eu-south were not read."),
        (ROUTE, there(replace(WRITES, host="10.0.0.1")), "R19: "),
        (START, there(*READS, links=None), "R19: A fact needed to judge safety is unknown: the prefix of mirrors"),
        (START, there(*READS, links=(link(prefix=None),)), "R19: "),
    ],
)  # fmt: skip
def test_a_client_has_its_rights_where_it_goes(step: Any, new: SideFacts, says: str) -> None:
    assert said(step, moved(new), GUARD).startswith(says)


@pytest.mark.claims("R34", case="refuses")
def test_a_group_also_needs_the_mirrors_of_the_lost_side() -> None:
    new = there(*READS, links=(link(prefix="eu-north."),))
    found = said(START, moved(new, topology=Topology.ACTIVE_ACTIVE), GUARD)
    assert found.endswith("missing READ on topic eu-north.entries at eu-south.")


def test_without_a_principal_there_is_nothing_to_judge_and_that_is_said() -> None:
    found = verdict(START, moved(side(NEW), named=False), GUARD)
    assert (found.is_met, found.saw) == (
        True,
        "0 rights on eu-south; no principal is declared, so not judged: balances",
    )
