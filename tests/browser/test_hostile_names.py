"""Names and texts that attack whoever reads them, through every page and every download: text, and nothing else."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from clusters.sandbox.scenario import Client, Scenario
from clusters.sandbox.server import Sandbox
from runbooks.models import Evidence, Run
from tests.browser.prepared import confirmed, declared, page_of, started, until, until_state
from tests.browser.stage import Stage, set_up
from tests.fixtures.people import make_account
from tests.fixtures.processes import Console, Valkey
from tests.fixtures.sandbox import Control
from tests.runbooks.conftest import history_says_down
from tests.runbooks.texts import approved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCRIPT = "<script>window.caught='script'</script>"
IMAGE = "\"'><img src=x onerror=\"window.caught='image'\">"
TEMPLATE = "{{7*7}}{% load x %}${7*7}"
TURNED = "orders\u202etsew-ue"
FORMULA = "=cmd|'/c calc'!A1"
HOSTILE = (SCRIPT, IMAGE, TEMPLATE, TURNED, FORMULA)
SHOWN = tuple(text.replace("\u202e", "⟨U+202E⟩") for text in HOSTILE)
PAIR = Scenario(
    "hostile",
    f"Pair {SCRIPT}{TURNED}",
    "active-passive",
    ("north", "south"),
    (*HOSTILE, "quiet"),
    (
        Client("writer", "producers", ("quiet",), "north", 20.0),
        Client("reader", "group", ("quiet",), "north", group=f"{IMAGE}{TEMPLATE}"),
        Client("sheet", "group", ("quiet",), "north", group=FORMULA),
    ),
    link=f"link {SCRIPT}",
)
RUNBOOK = """
runbook: hostile
title: "Fail over {{7*7}} <script>window.caught='title'</script>"
help: "=1+1 <img src=x onerror=window.caught='help'>"
parameters:
  failed: {type: side, title: "<b onmouseover=alert(1)>Failed"}
  topics: {type: topics, title: Topics}
steps:
  - {key: confirm, kind: outage.confirm, title: "<script>window.caught='step'</script>", with: {side: "${failed}"}}
  - {key: cut, kind: cut.save, title: "\\u202ecut", with: {away_from: "${failed}", topics: "${topics}"}}
  - {key: accept, kind: loss.accept, title: "'\\"><svg onload=alert(1)>",
     with: {side: "${failed}", topics: "${topics}"}}
"""
# What a text would leave behind that was taken for more than text.
HARM = """() => [window.caught, document.querySelectorAll("[onerror], [onload], [onmouseover], img").length,
  [...document.scripts].filter((each) => !each.src).length,
  document.documentElement.outerHTML.includes("\\u202e")]"""


@pytest.fixture(scope="module")
def stage(
    browser: Browser, committed: None, console_server: Console, valkey_server: Valkey, tmp_path_factory
) -> Iterator[Stage]:
    """One pair, which nobody would want."""
    folder = tmp_path_factory.mktemp("stage")
    with Sandbox(folder, scale=60, scenarios=(PAIR,)) as sandbox:
        control = Control(sandbox.control_url)
        with set_up(console_server, valkey_server, control, sandbox.inventory_text(), folder) as stage:
            yield stage
        control.close()


@dataclass(frozen=True)
class Reached:
    run: Run
    evidence: int


@pytest.fixture(scope="module")
def reached(stage: Stage) -> Reached:
    """A run over all of it, by somebody whose name is of the same kind."""
    one = stage.accounts["mallory"] = make_account(f"Mallory {SCRIPT}{TURNED}", "commander", "reviewer")
    stage.control.fault("hostile", "region-down", "north")
    until(lambda: history_says_down("hostile", "north"), "north to be seen down")
    incident = declared(one, "hostile", "north")
    parameters = {"failed": "north", "topics": ["quiet"]}
    run = started(one, approved(RUNBOOK), "hostile", incident, parameters)
    for key, word in (("confirm", ""), ("cut", ""), ("accept", f"{FORMULA}{SCRIPT}{TURNED}")):
        confirmed(one, run, key, statement=word)
        until_state(run, key, "succeeded")
    return Reached(run, Evidence.objects.get(kind="receipt").pk)


def test_no_page_takes_a_name_for_more_than_text(visit: Callable[..., Page], reached: Reached) -> None:
    page = visit("mallory", refusals={404, 422})
    run, incident = page_of(reached.run), f"/incidents/{reached.run.incident_id}/"
    for path, names in {
        "/": SHOWN[:1],
        "/pairs/hostile/": SHOWN,
        "/pairs/hostile/?find=%3Cscript": SHOWN[:1],
        "/pairs/hostile/assess/north/": SHOWN[:1],
        "/pairs/hostile/start/hostile/?side=north": SHOWN,
        "/sandbox/?pair=hostile": SHOWN,
        incident: SHOWN,
        run: (),
        f"{run}?step=confirm": (),
        f"{run}?step=cut": (),
        f"{run}report/": (SHOWN[0], SHOWN[3]),
        f"/evidence/{reached.evidence}/": SHOWN,
        "/runs/": SHOWN[:1],
        "/inbox/": (),
        "/runbooks/": ("<script>window.caught='title'</script>",),
        "/runbooks/hostile/1/": ("{{7*7}}", "⟨U+202E⟩cut"),
        "/audit/": SHOWN[:1],
        "/people/": (SHOWN[0], SHOWN[3]),
        f"/pairs/{SCRIPT}/": (),
    }.items():
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for name in names:
            expect(page.locator("body"), f"{path} shows {name!r} as it is").to_contain_text(name)
        assert page.evaluate(HARM) == [None, 0, 0, False], path


def test_no_download_can_be_taken_for_a_formula(visit: Callable[..., Page], reached: Reached) -> None:
    page = visit("mallory")
    page.goto("/")
    incident = reached.run.incident_id
    for path in (
        f"/runs/{reached.run.pk}/evidence.csv",
        f"/incidents/{incident}/evidence.csv",
        "/audit/export?format=csv",
    ):
        answer = page.request.get(path)
        assert answer.ok, path
        assert "attachment" in answer.headers["content-disposition"]
        cells = [cell for row in csv.reader(io.StringIO(answer.text())) for cell in row]
        assert any("cmd|" in cell for cell in cells), path
        assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))] == [], path
