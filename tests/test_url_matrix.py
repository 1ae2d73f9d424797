"""Who may do what at which address: every URL × method × role, against a table written by hand.

To add an address, add its line to MATRIX: who may GET it, who may POST to it. Anything else there must answer 405.
What an address takes is filled in by its parameter's name, from the samples of `world`. An address without a line
fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

import pytest
from django.apps import apps
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from audit.clock import database_now
from audit.ledger import Actor
from dashboard.models import InventoryVersion
from people.glass import break_glass
from people.models import Account, Person
from runbooks.engine.reconciling import Partition
from runbooks.models import Evidence
from runbooks.services import exceptions
from runbooks.services.definitions import import_released
from tests.fixtures.people import glass_account, make_account
from tests.runbooks import driving
from tests.runbooks.driving import reconciled_by_hand

STRANGER, VIEWER, COMMANDER, REVIEWER, ADMIN = ROLES = ("stranger", "viewer", "commander", "reviewer", "admin")
NOBODY: frozenset[str] = frozenset()
ANYBODY = frozenset(ROLES)
SIGNED_IN = ANYBODY - {STRANGER}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Row:
    """The roles that may GET and POST; None where the address does not take that method."""

    get: frozenset[str] | None = None
    post: frozenset[str] | None = None

    def allowed(self, method: str) -> frozenset[str] | None:
        return {"GET": self.get, "POST": self.post}.get(method)


def only(*roles: str) -> frozenset[str]:
    return frozenset(roles)


COMMANDERS = only(COMMANDER)
WRITERS = only(ADMIN)
JUDGES = only(REVIEWER, ADMIN)
PLAYERS = only(COMMANDER, ADMIN)

MATRIX: dict[str, Row] = {
    "healthz": Row(get=ANYBODY),
    "readyz": Row(get=ANYBODY),
    "metrics": Row(get=SIGNED_IN),
    "shell": Row(get=SIGNED_IN),
    # people
    "people:sign-in": Row(get=ANYBODY, post=ANYBODY),
    "people:again": Row(get=SIGNED_IN, post=SIGNED_IN),
    "people:sign-out": Row(post=ANYBODY),
    "people:set-password": Row(get=ANYBODY, post=ANYBODY),
    "people:demo-sign-in": Row(get=ANYBODY, post=ANYBODY),
    "people:break-glass": Row(get=SIGNED_IN, post=NOBODY),  # an account of its own may: tests/people/test_glass.py
    "people:break-glass-end": Row(post=NOBODY),
    "people:break-glass-review": Row(get=SIGNED_IN, post=JUDGES),
    "people:person-list": Row(get=SIGNED_IN),
    "people:person-add": Row(post=only(ADMIN)),
    "people:account-add": Row(post=only(ADMIN)),
    "people:role-grant": Row(post=only(ADMIN)),
    "people:role-revoke": Row(post=only(ADMIN)),
    "people:person-deactivate": Row(post=only(ADMIN)),
    "people:person-activate": Row(post=only(ADMIN)),
    "people:password-link": Row(post=only(ADMIN)),
    # audit
    "audit:event-list": Row(get=SIGNED_IN),
    "audit:export": Row(get=only(REVIEWER, ADMIN)),
    "audit:pack": Row(get=only(REVIEWER, ADMIN)),
    # dashboard
    "dashboard:overview": Row(get=SIGNED_IN),
    "dashboard:overview-live": Row(get=SIGNED_IN),
    "dashboard:pair": Row(get=SIGNED_IN),
    "dashboard:pair-live": Row(get=SIGNED_IN),
    "dashboard:mirror-list": Row(get=SIGNED_IN),
    "dashboard:attestation-list": Row(get=SIGNED_IN),
    "dashboard:attestation": Row(get=SIGNED_IN, post=PLAYERS),
    "dashboard:sandbox": Row(get=SIGNED_IN),
    "dashboard:sandbox-reset": Row(post=PLAYERS),
    "dashboard:fault-start": Row(post=PLAYERS),
    "dashboard:fault-stop": Row(post=PLAYERS),
    # incidents
    "runbooks:readiness": Row(get=SIGNED_IN),
    "runbooks:exception-list": Row(get=SIGNED_IN),
    "runbooks:exception-record": Row(post=WRITERS),
    "runbooks:exception-revoke": Row(post=WRITERS),
    "runbooks:drill-list": Row(get=SIGNED_IN),
    "runbooks:pair-drills": Row(get=SIGNED_IN),
    "runbooks:paper-list": Row(get=SIGNED_IN),
    "runbooks:paper-sheet": Row(get=SIGNED_IN),
    "runbooks:run-paper": Row(get=SIGNED_IN),
    "runbooks:step-paper-tick": Row(post=COMMANDERS),
    "runbooks:assess": Row(get=SIGNED_IN),
    "runbooks:assess-live": Row(get=SIGNED_IN),
    "runbooks:incident-declare": Row(post=COMMANDERS),
    "runbooks:incident": Row(get=SIGNED_IN),
    "runbooks:incident-live": Row(get=SIGNED_IN),
    "runbooks:incident-healthy": Row(post=COMMANDERS),
    "runbooks:incident-will-not-return": Row(post=COMMANDERS),
    "runbooks:incident-close": Row(post=COMMANDERS),
    "runbooks:incident-evidence": Row(get=SIGNED_IN),
    "runbooks:incident-reconciliation": Row(get=SIGNED_IN),
    "runbooks:evidence": Row(get=SIGNED_IN),
    # the stop of all sending
    "runbooks:stop": Row(get=SIGNED_IN),
    "runbooks:stop-set": Row(post=COMMANDERS),
    "runbooks:stop-lift": Row(post=COMMANDERS),
    # runs
    "runbooks:inbox": Row(get=SIGNED_IN),
    "runbooks:run-list": Row(get=SIGNED_IN),
    "runbooks:run-new": Row(get=COMMANDERS),
    "runbooks:run-start": Row(post=COMMANDERS),
    "runbooks:run": Row(get=SIGNED_IN),
    "runbooks:run-live": Row(get=SIGNED_IN),
    "runbooks:run-report-file": Row(get=SIGNED_IN),
    "runbooks:run-report": Row(get=SIGNED_IN),
    "runbooks:run-evidence": Row(get=SIGNED_IN),
    "runbooks:run-pause": Row(post=COMMANDERS),
    "runbooks:run-resume": Row(post=COMMANDERS),
    "runbooks:run-abort": Row(post=COMMANDERS),
    "runbooks:run-take-command": Row(post=COMMANDERS),
    "runbooks:run-adopt-inventory": Row(post=COMMANDERS),
    # steps
    "runbooks:step-watch": Row(post=SIGNED_IN),
    "runbooks:step-request": Row(post=COMMANDERS),
    "runbooks:step-run-now": Row(post=COMMANDERS),
    "runbooks:step-approve": Row(post=COMMANDERS),
    "runbooks:step-decline": Row(post=COMMANDERS),
    "runbooks:step-withdraw": Row(post=COMMANDERS),
    "runbooks:step-skip": Row(post=COMMANDERS),
    "runbooks:step-rearm": Row(post=COMMANDERS),
    "runbooks:step-override": Row(post=COMMANDERS),
    "runbooks:step-acknowledge": Row(post=COMMANDERS),
    "runbooks:step-look": Row(post=COMMANDERS),
    "runbooks:step-let-go": Row(post=COMMANDERS),
    "runbooks:step-waive": Row(post=NOBODY),  # who broke the glass may: tests/runbooks/test_break_glass.py
    "runbooks:called-back": Row(post=ANYBODY),  # whoever has a driver's secret: tests/runbooks/test_called_back.py
    # definitions
    "runbooks:definition-list": Row(get=SIGNED_IN),
    "runbooks:definition-help": Row(get=SIGNED_IN),
    "runbooks:definition": Row(get=SIGNED_IN),
    "runbooks:definition-new": Row(get=WRITERS, post=WRITERS),
    "runbooks:definition-retire": Row(post=JUDGES),
    "runbooks:version": Row(get=SIGNED_IN),
    "runbooks:version-new": Row(get=WRITERS, post=WRITERS),
    "runbooks:version-edit": Row(get=WRITERS, post=WRITERS),
    "runbooks:version-submit": Row(post=WRITERS),
    "runbooks:version-approve": Row(post=JUDGES),
    "runbooks:version-reject": Row(post=JUDGES),
}


@dataclass(frozen=True)
class World:
    """Somebody of each role who has signed in, and something real for each parameter of an address."""

    clients: dict[str, Client]
    samples: dict[str, object]

    def client(self, role: str, **options: bool) -> Client:
        """A browser of its own, with that role's session and no memory of an earlier request."""
        fresh = Client(raise_request_exception=False, **options)
        fresh.cookies.load({name: morsel.value for name, morsel in self.clients[role].cookies.items()})
        return fresh


