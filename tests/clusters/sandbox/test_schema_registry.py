"""The simulated Schema Registries: what a mode takes, what an exporter carries, and what the journal keeps."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from clusters.sandbox.http import wsgi
from clusters.sandbox.schema_registry_rest import SchemaRegistryRest
from tests.clusters.sandbox.conftest import World

Registries = Callable[[str], httpx.Client]


@pytest.fixture
def registry(ledger: World) -> Registries:
    def at(side: str) -> httpx.Client:
        handler = SchemaRegistryRest(ledger.pair, side, ledger.journal).handle
        return httpx.Client(transport=httpx.WSGITransport(wsgi(handler)), base_url=f"http://{side}")

    return at


def code(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["error_code"]


def put(http: httpx.Client, mode: str, path: str = "/mode", **query: str) -> httpx.Response:
    return http.put(path, params=query, json={"mode": mode})


def test_home_takes_new_schemas_and_the_other_side_what_is_exported(ledger: World, registry: Registries) -> None:
    home, away = registry(ledger.home), registry(ledger.away)
    assert (home.get("/mode").json(), away.get("/mode").json()) == ({"mode": "READWRITE"}, {"mode": "IMPORT"})
    assert home.get("/subjects").json() == ["accounts-value", "entries-value", "transfers-value"]
    assert away.get("/schemas").json() == home.get("/schemas").json() != []

    made = home.post("/subjects/refunds-value/versions", json={"schema": '"string"'}).json()
    ledger.advance(1)
    assert away.get(f"/schemas/ids/{made['id']}").json() == {"schema": '"string"'}
    assert code(away.post("/subjects/x/versions", json={"schema": '"int"'})) == (422, 42205)


def test_import_is_taken_over_nothing_alone_or_by_force(ledger: World, registry: Registries) -> None:
    home = registry(ledger.home)
    assert code(put(home, "IMPORT")) == (422, 42205)
    assert code(put(home, "IMPORT", "/mode/entries-value")) == (422, 42205)
    assert put(home, "IMPORT", "/mode/not-there-yet").json() == {"mode": "IMPORT"}
    assert put(home, "IMPORT", force="true").json() == home.get("/mode").json() == {"mode": "IMPORT"}
    assert code(put(home, "SIDEWAYS")) == (422, 42204)


def test_a_subject_has_a_mode_of_its_own_or_none(ledger: World, registry: Registries) -> None:
    home = registry(ledger.home)
    assert code(home.get("/mode/entries-value")) == (404, 40409)
    assert home.get("/mode/entries-value", params={"defaultToGlobal": "true"}).json() == {"mode": "READWRITE"}
    assert put(home, "READONLY", "/mode/entries-value").json() == {"mode": "READONLY"}
    assert code(home.post("/subjects/entries-value/versions", json={"schema": '"int"'})) == (422, 42205)
    assert home.delete("/mode/entries-value").json() == {"mode": "READONLY"}
    assert home.post("/subjects/entries-value/versions", json={"schema": '"int"'}).is_success


def test_an_exporter_stands_still_where_it_is_paused_or_not_let_in(ledger: World, registry: Registries) -> None:
    home, away = registry(ledger.home), registry(ledger.away)
    (name,) = home.get("/exporters").json()
    assert home.get(f"/exporters/{name}/status").json()["state"] == "RUNNING"
    assert home.put(f"/exporters/{name}/pause").json() == {"name": name}
    home.post("/subjects/late/versions", json={"schema": '"long"'})
    ledger.advance(1)
    assert "late" not in away.get("/subjects").json()

    put(away, "READWRITE")
    home.put(f"/exporters/{name}/resume")
    ledger.advance(1)
    assert "late" not in away.get("/subjects").json()
    assert "not in import mode" in home.get(f"/exporters/{name}/status").json()["trace"]
    assert code(home.get("/exporters/nobody/status"))[0] == 404


def test_commands_stand_in_the_journal_whatever_came_of_them(ledger: World, registry: Registries) -> None:
    home = registry(ledger.home)
    put(home, "READONLY")
    put(home, "IMPORT", "/mode/entries-value")
    ledger.pair.inject("accepted-then-dropped", ledger.home, {"action": "registry-mode", "applied": False})
    with pytest.raises(ConnectionResetError):
        put(home, "READWRITE")
    assert home.get("/mode").json() == {"mode": "READONLY"}
    ledger.pair.inject("accepted-then-dropped", ledger.home, {"applied": True})
    with pytest.raises(ConnectionResetError):
        put(home, "READWRITE")
    assert home.get("/mode").json() == {"mode": "READWRITE"}
    told = [(row["action"], row["topics"], row["settings"], row["outcome"]) for row in ledger.journal.commands()]
    assert told == [
        ("registry-mode", [], {"mode": "READONLY"}, "accepted"),
        ("registry-mode", ["entries-value"], {"mode": "IMPORT"}, "refused"),
        ("registry-mode", [], {"mode": "READWRITE"}, "dropped-not-applied"),
        ("registry-mode", [], {"mode": "READWRITE"}, "dropped-applied"),
    ]
    assert {row["via"] for row in ledger.journal.commands()} == {"schema-registry"}


def test_it_goes_with_its_region(ledger: World, registry: Registries) -> None:
    ledger.pair.inject("region-down", ledger.home)
    with pytest.raises(ConnectionRefusedError):
        registry(ledger.home).get("/mode")
    assert registry(ledger.away).get("/mode").is_success
