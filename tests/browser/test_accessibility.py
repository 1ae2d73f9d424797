"""Everybody can use every page: axe finds nothing in either theme, nothing scrolls sideways, no target is too small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from audit.ledger import Actor
from people.glass import break_glass
from people.links import password_link
from people.models import BrokenGlass
from runbooks.engine.states import Mode
from runbooks.models import Evidence, Run
from tests.browser.checking import is_usable
from tests.browser.prepared import approved_by, confirmed, declared, in_force, page_of, started, until, until_state
from tests.browser.stage import Stage
from tests.fixtures.people import glass_account
from tests.runbooks.conftest import history_says_down
from tests.runbooks.driving import P1, P1_PARAMETERS
from tests.runbooks.texts import ATTESTED, FAILOVER, MOVE, approved
from tests.test_url_matrix import MATRIX

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What is no page: files, fragments of pages, and what machines ask for.
NO_PAGES = {
    "healthz",
    "metrics",
    "readyz",
    "shell",
    "audit:export",
    "audit:pack",
    "dashboard:overview-live",
    "dashboard:pair-live",
    "dashboard:mirror-list",
    "runbooks:assess-live",
    "runbooks:incident-live",
    "runbooks:run-live",
    "runbooks:run-report-file",
    "runbooks:run-evidence",
    "runbooks:incident-evidence",
    "runbooks:incident-reconciliation",
}
# The demo alone has it; the tour looks at it.
ELSEWHERE = {"people:demo-sign-in"}


@dataclass(frozen=True)
class World:
    """A bad day: one run waits for an approval, one was refused, one has an unknown outcome, one was a rehearsal; and
    somebody acts alone.
    """

    stage: Stage
    waiting: Run
    blocked: Run
    unknown: Run
    rehearsed: Run
    broken: BrokenGlass


@pytest.fixture(scope="module")
def world(stage: Stage) -> World:
    stage.accounts["sealed"] = glass_account(stage.accounts["commander2"])
    stage.accounts["alone"] = glass_account(stage.accounts["commander"])
    broken = break_glass(Actor.product("web"), stage.accounts["alone"], "nobody else answers the phone")
    return World(stage, waiting(stage), blocked(stage), unknown(stage), rehearsed(stage), broken)


def waiting(stage: Stage) -> Run:
    one = stage.accounts["commander"]
    run = started(one, approved(ATTESTED % 1), "archive", declared(one, "archive", "us-west"))
    confirmed(one, run, "say-so")
    return run


def blocked(stage: Stage) -> Run:
    """Approved while its target was gone."""
    one, two = stage.accounts["commander"], stage.accounts["commander2"]
    incident = declared(one, "orders", "eu-west")
    run = started(one, approved(MOVE % 1), "orders", incident, {"producers": ["checkout"]})
    step = confirmed(one, run, "move")
    stage.control.fault("orders", "region-down", "eu-west")
    until(lambda: history_says_down("orders", "eu-west"), "eu-west to be seen down")
    approved_by(two, step)
    until_state(run, "move", "blocked")
    return run


def unknown(stage: Stage) -> Run:
    """The cluster took the command, did nothing, and closed the connection without an answer."""
    one, two = stage.accounts["commander"], stage.accounts["commander2"]
    stage.control.fault("ledger", "region-down", "eu-north")
    stage.control.fault("ledger", "accepted-then-dropped", "eu-south", applied=False, action="failover")
    until(lambda: history_says_down("ledger", "eu-north"), "eu-north to be seen down")
    parameters = {"failed": "eu-north", "topics": ["accounts", "entries"]}
    run = started(one, approved(FAILOVER), "ledger", declared(one, "ledger", "eu-north"), parameters)
    for key in ("confirm", "cut", "accept"):
        confirmed(one, run, key, statement="the owners go on without them")
        until_state(run, key, "succeeded")
    approved_by(two, confirmed(one, run, "failover"))
    until_state(run, "failover", "unknown")
    return run


def rehearsed(stage: Stage) -> Run:
    run = started(stage.accounts["commander"], in_force(P1), "orders", None, P1_PARAMETERS, Mode.REHEARSAL)
    until(lambda: Run.objects.get(pk=run.pk).is_over, "the rehearsal to end")
    return run


@dataclass(frozen=True)
class Place:
    """One state of a page: its name in the URL conf, who looks, its address, and what is done there first."""

    name: str
    who: str
    path: Callable[[World], str]
    label: str = ""
    act: Callable[[Page], object] | None = None
    status: int = 200

    def __str__(self) -> str:
        return self.label or self.name


def press(button: str) -> Callable[[Page], object]:
    return lambda page: page.get_by_role("button", name=button).click()


def write_nonsense(page: Page) -> None:
    page.get_by_role("textbox", name="Text", exact=True).fill("runbook: half\ntitle: Half a runbook\nsteps: nothing")
    page.get_by_role("button", name="Check").click()


def fixed(path: str) -> Callable[[World], str]:
    return lambda world: path


VERSION = f"/runbooks/{P1}/1/"
PLACES = (
    Place("dashboard:overview", "viewer", fixed("/")),
    Place("dashboard:pair", "viewer", fixed("/pairs/orders/")),
    Place("dashboard:sandbox", "commander", fixed("/sandbox/?pair=ledger")),
    Place("dashboard:sandbox", "viewer", fixed("/sandbox/"), "sandbox, who may not switch"),
    Place("runbooks:readiness", "viewer", fixed("/pairs/archive/readiness/")),
    Place("runbooks:readiness", "viewer", fixed("/pairs/ledger/readiness/"), "readiness, a side is lost"),
    Place("dashboard:attestation-list", "viewer", fixed("/pairs/orders/statements/")),
    Place("dashboard:attestation", "commander", fixed("/pairs/orders/statements/settlement/idempotence/")),
    Place("runbooks:exception-list", "admin", fixed("/pairs/orders/exceptions/")),
    Place("runbooks:drill-list", "viewer", fixed("/drills/")),
    Place("runbooks:pair-drills", "viewer", fixed("/pairs/ledger/drills/")),
    Place("runbooks:paper-list", "viewer", fixed("/paper/")),
    Place("runbooks:paper-sheet", "viewer", fixed(f"/paper/orders/{P1}/us-east/")),
    Place("runbooks:run-paper", "commander", lambda world: page_of(world.unknown) + "paper/"),
    Place("runbooks:assess", "commander", fixed("/pairs/ledger/assess/eu-south/")),
    Place("runbooks:assess", "viewer", fixed("/pairs/orders/assess/eu-west/"), "assess, declared"),
    Place("runbooks:run-new", "commander", fixed(f"/pairs/orders/start/{P1}/?side=eu-west")),
    Place("runbooks:incident", "commander", lambda world: f"/incidents/{world.unknown.incident_id}/"),
    Place("runbooks:evidence", "viewer", lambda world: f"/evidence/{newest_evidence(world.unknown)}/"),
    Place("runbooks:stop", "commander", fixed("/stop/")),
    Place("runbooks:stop", "viewer", fixed("/stop/"), "stop, who may not"),
    Place("runbooks:run-list", "viewer", fixed("/runs/")),
    Place("runbooks:inbox", "commander2", fixed("/inbox/")),
    Place("runbooks:inbox", "viewer", fixed("/inbox/"), "inbox, empty"),
    Place("runbooks:run", "commander", lambda world: page_of(world.waiting), "run, waits for another"),
    Place("runbooks:run", "commander2", lambda world: page_of(world.waiting), "run, waits for you"),
    Place("runbooks:run", "commander", lambda world: page_of(world.blocked), "run, blocked"),
    Place("runbooks:run", "commander", lambda world: page_of(world.unknown), "run, outcome unknown"),
    Place("runbooks:run", "viewer", lambda world: page_of(world.unknown) + "?step=cut", "run, a step that is done"),
    Place("runbooks:run", "commander", lambda world: page_of(world.rehearsed), "run, rehearsal"),
    Place("runbooks:run-report", "reviewer", lambda world: page_of(world.unknown) + "report/"),
    Place("runbooks:run-report", "viewer", lambda world: page_of(world.rehearsed) + "report/", "report, rehearsal"),
    Place("runbooks:definition-list", "admin", fixed("/runbooks/")),
    Place("runbooks:definition-help", "viewer", fixed("/runbooks/help/")),
    Place("runbooks:definition", "admin", fixed(f"/runbooks/{P1}/")),
    Place("runbooks:definition-new", "admin", fixed("/runbooks/new/")),
    Place("runbooks:definition-new", "admin", fixed("/runbooks/new/"), "editor with errors", write_nonsense),
    Place("runbooks:version", "viewer", fixed(VERSION)),
    Place("runbooks:version-new", "admin", fixed(f"/runbooks/{P1}/write/")),
    Place("runbooks:version-edit", "admin", fixed(f"{VERSION}edit/")),
    Place("audit:event-list", "reviewer", fixed("/audit/")),
    Place("audit:event-list", "viewer", fixed("/audit/?run=none"), "audit, a filter that cannot be read", status=422),
    Place("people:person-list", "admin", fixed("/people/")),
    Place("people:person-list", "viewer", fixed("/people/"), "people, who may not change them"),
    Place("people:break-glass", "sealed", fixed("/people/break-glass")),
    Place("people:break-glass", "alone", fixed("/people/break-glass"), "break-glass, broken"),
    Place("people:break-glass", "viewer", fixed("/people/break-glass"), "break-glass, not one's account"),
    Place("people:break-glass-review", "reviewer", lambda world: f"/people/break-glass/{world.broken.pk}"),
    Place("runbooks:run", "alone", lambda world: page_of(world.waiting), "run, alone"),
    Place("runbooks:inbox", "reviewer", fixed("/inbox/"), "inbox, a review is owed"),
    Place("people:again", "commander", fixed("/people/again")),
    Place("people:sign-in", "", fixed("/people/sign-in")),
    Place("people:sign-in", "", fixed("/people/sign-in"), "sign-in refused", press("Sign in"), status=422),
    Place("people:set-password", "", lambda world: password_link(world.stage.accounts["viewer"])),
    Place("people:set-password", "", fixed("/people/set-password/x/y"), "a link that is over", status=410),
    Place("runbooks:run-new", "viewer", fixed(f"/pairs/orders/start/{P1}/"), "not allowed", status=403),
    Place("dashboard:pair", "viewer", fixed("/pairs/nowhere/"), "not found", status=404),
)


def newest_evidence(run: Run) -> int:
    return Evidence.objects.filter(run=run).order_by("-pk").values_list("pk", flat=True)[0]


def test_no_page_is_forgotten() -> None:
    looked_at = {place.name for place in PLACES} | ELSEWHERE
    assert looked_at == {name for name, row in MATRIX.items() if row.get} - NO_PAGES


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_everybody_can_use(world: World, visit: Callable[..., Page], place: Place) -> None:
    page = visit(place.who, refusals={place.status})
    answer = page.goto(place.path(world))
    assert place.act or (answer and answer.status == place.status)
    if place.act:
        place.act(page)
        page.wait_for_load_state()
    is_usable(page)