ALL_ROLES, DEACTIVATED = "all roles", "deactivated"


@pytest.fixture(scope="module")
def world(committed: None, sandbox_server) -> Iterator[World]:
    """An incident on a pair that is quiet, with a run whose first step waits to be confirmed."""
    driving.put_in_force(sandbox_server.inventory_text())
    import_released()
    accounts = {role: make_account(f"The {role}", role) for role in SIGNED_IN}
    for name in (ALL_ROLES, DEACTIVATED):
        accounts[name] = make_account(name.title(), *sorted(SIGNED_IN))
    drive = driving.Drive("orders")
    drive.look()
    incident = drive.declare(accounts[COMMANDER], "us-east")
    reconciled_by_hand(incident, Partition(0, 100, 0, 103, 100))
    run = drive.start(accounts[COMMANDER], driving.P1, driving.P1_PARAMETERS, incident)
    bystander = make_account("Bystander", "viewer")
    broken = break_glass(Actor.product("web"), glass_account(accounts[COMMANDER]), "nobody else is awake")
    admin = driving.who(accounts[ADMIN])
    excepted = exceptions.record(
        admin, "orders", operation="mirrors.reverse-and-start", why="tried", reference="case 1", days=1
    )
    samples = {
        "exception_id": excepted.pk,
        "glass_id": broken.pk,
        "person": bystander.person.public_id,
        "account": bystander.public_id,
        "role": "reviewer",
        "uid": "none",
        "token": "none",
        "pair": "orders",
        "side": "us-east",
        "client": "checkout",
        "statement": "ordering",
        "driver": "clients",
        "fault": "region-down",
        "incident_id": incident.pk,
        "evidence_id": Evidence.objects.filter(incident=incident).values_list("pk", flat=True)[0],
        "run_id": run.pk,
        "key": run.steps.order_by("pk")[0].key,
        "slug": driving.P1,
        "number": 1,
        "form": "json",
    }
    yield World({STRANGER: Client()} | {name: signed_in(account) for name, account in accounts.items()}, samples)
    driving.close_everything()


