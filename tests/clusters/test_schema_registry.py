"""A side's Schema Registry is read beside the side, and told once what to take: over sockets."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clusters.by_hand import SideSpelt
from clusters.connections import Connections, close_all, open_pair
from clusters.declared import Inventory, PairEntry
from clusters.errors import ClusterError, Malformed, NoAnswer, NotSent, NotServed, Rejected, Unauthorised
from clusters.gateway import RegistryMode
from clusters.inventory import InventoryError, load
from clusters.reading import read_pair, read_side, unread_side
from clusters.registry_settings import RegistrySettings
from clusters.schema_registry import PAGE, SchemaRegistry
from clusters.secrets import SecretReference
from clusters.sign_in import Basic
from tests.clusters.servers import Behaviour, answering, closed_port, misbehaving
from tests.clusters.wire import soon
from tests.fixtures.sandbox import Control

HOME, AWAY = "eu-north", "eu-south"


@pytest.fixture
def ledger(inventory: Inventory) -> PairEntry:
    return inventory.pairs["ledger"]


@pytest.fixture
def opened(ledger: PairEntry) -> Iterator[Connections]:
    with open_pair(ledger) as connections:
        yield connections
    close_all()


def by_path(answers: dict[str, str]) -> Behaviour:
    """The first whose path the request begins with; anything else is not found."""

    def behave(connection: socket.socket, request: bytes) -> None:
        path = request.split(b" ", 2)[1].decode()
        body = next((body for start, body in answers.items() if path.startswith(start)), None)
        found = answering('{"error_code":404}', "404 Not Found") if body is None else answering(body)
        found(connection, request)

    return behave


def test_both_registries_of_a_pair_are_read_with_it(opened: Connections, ledger: PairEntry) -> None:
    found = {name: side.registry for name, side in read_pair(opened, ledger).sides.items()}
    home, away = found[HOME], found[AWAY]
    assert home
    assert away
    assert (home.said, home.mode, away.said, away.mode) == ("", "READWRITE", "", "IMPORT")
    assert home.schemas == away.schemas
    assert {schema.subject for schema in home.schemas or ()} == {"accounts-value", "entries-value", "transfers-value"}
    assert [(one.name, one.state, one.context_type) for one in home.exporters or ()] == [
        ("ledger-exporter", "RUNNING", "NONE")
    ]
    assert away.exporters == ()


def test_it_is_looked_at_no_more_often_than_settings(opened: Connections, ledger: PairEntry) -> None:
    first = read_side(opened, ledger, HOME)
    assert first.registry
    assert first.registry.at
    assert read_side(opened, ledger, HOME, previous=first).registry is first.registry
    assert read_side(opened, ledger, HOME, previous=first, registry=True).registry != first.registry
    half = ledger.policy.configs_for / 2 + timedelta(seconds=1)
    old = replace(first, registry=replace(first.registry, at=first.registry.at - half))
    assert read_side(opened, ledger, HOME, previous=old, registry=False).registry is old.registry
    assert read_side(opened, ledger, HOME, previous=old).registry != old.registry


def test_one_that_does_not_answer_is_unknown_and_delays_nobody(
    opened: Connections, ledger: PairEntry, control: Control
) -> None:
    control.fault("ledger", "region-down", HOME, mode="hang")
    found = read_side(opened, ledger, HOME, deadline_s=1.0).registry
    assert found
    assert found.at
    assert found.said
    assert (found.mode, found.schemas, found.exporters) == (None, None, None)
    assert read_side(opened, ledger, AWAY, deadline_s=4.0).registry.mode == "IMPORT"  # type: ignore[union-attr]


def test_a_side_that_names_none_has_none(ledger: PairEntry) -> None:
    bare = replace(ledger, name="bare", sides=tuple(replace(side, schema_registry=None) for side in ledger.sides))
    with open_pair(bare) as connections:
        assert read_side(connections, bare, HOME).registry is None
        with pytest.raises(ClusterError, match="names no schema_registry"):
            connections.side(HOME).registry_mode(deadline=soon(1))
    close_all()
    assert unread_side(bare, HOME, "").registry is None
    assert unread_side(ledger, HOME, "").registry.said  # type: ignore[union-attr]
    assert SideSpelt(bare.side(HOME)).looks_at_registry() == ()


def test_a_mode_is_set_once_and_read_back(opened: Connections, control: Control) -> None:
    side = opened.side(HOME)
    assert side.registry_mode("entries-value", deadline=soon(2)) is None
    said = side.registry_mode_setting(RegistryMode.READONLY, "entries-value").send(soon(2))
    assert "200" in said
    assert side.registry_mode("entries-value", deadline=soon(2)) == "READONLY"
    assert side.registry_mode(deadline=soon(2)) == "READWRITE"
    with pytest.raises(Rejected, match="found existing subjects"):
        side.registry_mode_setting(RegistryMode.IMPORT).send(soon(2))
    side.registry_mode_setting(RegistryMode.IMPORT, force=True).send(soon(2))
    assert side.registry_mode(deadline=soon(2)) == "IMPORT"
    assert [row["outcome"] for row in control.journal("ledger")] == ["accepted", "refused", "accepted"]


def test_what_is_shown_is_the_request_with_the_secret_by_name() -> None:
    auth = Basic(SecretReference("env:SR_USER"), SecretReference("file:/run/sr"))
    registry = SchemaRegistry("east", RegistrySettings("https://sr.example", auth, "/etc/ca.pem"))
    made = registry.mode_setting(RegistryMode.IMPORT, "a/b", force=True)
    assert made.request == {
        "method": "PUT",
        "path": "/mode/a%2Fb",
        "query": {"force": "true"},
        "body": {"mode": "IMPORT"},
    }
    assert made.command == (
        "curl --silent --show-error --max-time 10 --cacert /etc/ca.pem --request PUT "
        "--header 'Content-Type: application/json' --data '{\"mode\":\"IMPORT\"}' "
        "--user \"$SR_USER:$(cat /run/sr)\" 'https://sr.example/mode/a%2Fb?force=true'"
    )


def trying(behaviour: Behaviour) -> Exception:
    with misbehaving(behaviour) as server:
        registry = SchemaRegistry("east", RegistrySettings(server.url))
        with pytest.raises(ClusterError) as raised:
            registry.mode_setting(RegistryMode.READWRITE).send(soon(2))
        assert len(server.requests) == 1
    return raised.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 Unauthorized", Unauthorised),
        ("403 Forbidden", Unauthorised),
        ("422 Unprocessable", Rejected),
        ("404 Not Found", Rejected),
        ("429 Too Many", NoAnswer),
        ("500 Error", NoAnswer),
        ("503 Unavailable", NoAnswer),
    ],
)
def test_a_refusal_proves_that_nothing_was_set_and_an_error_proves_nothing(
    status: str, kind: type[ClusterError]
) -> None:
    assert isinstance(trying(answering('{"error_code":1,"message":"no"}', status)), kind)


@pytest.mark.parametrize("body", ["", "{}", "[]", "<html>", '{"mode": 5}', '{"mode": "READWRITE"'])
def test_an_answer_that_cannot_be_read_proves_nothing(body: str) -> None:
    assert isinstance(trying(answering(body)), Malformed)


def test_one_that_is_not_there_was_sent_nothing() -> None:
    registry = SchemaRegistry("east", RegistrySettings(f"http://127.0.0.1:{closed_port()}"))
    with pytest.raises(NotSent):
        registry.mode_setting(RegistryMode.READWRITE).send(soon(1))


def test_schemas_come_page_by_page_and_short_pages_are_no_end() -> None:
    pages = {0: [1, 2], 2: [3], 3: []}

    def behave(connection: socket.socket, request: bytes) -> None:
        query = request.split(b" ", 2)[1].decode().partition("?")[2]
        asked = dict(part.split("=") for part in query.split("&"))
        assert asked["limit"] == str(PAGE)
        rows = [{"subject": f"s{n}", "version": 1, "id": n, "schema": "x"} for n in pages[int(asked["offset"])]]
        answering(json.dumps(rows))(connection, request)

    with misbehaving(behave) as server:
        found = SchemaRegistry("east", RegistrySettings(server.url)).schemas(deadline=soon(2))
    assert [schema.id for schema in found] == [1, 2, 3]


def test_a_registry_without_exporters_has_none_and_what_fails_is_said() -> None:
    row = {"subject": "s", "version": 1, "id": 1, "schema": "{}"}
    answers = {"/mode": '{"mode":"readonly"}', "/schemas?offset=0": json.dumps([row]), "/schemas": "[]"}
    with misbehaving(by_path(answers)) as server:
        found = SchemaRegistry("east", RegistrySettings(server.url)).look(deadline=soon(2))
    assert (found.mode, len(found.schemas or ()), found.exporters, found.said) == ("READONLY", 1, (), "")
    with misbehaving(by_path({**answers, "/mode": "none"})) as server:
        found = SchemaRegistry("east", RegistrySettings(server.url)).look(deadline=soon(2))
    assert (found.mode, len(found.schemas or ())) == (None, 1)
    assert "unreadable answer" in found.said


@pytest.mark.parametrize(("code", "is_none"), [(40409, True), (40401, True), (404, False)])
def test_a_subject_without_a_mode_is_told_from_a_path_that_is_not_there(code: int, is_none: bool) -> None:
    with misbehaving(answering(json.dumps({"error_code": code, "message": "no"}), "404 Not Found")) as server:
        registry = SchemaRegistry("east", RegistrySettings(server.url))
        if is_none:
            assert registry.mode("orders-value", deadline=soon(2)) is None
        else:
            with pytest.raises(NotServed):
                registry.mode("orders-value", deadline=soon(2))
        with pytest.raises(NotServed):
            registry.mode(deadline=soon(2))


def digest(schema: str) -> Any:
    answers = {"/schemas?offset=0": json.dumps([{"subject": "s", "version": 1, "id": 1, "schema": schema}])}
    with misbehaving(by_path({**answers, "/schemas": "[]"})) as server:
        return SchemaRegistry("east", RegistrySettings(server.url)).schemas(deadline=soon(2))[0].digest


def test_a_schema_is_told_by_what_it_says_not_by_how_it_is_written() -> None:
    assert digest('{"type": "int", "x": 1}') == digest('{"x":1,"type":"int"}') != digest('{"x":2,"type":"int"}')
    assert digest('syntax = "proto3";') != digest('syntax = "proto2";')


def test_the_inventory_names_it_with_its_secrets_by_reference(sandbox: Any) -> None:
    text = sandbox.inventory_text()
    line = next(line for line in text.splitlines() if "schema_registry" in line)
    wanted = line.replace("auth: none", 'auth: {basic: {user: "env:U", password: "env:P"}}')
    found = load(text.replace(line, wanted, 1)).pairs["orders"].home.schema_registry
    assert found
    assert found.auth == Basic(SecretReference("env:U"), SecretReference("env:P"))
    with pytest.raises(InventoryError, match="must name where the secret lies"):
        load(text.replace(line, line.replace("auth: none", 'auth: {bearer: "t0ken"}'), 1))
    with pytest.raises(InventoryError, match="nobody knows 'colour'"):
        load(text.replace(line, line.replace("auth: none", "colour: blue"), 1))
