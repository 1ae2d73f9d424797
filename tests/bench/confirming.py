"""From the confirm's POST to the claim of its task, and to the result in the database."""

from __future__ import annotations

import re
import sys
import time
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
    from people.models import Account
    from runbooks.engine.states import Mode
    from runbooks.models import DefinitionVersion, StepRun
    from runbooks.services import incidents, runs
    from runbooks.services.who import Who

    account = Account.objects.get(username="commander")
    asker, version = Who.at_the_shell(account), DefinitionVersion.objects.get(definition__slug="bench")
    look("orders")
    incident = incidents.declare(asker, "orders", "us-east", reason="to measure")
    found: list[Timed] = []
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as http:
        browser = Browser(http, account)
        while len(found) < number:
            look("orders")
            run = runs.start_run(asker, version.pk, "orders", Mode.LIVE, {}, incident.pk)
            steps = list(StepRun.objects.filter(run=run).order_by("position"))
            _until_read(steps)
            wanted = steps[: number - len(found)]
            found += [browser.confirm(step) for step in wanted]
            if len(wanted) < len(steps):
                runs.abort(asker, run.pk, reason="measured")
    return found


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

    def confirm(self, step: StepRun) -> Timed:
        data, path = self._form(step), reverse("runbooks:step-request", args=[step.run_id, step.key])
        began = time.time()
        answer = self._http.post(path, data=data)
        answered = time.time() - began
        if answer.status_code != 302:
            raise RuntimeError(f"the confirm was answered {answer.status_code}: {answer.text[:2000]}")
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
