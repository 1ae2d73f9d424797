"""Effective permission, as Kafka's own authorizer rules: pattern by pattern, DENY first, and what stays uncertain."""

from __future__ import annotations

import time
from typing import Any

import pytest

from clusters.connections import open_pair
from clusters.facts import AclFacts, Acls, ClientFacts
from clusters.inventory import load
from clusters.observed import Want
from clusters.permissions import Effect, Right, needed, ruling
from clusters.reading import read_side
from clusters.sandbox.acls import Acl
from tests.clusters.made import link, side

ALLOWED, DENIED, MISSING, UNCERTAIN = Effect.ALLOWED, Effect.DENIED, Effect.MISSING, Effect.UNCERTAIN
ME = "User:checkout"
WRITE = Right("WRITE", "TOPIC", "orders")


def acl(operation: str = "WRITE", name: str = "orders", permission: str = "ALLOW", **changes: str) -> AclFacts:
    fields = {"resource_type": "TOPIC", "pattern_type": "LITERAL", "principal": ME, "host": "*", **changes}
    return AclFacts(resource_name=name, operation=operation, permission=permission, **fields)


def under(*acls: AclFacts, **brokers: str) -> Any:
    settings = {key.replace("_", "."): value for key, value in brokers.items()}
    return side("west", acls=Acls(is_enforced=True, entries=acls), broker_settings={1: settings, 2: settings})


DENY = acl(permission="DENY")
RULINGS: list[tuple[str, tuple[AclFacts, ...], Right, Effect]] = [
    ("nothing is granted", (), WRITE, MISSING),
    ("literal", (acl(),), WRITE, ALLOWED),
    ("another topic", (acl(name="orders2"),), WRITE, MISSING),
    ("another resource", (acl(resource_type="GROUP"),), WRITE, MISSING),
    ("another principal", (acl(principal="User:other"),), WRITE, MISSING),
    ("everybody", (acl(principal="User:*"),), WRITE, ALLOWED),
    ("wildcard", (acl(name="*"),), WRITE, ALLOWED),
    ("prefix", (acl(name="ord", pattern_type="PREFIXED"),), WRITE, ALLOWED),
    ("prefix of another", (acl(name="x", pattern_type="PREFIXED"),), WRITE, MISSING),
    ("a star as a prefix is a star", (acl(name="*", pattern_type="PREFIXED"),), WRITE, MISSING),
    ("all operations", (acl("ALL"),), WRITE, ALLOWED),
    ("another operation", (acl("READ"),), WRITE, MISSING),
    ("implied by write", (acl("WRITE"),), Right("DESCRIBE", "TOPIC", "orders"), ALLOWED),
    ("implied by alter configs", (acl("ALTER_CONFIGS"),), Right("DESCRIBE_CONFIGS", "TOPIC", "orders"), ALLOWED),
    ("implied the other way it is not", (acl("DESCRIBE"),), WRITE, MISSING),
    ("deny comes before allow", (acl(), DENY), WRITE, DENIED),
    ("deny by prefix", (acl(), acl(name="o", permission="DENY", pattern_type="PREFIXED")), WRITE, DENIED),
    ("deny to everybody", (acl(), acl(permission="DENY", principal="User:*")), WRITE, DENIED),
    ("deny of all", (acl(), acl("ALL", permission="DENY")), WRITE, DENIED),
    ("deny of what is implied", (acl(), acl("DESCRIBE", permission="DENY")), WRITE, ALLOWED),
    ("a denied write still describes by read", (acl("READ"), DENY), Right("DESCRIBE", "TOPIC", "orders"), ALLOWED),
    ("from one host", (acl(host="10.0.0.1"),), WRITE, UNCERTAIN),
    ("from one host and from all", (acl(host="10.0.0.1"), acl()), WRITE, ALLOWED),
    ("denied from one host", (acl(), acl(permission="DENY", host="10.0.0.1")), WRITE, UNCERTAIN),
    ("denied to a group of users", (acl(), acl(permission="DENY", principal="Group:batch")), WRITE, UNCERTAIN),
    ("granted to a group of users", (acl(principal="Group:batch"),), WRITE, MISSING),
]  # fmt: skip


