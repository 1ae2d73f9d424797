"""The mode of a Schema Registry is set once, seen to be set, and put back; faults are told apart by looking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from clusters.by_hand import PairSpelt
from clusters.gateway import RegistryMode
from clusters.sandbox.server import Sandbox
from runbooks.engine.outcome import Refused, Result
from runbooks.engine.steps.outage_confirm import ConfirmOutage
from runbooks.engine.steps.registry_mode import ALL, Force, SetRegistryMode
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import Stage
from tests.runbooks.engine.steps.scenes import NEW, OLD, sent

WRITE = SetRegistryMode(RegistryMode.READWRITE, side=NEW)
CLOSE = SetRegistryMode(RegistryMode.READONLY, side=OLD)
ONE = replace(CLOSE, subject_names=("entries-value", "accounts-value"))


@pytest.fixture
def home(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.registry_url("ledger", OLD), trust_env=False) as client:
        yield client


@pytest.fixture
def away(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.registry_url("ledger", NEW), trust_env=False) as client:
        yield client


def mode(client: httpx.Client, path: str = "/mode") -> str:
    return str(client.get(path).json().get("mode"))


def test_producers_of_the_survivor_can_register_and_the_home_imports_anew(
    ledger: Stage, control: Control, home: httpx.Client, away: httpx.Client
) -> None:
    ledger.facts()
    assert "ledger-exporter of eu-north would go on copying" in ledger.refusals(WRITE)["one_registry_writes"]

    control.fault("ledger", "region-down", OLD)
    assert ledger.refusals(WRITE)["one_registry_writes"].startswith("A fact needed to judge safety is unknown")
    ledger.do(ConfirmOutage(side=OLD))
    found = ledger.do(WRITE)
    assert mode(away) == "READWRITE"
    assert found.evidence["before"] == {ALL: "IMPORT"}
    assert away.post("/subjects/new-value/versions", json={"schema": '"int"'}).is_success

    control.heal("ledger", "region-down", OLD)
    assert "import_over_nothing" in ledger.refusals(replace(CLOSE, mode=RegistryMode.IMPORT))
    ledger.do(CLOSE)
    assert mode(home) == "READONLY"
    rows = [(row["action"], row["side"], row["settings"]) for row in sent(control)]
    assert rows[0] == ("registry-mode", NEW, {"mode": "READWRITE"})
    assert rows[-1] == ("registry-mode", OLD, {"mode": "READONLY"})
    assert len([row for row in rows if row[0] == "registry-mode"]) == 2


def test_subjects_are_set_one_by_one_and_the_others_are_left(
    ledger: Stage, control: Control, home: httpx.Client
) -> None:
    ledger.facts()
    found = ledger.do(ONE)
    assert set(found.items) == {"entries-value", "accounts-value"}
    assert found.evidence["before"] == {"entries-value": "", "accounts-value": ""}
    assert (mode(home), mode(home, "/mode/entries-value")) == ("READWRITE", "READONLY")
    assert home.get("/mode/transfers-value").status_code == 404
    assert sorted(row["topics"][0] for row in sent(control)) == ["accounts-value", "entries-value"]


def test_a_forced_import_says_so_in_its_request(ledger: Stage, control: Control, home: httpx.Client) -> None:
    ledger.facts()
    forced = replace(CLOSE, mode=RegistryMode.IMPORT, force=Force.YES)
    assert "import_over_nothing" in ledger.refusals(forced)
    assert [answer.result for answer in ledger.begin(forced).send()] == [Result.ACCEPTED]
    assert mode(home) == "IMPORT"
    assert forced.request(ledger.context(forced), (ALL,))["request"]["query"] == {"force": "true"}


def test_what_was_registered_since_is_found_right_before_sending(ledger: Stage, control: Control) -> None:
    """As if nothing had been registered when it was judged."""
    ledger.facts()
    with pytest.raises(Refused, match="Nothing was sent"):
        ledger.begin(replace(CLOSE, mode=RegistryMode.IMPORT)).send()
    assert sent(control) == []


@pytest.mark.parametrize("applied", [True, False])
def test_a_command_without_an_answer_is_unknown_and_recognised_by_looking(
    ledger: Stage, control: Control, applied: bool, home: httpx.Client
) -> None:
    ledger.facts()
    control.fault("ledger", "accepted-then-dropped", OLD, applied=applied)
    doing = ledger.begin(CLOSE)
    assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]
    seen = doing.look()
    assert (seen.is_done, seen.is_not_applied) == (applied, not applied)
    assert mode(home) == ("READONLY" if applied else "READWRITE")
    assert len(sent(control)) == 1


@pytest.mark.parametrize("kind", ["truncated", "html"])
def test_a_damaged_answer_is_no_answer(ledger: Stage, control: Control, kind: str) -> None:
    ledger.facts()
    doing = ledger.begin(CLOSE)
    list(doing.send())
    control.fault("ledger", "damaged-answers", OLD, kind=kind)
    seen = doing.look()
    assert {item.state for item in seen.items.values()} == {"unknown"}
    control.heal("ledger", "damaged-answers", OLD)
    assert doing.look().is_done


def test_server_errors_prove_nothing_and_a_lost_region_stops_the_last_look(ledger: Stage, control: Control) -> None:
    ledger.facts()
    doing = ledger.begin(CLOSE)
    doing.pre_state = {"here": {ALL: "READWRITE"}}
    control.fault("ledger", "server-errors", OLD, status=503, applied=False)
    assert CLOSE.apply(doing.context(), (ALL,)).result is Result.UNKNOWN
    control.heal("ledger", "server-errors", OLD)
    assert doing.look().is_not_applied
    control.fault("ledger", "region-down", OLD)
    with pytest.raises(Refused, match="unknown"):
        ledger.begin(CLOSE).send()
    assert CLOSE.apply(doing.context(), (ALL,)).result is Result.NOT_SENT
    assert [row["outcome"] for row in sent(control)] == ["refused"]


def test_a_mode_that_somebody_else_set_meanwhile_is_neither(
    ledger: Stage, control: Control, home: httpx.Client
) -> None:
    ledger.facts()
    control.fault("ledger", "accepted-then-dropped", OLD, applied=False)
    doing = ledger.begin(CLOSE)
    doing.send()
    home.put("/mode", params={"force": "true"}, json={"mode": "IMPORT"})
    (item,) = doing.look().items.values()
    assert (item.state, item.saw) == (
        "unknown",
        "reads IMPORT, which is neither what was sent nor what was there before",
    )


def test_the_preview_shows_the_request_and_the_way_back(ledger: Stage, control: Control, home: httpx.Client) -> None:
    ledger.facts()
    home.put("/mode/entries-value", json={"mode": "READWRITE"})
    shown = ONE.preview(ledger.context(ONE))
    assert shown.problems == {}
    assert "--request PUT" in shown.command
    assert f"{home.base_url}/mode/entries-value".replace("//mode", "/mode") in shown.command.replace("//mode", "/mode")
    assert shown.undo == (
        "Set entries-value back to READWRITE. "
        "DELETE /mode/<subject> takes the mode away again that accounts-value had not."
    )
    assert WRITE.preview(ledger.context(WRITE)).undo == "Set all subjects back to IMPORT, forced."
    control.fault("ledger", "region-down", OLD)
    assert "modes" in CLOSE.preview(ledger.context(CLOSE)).problems


def test_paper_has_the_commands_and_no_secret(ledger: Stage) -> None:
    ledger.facts()
    paper = CLOSE.by_hand(ledger.case(), PairSpelt(ledger.entry))
    assert any("/exporters" in command.text for command in paper.looks)
    assert [command.text.split("--data ")[1].split(" ")[0] for command in paper.sends] == ['\'{"mode":"READONLY"}\'']


def test_what_it_binds_is_its_mode_and_its_subjects(ledger: Stage) -> None:
    ledger.facts()
    bound: Any = ONE.binding_facts(ledger.case())
    assert json.loads(json.dumps(bound)) == {
        "acts_on": OLD, "targets": ["entries-value", "accounts-value"], "mode": "READONLY", "force": "no",
    }  # fmt: skip