def signed_in(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        else:
            yield f"{prefix}{entry.name}", entry


ADDRESSES = dict(patterns(get_resolver()))


def test_every_address_has_its_line_and_every_line_its_address() -> None:
    assert set(ADDRESSES) == set(MATRIX)


def address(world: World, name: str) -> str:
    return reverse(name, kwargs={key: world.samples[key] for key in ADDRESSES[name].pattern.converters})


def is_sent_to_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith(f"{reverse('people:sign-in')}?next=")


@contextmanager
def undone() -> Iterator[None]:
    """What the request does is not there for the next one."""
    block = transaction.atomic()
    block._from_testcase = True  # as Django's own around a test: a durable block may begin inside
    with block:
        yield
        transaction.set_rollback(True)


NAMES = sorted(ADDRESSES.keys() & MATRIX.keys())


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_each_method_is_for_whom_the_table_says(world: World, name: str) -> None:
    wrong, path = [], address(world, name)
    for role, method in product(ROLES, METHODS):
        with undone():
            answer = world.client(role).generic(method, path)
        if not is_as_the_table_says(answer, MATRIX[name].allowed(method), role):
            wrong.append(f"{method} by {role}: {answer.status_code}")
    assert wrong == []


def is_as_the_table_says(answer: HttpResponse, allowed: frozenset[str] | None, role: str) -> bool:
    if allowed is None:
        return answer.status_code == 405 or (role == STRANGER and is_sent_to_sign_in(answer))
    if role in allowed:
        return answer.status_code not in {401, 403, 405} and answer.status_code < 500 and not is_sent_to_sign_in(answer)
    return is_sent_to_sign_in(answer) if role == STRANGER else answer.status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_no_page_breaks_for_lack_of_an_inventory_in_force(world: World, name: str) -> None:
    """What was stored is refused by this release: whole pages say so, and none answers 500."""
    older = "pairs:\n  - name: orders\n    topology: sideways\n"
    InventoryVersion.objects.create(digest="e" * 64, file_hash="older", text=older, loaded_at=database_now())
    for role, method in product(ROLES, ("GET", "POST")):
        with undone():
            answer = world.client(role).generic(method, address(world, name))
        assert answer.status_code < 500, (role, method)
        is_page = 'id="notices"' in answer.text if not answer.streaming else False
        assert not is_page or "No inventory is in force." in answer.text, (role, method)


SIGNED = {"runbooks:called-back"}  # by a secret of the inventory, each request; no session is used


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name, row in MATRIX.items() if row.post and name not in SIGNED))
def test_no_post_is_taken_without_its_token(world: World, name: str) -> None:
    """Not even from somebody who may do everything."""
    assert world.client(ALL_ROLES, enforce_csrf_checks=True).post(address(world, name)).status_code == 403


