"""Clients moved by a secret of Vault, against a server written after the published HTTP API of KV version 2.

`Kv` keeps versions, answers 404 for what is not there, 403 for a wrong token, and 400 where `cas` names another version
than the newest, as the documentation spells them. No real Vault has been seen by these tests.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clusters.declared import DriverEntry
from clusters.document import read_document
from clusters.errors import ClusterError, Configuration, Malformed, NoAnswer, Rejected, Unauthorised
from clusters.form import Form
from clusters.gateway import RoutePlan
from clusters.routing.vault import Vault, VaultSettings
from tests.clusters.json_server import Asked, JsonServer
from tests.clusters.servers import answering, closed_port, misbehaving
from tests.clusters.wire import soon

HOME, AWAY = "us-east", "eu-west"
RUN = {"run": "run-7", "key": "attempt-1"}
TOKEN = "vault-t0ken"
SWITCH, CREDENTIALS = "kafka/checkout/where", "kafka/checkout/{}"
EAST = {"bootstrap": "east:9092", "credentials": "kafka/checkout/us-east"}
WEST = {"bootstrap": "west:9092", "credentials": "kafka/checkout/eu-west"}
VALUES = """
mount: kv
switch: "kafka/{target}/where"
values:
  us-east: {bootstrap: "east:9092", credentials: "kafka/{target}/us-east"}
  eu-west: {bootstrap: "west:9092", credentials: "kafka/{target}/eu-west"}
