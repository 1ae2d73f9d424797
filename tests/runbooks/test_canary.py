"""A secret that is used with every request is found nowhere: no row, no page, no download, no log, no argument."""

from __future__ import annotations

import base64
import io
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import reverse
from ruamel.yaml import YAML

from dashboard import inventory
from runbooks import trial
from tests.runbooks import driving
from tests.runbooks.pages.conftest import page_of
from tests.runbooks.pages.reading import Person

CANARY = "canary-7f3a9c51d2e8"
PACKED = base64.b64encode(f"breakwater:{CANARY}".encode()).decode()
PAGES = (
    "/",
    "/pairs/ledger/",
    "/pairs/ledger/assess/eu-north/",
    "/runs/",
    "/inbox/",
    "/audit/",
    "/runbooks/",
    "/readyz",
)


@pytest.fixture
def in_force(sandbox, transactional_db, monkeypatch) -> Iterator[None]:
    """The sandbox's inventory, and each side's REST takes the canary for a password."""
    monkeypatch.setenv("CANARY_SECRET", CANARY)
    monkeypatch.setenv("CANARY_USER", "breakwater")
    yaml, text = YAML(typ="safe"), io.StringIO()
    document = yaml.load(sandbox.inventory_text())
    for side in (side for pair in document["pairs"] for side in pair["sides"]):
        side["rest"]["auth"] = {"basic": {"user": "env:CANARY_USER", "password": "env:CANARY_SECRET"}}
    yaml.dump(document, text)
    driving.put_in_force(text.getvalue())
    yield
    driving.close_everything()


def stored() -> str:
    """Every value of every row; what is packed is unpacked."""
    return "\n".join(
        spelt(value) for model in apps.get_models() for row in model._base_manager.values_list() for value in row
    )


def spelt(value: object) -> str:
    if not isinstance(value, bytes | memoryview):
        return str(value)
    try:
        return zlib.decompress(bytes(value)).decode(errors="replace")
    except zlib.error:
        return bytes(value).decode(errors="replace")


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("damaged-answers", {"kind": "html"}),
        ("server-errors", {"status": 500}),
        ("region-down", {"mode": "refuse"}),
        ("accepted-then-dropped", {"applied": False}),
    ],
)
def test_the_canary_is_found_nowhere(
    ready_failover, lost_messages, people, control, monkeypatch, caplog, capfd, fault, options
):
    caplog.set_level(logging.DEBUG)
    failover = ready_failover
    failover.arm()

    def strike(name: str, _: int) -> None:
        if name == "intended":
            control.fault("ledger", fault, "eu-south", **options)

    monkeypatch.setattr(trial, "point", strike)
    failover.drive.work()
    failover.drive.look()
    assert failover.state in {"unknown", "failed"}

    told = [stored(), caplog.text, *capfd.readouterr()]
    run = failover.step.run
    addresses = [*PAGES, page_of(run), f"{page_of(run)}report/", f"/incidents/{run.incident_id}/"]
    files = [f"{page_of(run)}evidence.{form}" for form in ("json", "csv")]
    for name in ("commander", "reviewer"):
        somebody = Person(getattr(people, name))
        told += [somebody.get(path).html for path in (*addresses, *files)]
    told.append(b"".join(Person(people.reviewer).client.get(reverse("audit:export") + "?format=json")).decode())
    told.append(Path("/proc/self/cmdline").read_bytes().decode())

    assert len(told) > 20
    assert "eu-south" in told[0]  # what is looked through holds what happened
    assert [text for text in told if CANARY in text or PACKED in text] == []
    rest = inventory.in_force().pairs["ledger"].sides[0].ways["rest"]
    assert PACKED in rest.credential()[0]  # and it was what each request carried