@pytest.mark.parametrize("row", RULINGS, ids=lambda row: row[0])
def test_rulings(row):
    _, acls, right, effect = row
    found = ruling(under(*acls), ME, right)
    assert found.effect is effect
    assert found.why


def test_what_is_not_read_is_not_known_and_no_authorizer_lets_everybody():
    assert ruling(side("west", acls=None), ME, WRITE).effect is UNCERTAIN
    assert ruling(side("west", acls=Acls(is_enforced=False)), ME, WRITE).effect is ALLOWED


def test_a_super_user_is_one_on_every_broker():
    assert ruling(under(DENY, super_users="User:admin;User:checkout"), ME, WRITE).effect is ALLOWED
    half = side("west", acls=Acls(True), broker_settings={1: {"super.users": ME}, 2: {"super.users": ""}})
    assert ruling(half, ME, WRITE).effect is MISSING
    assert ruling(side("west", acls=Acls(True), broker_settings=None), ME, WRITE).effect is MISSING


def test_where_all_is_open_without_acls_nothing_is_missing_for_certain():
    is_open = {"allow_everyone_if_no_acl_found": "true"}
    assert ruling(under(**is_open), ME, WRITE).effect is UNCERTAIN
    assert ruling(under(acl(), DENY, **is_open), ME, WRITE).effect is DENIED


def test_what_clients_need():
    writes = ClientFacts("checkout", "producers", ("orders",), "d", "east")
    reads = ClientFacts("settle", "group", ("orders",), "d", "east", "settlement")
    assert needed(writes, ("", "east.")) == (WRITE,)
    assert {str(right) for right in needed(reads, ("", "east."))} == {
        "READ on topic orders",
        "READ on topic east.orders",
        "READ on group settlement",
    }
    assert link().prefix == ""


@pytest.mark.parametrize("way", ["rest", "kafka"])
def test_either_way_in_tells_the_acls_of_declared_principals(sandbox, way):
    entry = load(sandbox.inventory_text()).pairs["orders"]
    want = Want(principals=frozenset({"User:checkout"}))
    with open_pair(entry) as connections:
        seen = connections.side("eu-west").ways[way].observe(want, deadline=time.monotonic() + 5)
    assert seen.acls is not None
    assert seen.acls.is_enforced
    assert {one.principal for one in seen.acls.entries} == {"User:checkout", "User:*"}
    held = side("eu-west", acls=seen.acls)
    assert ruling(held, "User:checkout", Right("WRITE", "TOPIC", "payments")).effect is ALLOWED
    assert ruling(held, "User:checkout", Right("WRITE", "TOPIC", "us-east.payments")).effect is DENIED


def test_no_authorizer_is_told_over_rest_and_unknown_over_kafka(sandbox):
    cluster = sandbox.pair("orders").sides["eu-west"]
    before, cluster.acls = cluster.acls, None
    entry = load(sandbox.inventory_text()).pairs["orders"]
    try:
        with open_pair(entry) as connections:
            want = Want(principals=frozenset({ME}))
            ways = connections.side("eu-west").ways
            seen = {way: ways[way].observe(want, deadline=time.monotonic() + 5) for way in ("rest", "kafka")}
    finally:
        cluster.acls = before
    assert seen["rest"].acls == Acls(is_enforced=False)
    assert seen["kafka"].acls is None
    assert "no ACL at all" in seen["kafka"].acls_said
    assert [told.problems for told in seen.values()] == [[], []]


def test_a_side_is_read_with_the_acls_of_its_clients_and_its_link(sandbox):
    entry = load(sandbox.inventory_text()).pairs["ledger"]
    cluster = sandbox.pair("ledger").sides["eu-south"]
    assert cluster.acls is not None
    cluster.acls.append(Acl("TOPIC", "accounts", "User:stranger", "WRITE"))
    with open_pair(entry) as connections:
        found = read_side(connections, entry, "eu-south")
    cluster.acls.pop()
    assert found.acls is not None
    named = {one.principal for one in found.acls.entries}
    assert {"User:ledger-writer", "User:ledger-link"} <= named
    assert "User:stranger" not in named