NOT_A_CHANGE = {"people:again", "runbooks:step-watch"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name in NAMES if MATRIX[name].post))
def test_a_read_only_process_takes_no_post_that_changes_anything(world: World, name: str, settings) -> None:
    settings.READ_ONLY = True
    answer = world.client(ALL_ROLES).post(address(world, name))
    if STRANGER not in (MATRIX[name].post or NOBODY) and name not in NOT_A_CHANGE:
        assert answer.status_code == 403
        assert "read-only" in answer.text
    assert answer.status_code < 500


@pytest.mark.django_db
def test_somebody_deactivated_is_a_stranger_at_once(world: World) -> None:
    methods = [(name, method) for name, method in product(NAMES, METHODS) if is_for_the_signed_in(name, method)]
    assert Person.objects.filter(name=DEACTIVATED.title()).update(active=False) == 1
    welcome = []
    for name, method in methods:
        with undone():
            answer = world.client(DEACTIVATED).generic(method, address(world, name))
        if not is_sent_to_sign_in(answer):
            welcome.append(f"{method} {name}: {answer.status_code}")
    assert methods
    assert welcome == []


def is_for_the_signed_in(name: str, method: str) -> bool:
    roles = MATRIX[name].allowed(method)
    return bool(roles) and STRANGER not in (roles or NOBODY)


def rows_of_everything() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    return {model._meta.label: list(model._base_manager.order_by("pk").values_list()) for model in apps.get_models()}


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in NAMES if MATRIX[name].get])
def test_looking_writes_nothing(world: World, name: str) -> None:
    """Not the page, not a fragment of it, and not with a body, an override of the method, or a HEAD."""
    path, before = address(world, name), rows_of_everything()
    assert before["runbooks.Run"]
    assert before["people.Account"]
    for role in ROLES:
        client = world.client(role)
        client.get(path)
        client.get(path, headers={"X-HTTP-Method-Override": "POST"})
        client.get(f"{path}?_method=POST&step=confirm-outage&tag=x&find=x")
        client.head(path)
        assert rows_of_everything() == before, role
