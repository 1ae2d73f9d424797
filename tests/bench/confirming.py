"""From the confirm's POST to the claim of its task, and to the result in the database."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.crypto import salted_hmac

from tests.bench.figures import Board, Samples
from tests.bench.stack import PATIENCE, Stack

if TYPE_CHECKING:
    from people.models import Account
    from runbooks.models import StepRun
    from runbooks.services.who import Who

STEPS = 12  # as many as a real runbook has
CLAIMED, STORED = "confirm POST → task claimed", "confirm POST → result stored"
FLOOR = "POST → task claimed, nothing of the product"
FLOOR_STORED = "POST → stored, nothing of the product"
CLAIM_GOAL = "p50 ≤ 10 ms, p95 ≤ 25 ms (accepted: p95 ≤ 100 ms)"
STORE_GOAL = "p50 ≤ 20 ms, p95 ≤ 50 ms (accepted: p95 ≤ 100 ms)"
HEAD = "runbook: bench\ntitle: Many words of a person\nsteps:\n"
STEP = "  - {key: say-%d, kind: manual, title: Say so, needs: [], with: {action: Look, evidence: It is there}}\n"


def measure(board: Board, stack: Stack, address: str, number: int) -> None:
    board.say(f"a. Confirm, {number} times, one after another (PostgreSQL with fsync, Valkey, real processes)")
    _floor(board, stack, number)
    found = _product(address, number)
    board.durations(CLAIMED, [each.claimed for each in found], floor=FLOOR, goal=CLAIM_GOAL)
    board.durations(STORED, [each.stored for each in found], floor=FLOOR_STORED, goal=STORE_GOAL)
    board.durations("  of which: the POST's own answer", [each.answered for each in found])


@dataclass(frozen=True)
class Timed:
    answered: float
    claimed: float
    stored: float


def measure_without_broker(board: Board, stack: Stack, address: str, number: int) -> None:
    """The POST's own answer while Valkey stands still, with the big pair's page asked for before each."""
    board.say(f"a''. Confirm, {number} times, while Valkey is stopped (SIGSTOP) and the big pair's page is looked at")
    (broker,) = (child for child in stack.children if child.name == "valkey")
    found: list[float] = []
    with _at_page(address) as (browser, asker):
        while len(found) < number:
            with _run_to_confirm(asker) as steps:
                broker.process.send_signal(signal.SIGSTOP)
                try:
                    for step in steps[: number - len(found)]:
                        browser.look("big")
                        found.append(browser.post(step)[1])
                finally:
                    broker.process.send_signal(signal.SIGCONT)
    board.durations("confirm POST answered, broker stopped", found, goal="p99 < 1 s")


# --- the floor


def _floor(board: Board, stack: Stack, number: int) -> None:
    from tests.bench.floor import app

    with connection.cursor() as cursor:
        cursor.execute(app.TABLE)
    own = {"DJANGO_SETTINGS_MODULE": "tests.bench.floor.settings"}
    before = len(stack.children)
    address = stack.web("floor", [sys.executable, "-m", "tests.bench.floor.app"], **own)
    command = [sys.executable, "-m", "celery", "-A", "tests.bench.floor.app:app", "worker", "--concurrency", "2"]
    quiet = [
        "--queues",
        "floor",
        "--hostname",
        "floor@bench",
        "--loglevel",
        "INFO",
        "--without-gossip",
        "--without-mingle",
    ]
    stack.until_it_says(stack.start("floor-worker", [*command, *quiet], **own), " ready.")
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as http:
        for _ in range(5):
            _wait_stored("floor", "stored", int(http.post("/confirm").text))
        rows = [_one_floor(http) for _ in range(number)]
    board.floor(FLOOR, Samples(tuple(claimed for claimed, _ in rows)))
    board.floor(FLOOR_STORED, Samples(tuple(stored for _, stored in rows)))
    stack.end(*stack.children[before:])
    del stack.children[before:]


def _one_floor(http: httpx.Client) -> tuple[float, float]:
    began = time.time()
    row = int(http.post("/confirm").text)
    claimed, stored = _wait_stored("floor", "stored", row, "claimed")
    return claimed.timestamp() - began, stored.timestamp() - began


def _wait_stored(table: str, column: str, row: int, *more: str) -> tuple[datetime, ...]:
    """Ask until it is there, seldom enough not to be felt."""
    end = time.monotonic() + PATIENCE
    columns = ", ".join((*more, column))
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute(f"SELECT {columns} FROM {table} WHERE id = %s AND {column} IS NOT NULL", [row])
            if found := cursor.fetchone():
                return tuple(found)
            time.sleep(0.004)
    raise RuntimeError(f"row {row} of {table} was not {column} within {PATIENCE:.0f} s")


# --- the product


def prepare(inventory_text: str) -> Account:
    """An inventory in force, one commander, an approved runbook of many steps that wait for nobody."""
    from audit.clock import database_now
    from dashboard import inventory
    from people.models import Account, Person, RoleGrant
    from runbooks.models import Definition, DefinitionVersion
    from runbooks.services.definitions import parsed, text_digest

    Path(settings.INVENTORY_FILE).write_text(inventory_text)
    inventory.load_file("bench")
    person = Person.objects.create(name="Commander")
    RoleGrant.objects.create(person=person, role="commander")
    account = Account(username="commander", person=person)
    account.set_unusable_password()
    account.save()
    text, now = HEAD + "".join(STEP % each for each in range(STEPS)), database_now()
    runbook = parsed(text)
    DefinitionVersion.objects.create(
        definition=Definition.objects.create(slug=runbook.slug, title=runbook.title), number=1, text=text,
        digest=text_digest(text), state="approved", is_released=True, made_at=now, approved_at=now,
    )  # fmt: skip
    return account


def look(pair: str) -> None:
    """One poll of everything of this pair, now."""
    from dashboard import inventory, leases, poll
    from dashboard.models import SideLease

    for side in (*(side.name for side in inventory.in_force().pairs[pair].sides), leases.WITNESSES):
        SideLease.objects.filter(pair=pair, side=side).update(started_at=leases.LONG_AGO)
        poll.poll_side(pair, side)


def _product(address: str, number: int) -> list[Timed]:
    found: list[Timed] = []
    with _at_page(address) as (browser, asker):
        while len(found) < number:
            with _run_to_confirm(asker) as steps:
                found += [browser.confirm(step) for step in steps[: number - len(found)]]
    return found


@contextmanager
def _at_page(address: str) -> Iterator[tuple[Browser, Who]]:
    """The commander, signed in, with an incident of `orders`."""
    from people.models import Account
    from runbooks.models import Incident
    from runbooks.services import incidents
    from runbooks.services.who import Who

    account = Account.objects.get(username="commander")
    asker = Who.at_the_shell(account)
    look("orders")
    if not Incident.objects.exists():
        incidents.declare(asker, "orders", "us-east", reason="to measure")
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as http:
        yield Browser(http, account), asker


@contextmanager
def _run_to_confirm(asker: Who) -> Iterator[list[StepRun]]:
    """The steps of a new run, each with its preflight; what is left of it is aborted."""
    from runbooks.engine.states import Mode
    from runbooks.models import DefinitionVersion, Incident, StepRun
    from runbooks.services import runs

    look("orders")
    version = DefinitionVersion.objects.get(definition__slug="bench")
    run = runs.start_run(asker, version.pk, "orders", Mode.LIVE, {}, Incident.objects.get().pk)
    steps = list(StepRun.objects.filter(run=run).order_by("position"))
    _until_read(steps)
    yield steps
    run.refresh_from_db()
    if not run.is_over:
        runs.abort(asker, run.pk, reason="measured")


def _until_read(steps: list[StepRun]) -> None:
    """Every preflight stands, so that nothing else is under way while confirms are timed."""
    from runbooks.models import Preflight

    end = time.monotonic() + PATIENCE * 2
    while Preflight.objects.filter(step__in=steps).exclude(digest="").count() < len(steps):
        if time.monotonic() > end:
            raise RuntimeError("the preflights were not made in time")
        time.sleep(0.1)


class Browser:
    """The commander's, with a session and a token."""

    def __init__(self, http: httpx.Client, account: Account) -> None:
        client = Client()
        client.force_login(account)
        self.session = client.cookies[settings.SESSION_COOKIE_NAME].value
        http.cookies.set(settings.SESSION_COOKIE_NAME, self.session)
        self._http, self._account = http, account
        page = http.get("/runs/").text
        self._token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]

    def look(self, pair: str) -> None:
        self._http.get(reverse("dashboard:pair", args=[pair])).raise_for_status()

    def post(self, step: StepRun) -> tuple[float, float]:
        """When it was sent, and how long its own answer took; making the form is not the confirm."""
        data, path = self._form(step), reverse("runbooks:step-request", args=[step.run_id, step.key])
        began = time.time()
        answer = self._http.post(path, data=data)
        answered = time.time() - began
        if answer.status_code != 302:
            raise RuntimeError(f"the confirm was answered {answer.status_code}: {answer.text[:2000]}")
        return began, answered

    def confirm(self, step: StepRun) -> Timed:
        began, answered = self.post(step)
        claimed, stored = _wait_stored("runbooks_steprun", "ended_at", step.pk, "claimed_at")
        return Timed(answered, claimed.timestamp() - began, stored.timestamp() - began)

    def _form(self, step: StepRun) -> dict[str, Any]:
        from audit.ledger import Actor
        from runbooks.models import Preflight
        from runbooks.services import nonces
        from runbooks.services.who import Who

        step.refresh_from_db()
        shown, person = Preflight.objects.get(step=step), self._account.person
        sealed = salted_hmac("breakwater.session", self.session, algorithm="sha256").hexdigest()
        who = Who(self._account, Actor(str(person.public_id), person.name, "web", session=sealed))
        said = {f"input-{row['name']}": "it is there" for row in shown.prompts}
        return {
            "csrfmiddlewaretoken": self._token, "form": "confirm", "fence": step.fence, "digest": shown.digest,
            "nonce": nonces.issue(who, step), "phrase": shown.phrase, **said,
        }  # fmt: skip