credentials: {us-east: "kafka/{target}/us-east", eu-west: "kafka/{target}/eu-west"}
"""
STOPPED = VALUES + 'stopped: {bootstrap: "none"}\n'


class Kv(JsonServer):
    """`secrets` by path, version by version; None is a deleted one."""

    def __init__(self) -> None:
        self.secrets: dict[str, list[dict[str, Any] | None]] = {}
        self.timed: dict[str, Any] = {}
        self.before_write: Callable[[], None] = lambda: None
        super().__init__()

    def metadata(self, path: str) -> dict[str, Any]:
        return {str(number): _metadata(data) for number, data in enumerate(self.secrets[path], 1)} | self.timed

    def put(self, path: str, data: dict[str, Any] | None) -> None:
        self.secrets.setdefault(path, []).append(data)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        if asked.headers.get("x-vault-token") != TOKEN:
            return 403, {"errors": ["permission denied"]}
        _, _, mount, kind, path = asked.path.split("/", 4)
        versions = self.secrets.get(path, [])
        if mount != "kv":
            return 404, {"errors": [f'no handler for route "{mount}/data/{path}"']}
        if asked.method in {"POST", "PUT"}:
            return self.written(path, asked.body)
        if not versions or (kind == "data" and versions[-1] is None):
            return 404, {"errors": []}
        newest, rows = len(versions), self.metadata(path)
        if kind == "metadata":
            return 200, {"data": {"current_version": newest, "versions": rows, "cas_required": False}}
        return 200, {"data": {"data": versions[-1], "metadata": {**rows[str(newest)], "version": newest}}}

    def written(self, path: str, body: Any) -> tuple[int, Any]:
        self.before_write()
        if body["options"]["cas"] != len(self.secrets.get(path, [])):
            return 400, {"errors": ["check-and-set parameter did not match the current version"]}
        self.put(path, body["data"])
        return 200, {"data": {**_metadata(body["data"]), "version": len(self.secrets[path])}}


def _metadata(data: dict[str, Any] | None) -> dict[str, Any]:
    deleted = "" if data is not None else "2026-11-20T02:14:08.000000Z"
    return {"created_time": "2026-11-20T02:00:00.000000Z", "deletion_time": deleted, "destroyed": False}


def read(text: str) -> tuple[VaultSettings, list[str]]:
    complaints: list[tuple[int, str]] = []
    form = Form(read_document(text), complaints, "driver vault")
    found = Vault.read_settings(form)
    form.done()
    return found, [said for _, said in complaints]


def driver(url: str, text: str = STOPPED) -> Vault:
    settings, complaints = read(f'{text}url: "{url}"\ntoken: "env:VAULT_TOKEN_HERE"\n')
    assert not complaints
    return Vault(DriverEntry("vault", "vault", "third region", settings))


@pytest.fixture
def kv(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kv]:
    monkeypatch.setenv("VAULT_TOKEN_HERE", TOKEN)
    server = Kv()
    server.put(SWITCH, EAST)
    for side in (HOME, AWAY):
        server.put(CREDENTIALS.format(side), {"password": f"pw-of-{side}"})
    yield server
    server.stop()


@pytest.fixture
def vault(kv: Kv) -> Iterator[Vault]:
    found = driver(kv.url)
    yield found
    found.close()


def move(vault: Vault, to: str | None) -> RoutePlan:
    plan = vault.plan("checkout", to=to, deadline=soon())
    assert vault.apply(plan, **RUN, deadline=soon()).accepted
    return plan


def test_the_secret_is_written_over_the_version_that_was_read(vault: Vault, kv: Kv) -> None:
    plan = vault.plan("checkout", to=AWAY, deadline=soon())
    answer = vault.apply(plan, **RUN, deadline=soon())
    assert (answer.said, answer.version) == (f"{SWITCH} was version 1 and is version 2", "2")
    assert kv.secrets[SWITCH] == [EAST, WEST]
    state = vault.verify("checkout", deadline=soon())
    assert state.is_at(AWAY)
    assert (state.version, state.said) == ("2", "version 2 says eu-west")


def test_the_credentials_of_the_other_side_are_proven_without_being_read(vault: Vault, kv: Kv) -> None:
    plan = vault.plan("checkout", to=AWAY, deadline=soon())
    assert plan.request["credentials"] == {CREDENTIALS.format(AWAY): 1}
    assert "whose credentials are there (kafka/checkout/eu-west version 1)" in plan.said
    looked = [asked.path for asked in kv.asked]
    assert looked == [f"/v1/kv/data/{SWITCH}", f"/v1/kv/metadata/{CREDENTIALS.format(AWAY)}"]
    assert "pw-of" not in repr(plan)


@pytest.mark.parametrize("how", ["absent", "deleted"])
def test_without_credentials_there_nothing_is_planned(vault: Vault, kv: Kv, how: str) -> None:
    """Readiness sees the same: a dry run is a plan for either side."""
    if how == "absent":
        del kv.secrets[CREDENTIALS.format(AWAY)]
    else:
        kv.put(CREDENTIALS.format(AWAY), None)
    with pytest.raises(Rejected, match="the credentials of checkout for eu-west are not proven to be there"):
        vault.plan("checkout", to=AWAY, deadline=soon())
    assert kv.writes() == []


@pytest.mark.parametrize(("year", "there"), [("2199", True), ("2001", False)])
def test_credentials_with_a_time_to_be_deleted_are_there_until_then(
    vault: Vault, kv: Kv, year: str, there: bool
) -> None:
    at = f"{year}-11-20T02:14:08.945319214Z"
    kv.timed = {"1": {"created_time": "2000-01-01T00:00:00Z", "deletion_time": at, "destroyed": False}}
    if there:
        assert vault.plan("checkout", to=AWAY, deadline=soon()).request["credentials"]
    else:
        with pytest.raises(Rejected, match="is deleted or never was written"):
            vault.plan("checkout", to=AWAY, deadline=soon())


def test_who_was_faster_is_named_by_both_versions(vault: Vault, kv: Kv) -> None:
    plan = vault.plan("checkout", to=AWAY, deadline=soon())
    kv.before_write = lambda: kv.secrets[SWITCH].extend([EAST, EAST])
    with pytest.raises(Rejected, match="version 1 was read, and version 3 is there now, which somebody else wrote"):
        vault.apply(plan, **RUN, deadline=soon())
    assert kv.secrets[SWITCH] == [EAST] * 3


def test_a_lost_answer_is_unknown_and_sent_once(vault: Vault, kv: Kv) -> None:
    plan = vault.plan("checkout", to=AWAY, deadline=soon())
    kv.drops = True
    with pytest.raises(NoAnswer):
        vault.apply(plan, **RUN, deadline=soon())
    assert len(kv.writes()) == 1
    assert vault.verify("checkout", deadline=soon()).is_at(AWAY)


def test_stopped_is_a_value_of_its_own(vault: Vault, kv: Kv) -> None:
    move(vault, None)
    state = vault.verify("checkout", deadline=soon())
    assert state.is_sent_nowhere
    assert not state.is_stopped
    assert kv.secrets[SWITCH][-1] == {"bootstrap": "none"}
    plain = driver(kv.url, VALUES)
    kv.put(SWITCH, EAST)
    with pytest.raises(Configuration, match=r"does not say what .* holds while its clients are stopped"):
        plain.plan("checkout", to=None, deadline=soon())
    plain.close()


def test_what_nobody_declared_is_neither_overwritten_nor_shown(vault: Vault, kv: Kv) -> None:
    kv.put(SWITCH, {**EAST, "password": "hunter-two"})
    assert vault.verify("checkout", deadline=soon()).said == "version 2 says something that is no side"
    with pytest.raises(Rejected, match="not overwritten") as raised:
        vault.plan("checkout", to=AWAY, deadline=soon())
    assert "hunter" not in str(raised.value)


def test_the_way_back_is_a_new_version(vault: Vault, kv: Kv) -> None:
    move(vault, AWAY)
    move(vault, HOME)
    assert kv.secrets[SWITCH] == [EAST, WEST, EAST]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("403 Forbidden", Unauthorised),
        ("404 Not Found", Rejected),
        ("503 Service Unavailable", NoAnswer),
        ("307 Temporary Redirect", Rejected),
        ("400 Bad Request", Rejected),
    ],
)
def test_each_refusal_is_told_apart(kv: Kv, status: str, kind: type[ClusterError]) -> None:
    with misbehaving(answering('{"errors": ["no"]}', status)) as server:
        vault = driver(server.url)
        with pytest.raises(kind):
            vault.verify("checkout", deadline=soon())
        vault.close()


@pytest.mark.parametrize("body", ["{", "[]", '{"data": {"data": {"password": "hunter-two"}}}', '{"data": 3}'])
def test_an_unreadable_answer_shows_nothing_of_itself(kv: Kv, body: str) -> None:
    with misbehaving(answering(body)) as server:
        vault = driver(server.url)
        with pytest.raises(Malformed, match="cannot be read; what it says is not shown") as raised:
            vault.verify("checkout", deadline=soon())
        assert "hunter" not in str(raised.value)
        vault.close()


def test_a_wrong_token_is_said_and_not_shown(kv: Kv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN_HERE", "wr0ng")
    vault = driver(kv.url)
    with pytest.raises(Unauthorised, match="permission denied") as raised:
        vault.verify("checkout", deadline=soon())
    assert "wr0ng" not in str(raised.value)
    vault.close()


def test_a_vault_that_is_gone_is_not_silent(kv: Kv) -> None:
    vault = driver(f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(ClusterError, match="nothing was sent"):
        vault.plan("checkout", to=AWAY, deadline=soon())
    vault.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (STOPPED.replace("west:9092", "east:9092").replace("/eu-west", "/us-east"), "must differ from side to side"),
        (VALUES.replace("credentials: {us-east", "credentials: {mars"), "must name the same sides"),
        (VALUES.replace("mount: kv", 'mount: "kv/../sys"'), "'kv/../sys' is not a path of Vault"),
        (VALUES.replace("/where", "/where?version=1"), "is not a path of Vault"),
    ],
)
def test_what_is_wrong_with_the_inventory_is_said(text: str, says: str) -> None:
    _, complaints = read(f'{text}url: "https://v.example"\ntoken: "env:T"\n')
    assert any(says in said for said in complaints), complaints


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_the_same_by_hand(kv: Kv) -> None:
    settings, _ = read(f'{VALUES}url: "{kv.url}"\ntoken: "env:VAULT_TOKEN_HERE"\n')
    (look,) = Vault.looks_by_hand(settings, "checkout")
    (move_it,) = Vault.moves_by_hand(settings, "checkout", AWAY)
    assert TOKEN not in look.text + move_it.text
    assert json.loads(run(look.text))["data"]["metadata"]["version"] == 1
    assert json.loads(run(move_it.text.replace("VERSION", "1")))["data"]["version"] == 2
    assert kv.secrets[SWITCH] == [EAST, WEST]
    assert "did not match" in run(move_it.text.replace("VERSION", "1"))
    assert Vault.moves_by_hand(settings, "checkout", None) == ()


def run(command: str) -> str:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout
